import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Edit, editBetween, moved, rebased } from '../../src/react/edit.ts'
import { share } from '../../src/react/share.ts'

const apply = (text: string, { at, removed, inserted }: Edit) => text.slice(0, at) + inserted + text.slice(at + removed)
/** Few letters, so that much looks alike, and pairs that must stay whole. */
const texts = fc.array(fc.constantFrom('a', 'b', '🙂', '🙃'), { maxLength: 8 }).map((parts) => parts.join(''))

describe('an edit', () => {
  it('leads from one text to the other, and cuts no pair', () => {
    fc.assert(
      fc.property(texts, texts, fc.nat(20), (before, after, caret) => {
        const edit = editBetween(before, after, Math.min(caret, after.length))
        if (edit === undefined) return before === after
        const cut = [edit.at, edit.at + edit.removed].some((at) => /^[\udc00-\udfff]/.test(before.slice(at)))
        return apply(before, edit) === after && !cut && !/\p{Surrogate}/u.test(edit.inserted)
      }),
    )
  })

  it('is where the caret says it is', () => {
    expect(editBetween('aa', 'aaa', 1)).toEqual({ at: 0, removed: 0, inserted: 'a' })
    expect(editBetween('aa', 'aaa', 2)).toEqual({ at: 1, removed: 0, inserted: 'a' })
    expect(editBetween('aaa', 'aa', 1)).toEqual({ at: 1, removed: 1, inserted: '' })
    // A caret that is elsewhere does no harm.
    expect(editBetween('xabc', 'yabc', 4)).toEqual({ at: 0, removed: 1, inserted: 'y' })
  })

  it('has no half of a pair to insert', () => {
    expect(editBetween('ab', 'a\ud83db')).toEqual({ at: 1, removed: 0, inserted: '\ufffd' })
  })

  it('removes and inserts the same in a text that others have edited', () => {
    const edits = fc.tuple(fc.nat(10), fc.nat(4), fc.constantFrom('', 'x', 'yz'))
    fc.assert(
      fc.property(edits, fc.array(edits, { maxLength: 4 }), ([at, removed, inserted], others) => {
        // Every unit of the text is another, so that it can be told what became of each.
        const before = 'abcdefghij'
        const within = ([from, count, what]: readonly [number, number, string], length: number): Edit => {
          const start = Math.min(from, length)
          return { at: start, removed: Math.min(count, length - start), inserted: what }
        }
        const own = within([at, removed, inserted.toUpperCase()], before.length)
        const over: Edit[] = []
        let text = before
        for (const other of others) {
          over.push(within(other, text.length))
          text = apply(text, over.at(-1)!)
        }
        const { removals, insertion } = rebased(own, over)
        let place = insertion.at
        let merged = text
        for (const each of removals) {
          merged = apply(merged, each)
          place = moved(place, each)
        }
        merged = apply(merged, { ...insertion, at: place, removed: 0 })
        const gone = before.slice(own.at, own.at + own.removed)
        const kept = [...text].filter((unit) => !gone.includes(unit)).join('')
        return merged.replace(own.inserted, '') === kept && merged.includes(own.inserted)
      }),
    )
  })
})

describe('sharing', () => {
  it('answers what is there, made of the objects of before', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (former, next) => {
        expect(share(former, structuredClone(next))).toEqual(next)
        expect(share(next, structuredClone(next))).toBe(next)
      }),
    )
    const former = { rows: [{ name: 'a' }, { name: 'b' }], __proto__x: 1 }
    const shared = share(former, { rows: [{ name: 'a' }, { name: 'c' }], __proto__x: 1 })
    expect(shared.rows[0]).toBe(former.rows[0])
    expect(shared.rows[1]).not.toBe(former.rows[1])
  })

  it('takes what is no plain data as it is', () => {
    const map = new Map([[1, {}]])
    expect(share(new Map([[1, {}]]), map)).toBe(map)
  })
})
