/** Who joins may be sent what there is in several parts: an older snapshot, then what came since. */
import { type Actor, Doc, defineSchema, encodeBundle, lww } from '@joinery/core'
import { newActor } from '@joinery/core/system'
import { describe, expect, it } from 'vitest'
import type { CatchUp, From, HostedDocument } from '../../src/index.ts'
import { connectedClient, subscribed } from './client.ts'
import { subscribe, TestHost, turn } from './host.ts'

const change = Uint8Array.of(9)

describe('a server', () => {
  /** A document at version 30, of which it has a snapshot at 10. */
  function hosted(host: TestHost, asked: From[]): HostedDocument {
    const document = host.document('t', 'd')
    document.feed.jump(30)
    const catchUp = async (from: From): Promise<CatchUp> => {
      asked.push(from)
      if (from.by === 'nothing') return { payload: Uint8Array.of(1), version: 10, transfer: 'life/10' }
      return { payload: Uint8Array.of(2), version: 30, transfer: 'life/10-30' }
    }
    return Object.assign(document, { catchUp })
  }

  it('says "synced" when all has been sent that was there', async () => {
    const host = new TestHost()
    const asked: From[] = []
    hosted(host, asked)
    const { say, heard } = await host.connect()
    say(subscribe('d'))
    await turn()
    await turn()
    expect(heard).toMatchObject([
      { kind: 'subscribed', version: 30 },
      { kind: 'update', version: 10, payload: Uint8Array.of(1) },
      { kind: 'update', version: 30, payload: Uint8Array.of(2) },
      { kind: 'synced', version: 30 },
    ])
    expect(asked).toEqual([{ by: 'nothing' }, { by: 'position', storeId: 's', incarnation: 'life', version: 10 }])
  })

  it('does not put that off for what is stored meanwhile', async () => {
    const host = new TestHost()
    const document = hosted(host, [])
    const { catchUp } = document
    let goOn: (() => void) | undefined
    const held = async (from: From, resume: string | undefined): Promise<CatchUp> => {
      await new Promise<void>((resolve) => {
        goOn = resolve
      })
      return catchUp(from, resume)
    }
    Object.assign(document, { catchUp: held })
    const { say, heard } = await host.connect()
    say(subscribe('d'))
    await turn()
    for (let i = 0; i < 2; i += 1) {
      document.feed.add([{ change, source: undefined }])
      await turn()
      goOn?.()
      await turn()
    }
    const order = heard.map((frame) => `${frame.kind} ${'version' in frame ? frame.version : ''}`)
    expect(order).toEqual(['subscribed 30', 'update 10', 'update 30', 'synced 30', 'update 31', 'update 32'])
  })
})

describe('a client', () => {
  const schema = defineSchema({ title: lww<string>() })

  /** What a server has: a snapshot after the first of two changes. */
  function history(): {
    readonly snapshot: Uint8Array
    readonly tail: Uint8Array
    readonly whole: Doc
    readonly actor: Actor
  } {
    const actor = newActor('anna')
    const doc = new Doc({ schema, actor, incarnation: 'life' })
    doc.change(({ title }) => title.set('older'))
    const snapshot = doc.snapshot()
    const tail = encodeBundle([doc.change(({ title }) => title.set('newer'))!])
    return { snapshot, tail, whole: doc as unknown as Doc, actor }
  }

  it('shows a document when all of it has arrived, and not a part of it before', async () => {
    const { snapshot, tail, whole } = history()
    const { followed, hear } = connectedClient(schema, newActor('ben'))
    let title: string | undefined
    const opened = followed.opened().then((doc) => {
      title = doc.root.title.value
    })
    hear(subscribed(1), { kind: 'update', handle: 7, version: 1, payload: snapshot })
    await turn()
    expect([followed.doc, followed.state, title]).toEqual([undefined, 'connecting', undefined])
    hear({ kind: 'update', handle: 7, version: 2, payload: tail })
    expect(followed.doc).toBeUndefined()
    hear({ kind: 'synced', handle: 7, version: 2 })
    await opened
    expect([followed.state, title]).toEqual(['live', 'newer'])
    expect(followed.doc?.snapshot()).toEqual(whole.snapshot())
  })

  it('goes on behind the first part over another connection', () => {
    const { snapshot, tail, whole } = history()
    const { session, followed, hear, said, connect } = connectedClient(schema, newActor('ben'))
    hear(subscribed(1), { kind: 'update', handle: 7, version: 1, payload: snapshot })
    session.disconnected()
    expect(followed.doc).toBeUndefined()
    connect()
    expect(said.at(-1)).toMatchObject({
      kind: 'subscribe',
      from: { by: 'position', storeId: 's', incarnation: 'life', version: 1 },
    })
    hear(
      subscribed(2),
      { kind: 'update', handle: 7, version: 2, payload: tail },
      { kind: 'synced', handle: 7, version: 2 },
    )
    expect(followed.doc?.snapshot()).toEqual(whole.snapshot())
  })

  it('begins anew where the document lives another life by then', () => {
    const { snapshot } = history()
    const { session, followed, hear, said, connect } = connectedClient(schema, newActor('ben'))
    hear(subscribed(1), { kind: 'update', handle: 7, version: 1, payload: snapshot })
    session.disconnected()
    connect()
    hear({ ...subscribed(2), incarnation: 'later life' })
    expect(said.slice(-2)).toMatchObject([
      { kind: 'unsubscribe', handle: 7 },
      { kind: 'subscribe', request: 3, from: { by: 'nothing' } },
    ])
    // What the server says to the first request does not concern it.
    hear({ kind: 'closed', handle: 7, code: 'incarnation_mismatch', message: '' })
    const other = new Doc({ schema, actor: newActor('anna'), incarnation: 'later life' })
    other.change(({ title }) => title.set('anew'))
    hear(
      { ...subscribed(3), incarnation: 'later life' },
      { kind: 'update', handle: 7, version: 4, payload: other.snapshot() },
      { kind: 'synced', handle: 7, version: 4 },
    )
    expect([followed.state, followed.doc?.root.title.value]).toEqual(['live', 'anew'])
  })

  it('begins anew with another store', () => {
    const { snapshot } = history()
    const { session, hear, said, connect } = connectedClient(schema, newActor('ben'))
    hear(subscribed(1), { kind: 'update', handle: 7, version: 1, payload: snapshot })
    session.disconnected()
    connect('other')
    expect(said.at(-1)).toMatchObject({ kind: 'subscribe', from: { by: 'nothing' } })
    session.disconnected()
    connect()
    expect(said.at(-1)).toMatchObject({ kind: 'subscribe', from: { by: 'nothing' } })
  })

  it('that comes back under its actor continues behind its last change, which was not in the first part', () => {
    const { snapshot, tail, actor } = history()
    const { followed, hear, said } = connectedClient(schema, actor)
    hear(
      { ...subscribed(1), known: 2 },
      { kind: 'update', handle: 7, version: 1, payload: snapshot },
      { kind: 'update', handle: 7, version: 2, payload: tail },
      { kind: 'synced', handle: 7, version: 2 },
    )
    expect([followed.pending, followed.stored]).toEqual([0, 2])
    followed.doc?.change(({ title }) => title.set('newest'))
    expect(followed.doc?.known(actor.id)).toBe(3)
    expect(said.some(({ kind }) => kind === 'changes')).toBe(false)
  })
})
