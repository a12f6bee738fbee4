/** Cases of `@joinery/core`, each beside the least that any implementation of it must do. */
import { docCases } from './documents.mjs'
import { typeCases } from './types.mjs'

export const cases = [...typeCases, ...docCases]
