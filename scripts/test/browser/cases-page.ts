/** Cases that pass and fail, as a suite in a page has them. */
import { collectCases } from '../../browser/page-cases.ts'
import { defineCases } from './cases.ts'

const cases = collectCases()
defineCases(cases.runner)
cases.offer()
