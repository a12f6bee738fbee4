/** What several commands read from options and from the variables behind them. */
export const DEFAULT_STORE = 'sqlite:joinery.sqlite'

/** An empty variable is as good as none. */
export function set(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value
}
