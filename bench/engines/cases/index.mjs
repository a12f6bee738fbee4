/**
 * The cases. A case has
 *   name
 *   kind        of data, which a peer must be able to replicate
 *   metrics     names of its figures with their units, in the order they are shown
 *   sequence    the timed ones in the order they are measured, where that is another
 *   floors      whether floors can do it; they cannot merge
 *   objects     whether values are objects
 *   stores      whether documents must have a stored form
 *   prepare     answers what its rounds need; once per process
 *   round       one iteration: measures with the bench
 *   memory      by metric, what a fresh process makes and keeps: `{ make, stored }`, stored where it is made from stored bytes
 *   drive       where it is not measured in processes of its own
 */
import { b1Cases } from './b1.mjs'
import { b2Cases } from './b2.mjs'
import { b3Cases } from './b3.mjs'
import { concCases } from './conc.mjs'
import { microCases } from './micro.mjs'
import { textCases } from './text.mjs'
import { weightCases } from './weight.mjs'

export const cases = [...textCases, ...concCases, ...b1Cases, ...b2Cases, ...b3Cases, ...microCases, ...weightCases]

/** Whether a peer can do a case at all. */
export const canDo = (peer, { kind, floors, objects, stores }) =>
  (peer.runs !== 'floor' || floors === true) &&
  peer.kinds.includes(kind) &&
  (!objects || peer.objects === true) &&
  (!stores || peer.stores !== false)
