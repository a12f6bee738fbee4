/** The endpoints of entries: the same for snapshots and for images. */
import { addEndpoint } from '@joinery/http'
import { CatalogError, type CatalogErrorCode } from '../errors.ts'
import { type EntryKey, type Kind, kinds } from '../model/kinds.ts'
import type { QueryItem } from '../query/query.ts'
import type { CatalogEndpoints } from './endpoints.ts'
import { entry, written } from './schemas.ts'

/** One of them, in sentences and in names of operations. */
const singular: Readonly<Record<Kind, string>> = { snapshots: 'snapshot', images: 'image' }
const invalid: readonly CatalogErrorCode[] = ['CATALOG_METADATA_INVALID']
const unknown: readonly CatalogErrorCode[] = ['CATALOG_NOT_FOUND']

export function addEntryRoutes(to: CatalogEndpoints): void {
  for (const kind of kinds) {
    addReading(to, kind)
    addWriting(to, kind)
  }
}

function operation(verb: string, kind: Kind): string {
  return `${verb}${singular[kind][0]?.toUpperCase()}${singular[kind].slice(1)}`
}

function addReading(to: CatalogEndpoints, kind: Kind): void {
  const { catalog, schemas } = to
  addEndpoint(to, {
    method: 'get',
    path: `/${kind}/{id}`,
    operationId: operation('get', kind),
    summary: `Read one of the ${kind}`,
    description: 'With `explain=1`: which write of each field won, over which others, and why.',
    query: schemas.entryQuery,
    answers: { 200: { description: `The ${singular[kind]}.`, schema: entry } },
    refusals: unknown,
    async handle({ params, query }) {
      const key: EntryKey = { kind, id: params.id as string }
      const found = catalog.get(key)
      if (found === undefined) throw notFound(key)
      return { status: 200, body: { ...shown(found), ...(query.explain && { explain: catalog.explain(key) }) } }
    },
  })
}

function addWriting(to: CatalogEndpoints, kind: Kind): void {
  const { catalog, schemas } = to
  const answer = { description: 'It is on the disk of this node.', schema: written }
  addEndpoint(to, {
    method: 'post',
    path: `/${kind}/add/{id}`,
    withoutBody: {},
    operationId: operation('add', kind),
    summary: `Add one of the ${kind}`,
    description: 'Where it is there already, metadata is joined: adding twice does no harm.',
    query: schemas.noQuery,
    body: schemas.metadata,
    answers: { 201: answer, 200: { ...answer, description: 'It was there already; metadata was joined.' } },
    refusals: invalid,
    async handle({ params, body }) {
      const { kind: type, ...done } = await catalog.add({ kind, id: params.id as string }, body)
      return { status: done.created ? 201 : 200, body: { type, ...done } }
    },
  })
  addEndpoint(to, {
    method: 'put',
    path: `/${kind}/metadata/{id}`,
    operationId: operation('update', kind),
    summary: `Write fields of one of the ${kind}`,
    description: 'Fields that are not named stay as they are.',
    query: schemas.noQuery,
    body: schemas.metadata,
    answers: { 200: answer },
    refusals: [...invalid, ...unknown],
    async handle({ params, body }) {
      const { kind: type, ...done } = await catalog.update({ kind, id: params.id as string }, body)
      return { status: 200, body: { type, ...done } }
    },
  })
  addEndpoint(to, {
    method: 'delete',
    path: `/${kind}/remove/{id}`,
    operationId: operation('remove', kind),
    summary: `Remove one of the ${kind}`,
    description: 'As far as this node has seen it: what others write to it at the same time stays, and shows it again.',
    query: schemas.noQuery,
    answers: { 200: answer },
    refusals: unknown,
    async handle({ params }) {
      const { kind: type, ...done } = await catalog.remove({ kind, id: params.id as string })
      return { status: 200, body: { type, ...done } }
    },
  })
}

export function shown({ kind, id, metadata }: QueryItem): object {
  return { type: kind, id, metadata }
}

function notFound({ kind, id }: EntryKey): CatalogError {
  return new CatalogError('CATALOG_NOT_FOUND', `there is no entry ${JSON.stringify(id)} among the ${kind} of this node`)
}
