/** The suite `replication`: nodes of the production engine under virtual time. Figures do not depend on the machine; only how long they take does. */
import { reported } from '../lib/reported.mjs'
import { cases } from './cases.mjs'

export const run = (options) => reported('replication', cases, options)
