/**
 * Every limit of core: name with its unit last, default, reason. All are checked on local growth or on decoding, never on
 * what a join amounts to: two valid halves may exceed any limit together, and refusing them would be divergence.
 *
 * Constants of their own, taken in as a namespace, so that a bundle holds those it needs.
 */

/** A replica id is a name, and it travels in every change. */
export const replicaIdBytesMax = 128
/** Counters of one actor in one document. A dot is one double: 20 bits of actor index, 32 bits of counter. */
export const dotCounterMax = 0xffff_ffff
/** Actors in one document, so that a dot stays a safe integer. */
export const actorsMax = 0xf_ffff
/** Nesting of a JSON value: decoding recurses, and the stack is finite. */
export const jsonDepthMax = 64
/** Nesting of containers (maps in lists in maps …), for the same reason. */
export const containerDepthMax = 32
/** One JSON value (an element, a register's value), encoded. Larger things belong in several values or a text. */
export const valueBytesMax = 1_048_576
/** One map key or field name, encoded. */
export const keyBytesMax = 1024
/** One change, encoded. Beyond it a transport could not carry it in bounded memory. */
export const changeBytesMax = 16_777_216
/** Author, message or signature of a change: a note is for people, not for documents. */
export const noteBytesMax = 4096
/** Name of a document's incarnation. It travels in every change. */
export const incarnationBytesMax = 64
/** Changes that wait for others in one document. Beyond it the sender is asked to start with what is missing. */
export const bufferedChangesMax = 10_000
/** The same in bytes. */
export const bufferedBytesMax = 16_777_216
/** Log kept in memory by one document with `history` before its oldest part is folded into a snapshot. */
export const logBytesMax = 67_108_864
/** Log kept in memory by one document without `history`: this much, or eight times its snapshot where that is more. */
export const recentLogBytesMax = 1_048_576
/** Steps that can be undone. The oldest is forgotten. */
export const undoStepsMax = 1000
/** Elements that undo brought back, in steps that were kept: each is remembered with what it is a copy of. */
export const undoCopiesMax = 1_000_000
/** Clocks may differ by this much before a time is not believed. */
export const clockDriftMsMax = 60_000
