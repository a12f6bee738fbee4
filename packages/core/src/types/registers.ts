/** The types whose whole state is a cell, and the handle of such a cell. */
import type { RegisterCell } from '../kernel/cell.ts'
import type { Place } from '../kernel/container.ts'
import type { Register } from '../kernel/register.ts'
import { DisableWinsFlag } from './disable-wins-flag.ts'
import { EnableWinsFlag } from './enable-wins-flag.ts'
import { LwwRegister } from './lww-register.ts'
import { MvRegister } from './mv-register.ts'
import * as tags from './tag-numbers.ts'

export function isRegister(tag: number): boolean {
  return tag >= tags.lww && tag <= tags.dwflag
}

/** A register over a cell that a map holds. */
export function openRegister(tag: number, place: Place, cell?: RegisterCell): Register {
  switch (tag) {
    case tags.mvreg:
      return new MvRegister(place, cell)
    case tags.ewflag:
      return new EnableWinsFlag(place, cell)
    case tags.dwflag:
      return new DisableWinsFlag(place, cell)
    default:
      return new LwwRegister(place, cell)
  }
}
