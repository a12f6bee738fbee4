/** Tables of the documentation, read from the sources they describe, so that neither can change without the other. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** `packages/NAME/src/FILE`, or one folder further down, for every package that has it. */
export function sources(file: string): string[] {
  const names = readdirSync(`${root}packages`).sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1))
  return names.flatMap((name) => inFolders(`packages/${name}/src`, file))
}

/** The file in a folder, and in the folders right below it. */
function inFolders(folder: string, file: string): string[] {
  const below = readdirSync(root + folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const paths = [`${folder}/${file}`, ...below.map(({ name }) => `${folder}/${name}/${file}`).sort()]
  return paths.filter((path) => existsSync(root + path))
}

function order(name: string): number {
  const known = ['core', 'sync', 'storage', 'server', 'client'].indexOf(name)
  return known < 0 ? 99 : known
}

export function readSource(path: string): string {
  return readFileSync(root + path, 'utf8')
}

function cell(comment: string): string {
  return comment
    .replace(/\s*\n\s*\*\s?/g, ' ')
    .replaceAll('|', '\\|')
    .trim()
}

/** Names with their reasons from doc comments, and values from wherever `name: value` or `export const name = value` stands. */
export function limitRows(source: string): string[] {
  const values = new Map<string, string>()
  for (const [, name, value] of source.matchAll(/^ {2}(\w+): ([^;\n]+),$/gm)) values.set(name!, value!)
  for (const [, name, value] of source.matchAll(/^export const (\w+) = (\d[\w ]*)$/gm)) values.set(name!, value!)
  const rows: string[] = []
  for (const [, comment, name] of source.matchAll(
    /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+(?:readonly |export const )?(\w+)(?:: | = )[^\n]+$/gm,
  )) {
    if (!values.has(name!)) continue
    rows.push(`| \`${name}\` | ${unitOf(name!)} | ${shown(values.get(name!)!)} | ${cell(comment!)} |`)
  }
  return rows
}

const UNITS: readonly (readonly [string, string])[] = [
  ['BytesPerSecond', 'bytes per second'],
  ['PerSecond', 'per second'],
  ['Bytes', 'bytes'],
  ['Ms', 'milliseconds'],
  ['Seconds', 'seconds'],
  ['Depth', 'levels'],
  ['Counter', 'dots'],
  ['Ratio', 'times'],
]

function unitOf(name: string): string {
  const bare = name.replace(/(Max|Min|Default)$/, '')
  const found = UNITS.find(([end]) => bare.endsWith(end))
  if (found !== undefined) return found[1]
  return (/[A-Za-z][a-z]*$/.exec(bare)?.[0] ?? 'things').toLowerCase()
}

function shown(value: string): string {
  const number = value
    .split('*')
    .map((factor) => Number(factor.trim().replaceAll('_', '')))
    .reduce((product, factor) => product * factor, 1)
  return Number.isNaN(number) ? `\`${value}\`` : number.toLocaleString('en-GB')
}

/** Codes of a union with their doc comments. */
export function codeRows(source: string): string[] {
  const rows: string[] = []
  for (const [, comment, code] of source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+\| '([A-Z0-9_]+)'/g)) {
    rows.push(`| \`${code}\` | ${cell(comment!)} |`)
  }
  return rows
}

/** Codes of a table `CODE: { status, title, advice }`. */
export function statusRows(source: string): string[] {
  const entry =
    /^ {2}([A-Z0-9_]+): \{\s*status: (\d+),\s*title: '((?:[^'\\]|\\.)*)',\s*advice: '((?:[^'\\]|\\.)*)',?\s*\}/gm
  const rows: string[] = []
  for (const [, code, status, title, advice] of source.matchAll(entry)) {
    rows.push(`| \`${code}\` | ${status} | ${cell(`${title}. ${advice}`)} |`)
  }
  return rows
}

/** The codes a union or table of this source lists, however they are described. */
export function codesOf(source: string): string[] {
  const union = /export type \w+ErrorCode =([\s\S]*?)\n\n/.exec(source)?.[1] ?? ''
  return [...union.matchAll(/\| '([A-Z0-9_]+)'/g)].map(([, code]) => code!)
}

/** The part of a page between the marks of a source; `JOINERY_UPDATE_DOCS=1` writes it anew. */
export function section(page: string, source: string, lines: readonly string[]): { found: string; expected: string } {
  const file = `${root}docs/${page}`
  const expected = `\n${lines.join('\n')}\n`
  const begin = `<!-- from ${source} -->\n`
  const end = `\n<!-- end of ${source} -->`
  let text = readFileSync(file, 'utf8')
  if (process.env.JOINERY_UPDATE_DOCS === '1') {
    const from = text.indexOf(begin)
    const to = text.indexOf(end)
    text =
      from < 0
        ? `${text.trimEnd()}\n\n## ${source}\n\n${begin}${expected}${end}\n`
        : text.slice(0, from + begin.length) + expected + text.slice(to)
    writeFileSync(file, text)
  }
  const from = text.indexOf(begin)
  return { found: from < 0 ? '' : text.slice(from + begin.length, text.indexOf(end)), expected }
}
