/** What to print, and the exit status. */
export interface Failure {
  readonly text: string
  readonly exitCode: number
}

/** Wrong use of the command: exit status 2, as shells have it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly advice: string

  constructor(message: string, advice: string) {
    super(message)
    this.advice = advice
  }

  get failure(): Failure {
    return { text: `joinery: ${this.message}\n  ${this.advice}`, exitCode: 2 }
  }
}
