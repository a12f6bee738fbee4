/** Operating systems take 103 to 107 bytes. */
const PATH_BYTES_MAX = 100

/** Where the control socket of a store is; undefined where there can be none. */
export function controlSocketPath(storePath: string): string | undefined {
  const path = `${storePath}.control`
  return process.platform === 'win32' || Buffer.byteLength(path) > PATH_BYTES_MAX ? undefined : path
}
