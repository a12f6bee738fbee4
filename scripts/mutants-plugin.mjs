import { fileURLToPath } from 'node:url'
import { mutants } from './mutants-list.mjs'

/** The text of a file with a mutant's replacement. Throws unless what it replaces occurs exactly once. */
export function mutate(mutant, code) {
  const parts = code.split(mutant.find)
  if (parts.length !== 2) {
    throw new Error(
      `mutant ${mutant.name}: "${mutant.find}" occurs ${parts.length - 1} times in ${mutant.file}, not once`,
    )
  }
  return parts.join(mutant.replace)
}

/**
 * Makes one source wrong while it is loaded, for one test run. Does nothing without a name.
 *
 * @param {string | undefined} name
 */
export function mutantPlugin(name) {
  if (name === undefined) return { name: 'joinery-mutant' }
  const mutant = mutants.find((each) => each.name === name)
  if (mutant === undefined) throw new Error(`no mutant ${name}`)
  const file = fileURLToPath(new URL(`../${mutant.file}`, import.meta.url))
  return {
    name: 'joinery-mutant',
    enforce: 'pre',
    transform: (code, id) => (id.split('?')[0] === file ? mutate(mutant, code) : undefined),
  }
}
