import { readFileSync } from 'node:fs'

/** The installed version of a package, whatever it exports. */
export function versionOf(name) {
  const url = new URL(`../../node_modules/${name}/package.json`, import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8')).version
}
