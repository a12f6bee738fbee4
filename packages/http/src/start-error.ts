/** Why a server does not start. These never reach a caller over HTTP; whoever starts the server reads them. */
export type StartErrorCode =
  | 'START_ADDRESS_INVALID'
  | 'START_ADDRESS_EXPOSED'
  | 'START_ADDRESS_UNAVAILABLE'
  | 'START_ORIGIN_INVALID'
  | 'START_TLS_INVALID'
  | 'START_SITE_INVALID'

export class StartError extends Error {
  override readonly name = 'StartError'
  readonly code: StartErrorCode
  readonly advice: string

  constructor(code: StartErrorCode, message: string, advice: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.advice = advice
  }
}
