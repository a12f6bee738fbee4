/** `joinery keys create|list|revoke`: on the store itself, or through the server that has it open. */
import { defaultServerLimits, type KeyAdmin, type KeyRecord, keyAdmin, openKeyRing } from '@joinery/server'
import { requireFinished } from '@joinery/sync'
import type { Environment } from './environment.ts'
import { UsageError } from './failure.ts'
import { openOrRunning } from './running.ts'
import { parseStoreUrl } from './store-url.ts'

/** Servers may have the store open beside this command. */
const SHARED = `Servers that run on this database learn of it within ${defaultServerLimits.keysRefreshMs / 1000} seconds.\n`

export interface KeysOptions {
  readonly store: string
  readonly json: boolean
}

export async function createKey(
  options: KeysOptions & { readonly tenant: string; readonly name: string },
  environment: Environment,
): Promise<void> {
  await withKeys(options, environment, async (keys, isShared) => {
    const created = await keys.create(options)
    if (options.json) return environment.stdout.write(`${JSON.stringify(created)}\n`)
    environment.stdout.write(`${created.key}\n`)
    environment.stderr.write(
      `Key ${created.id} of tenant ${created.tenant}. It is shown this once: keep it. Send it as X-API-Key.\n` +
        'From now on every request to this server needs a key of its tenant.\n',
    )
    if (isShared) environment.stderr.write(SHARED)
  })
}

export async function listKeys(
  options: KeysOptions & { readonly tenant?: string },
  environment: Environment,
): Promise<void> {
  await withKeys(options, environment, async (keys) => {
    const records = await keys.list(options.tenant)
    if (options.json) return environment.stdout.write(`${JSON.stringify(records)}\n`)
    for (const record of records) environment.stdout.write(`${line(record)}\n`)
    if (records.length === 0) environment.stderr.write('There are no keys.\n')
  })
}

export async function revokeKey(
  options: KeysOptions & { readonly id: string },
  environment: Environment,
): Promise<void> {
  await withKeys(options, environment, async (keys, isShared) => {
    const revoked = await keys.revoke(options.id)
    if (revoked === undefined) {
      throw new UsageError(
        `there is no key ${JSON.stringify(options.id)}`,
        'joinery keys list shows the ids of all keys.',
      )
    }
    environment.stdout.write(options.json ? `${JSON.stringify(revoked)}\n` : `${line(revoked)}\n`)
    if (isShared) environment.stderr.write(SHARED)
  })
}

async function withKeys(
  options: KeysOptions,
  { random, nowMs }: Environment,
  run: (keys: KeyAdmin, isShared: boolean) => Promise<void>,
): Promise<void> {
  const url = parseStoreUrl(options.store)
  if (url.kind === 'memory') {
    throw new UsageError('keys in memory would be gone at once', 'Give --store what the server is given.')
  }
  const opened = await openOrRunning(url)
  if ('running' in opened) return await run(opened.running.keys, false)
  const { store } = opened
  try {
    await requireFinished(store)
    await run(keyAdmin(await openKeyRing({ store, random, now: nowMs })), url.kind === 'postgres')
  } finally {
    await store.close()
  }
}

function line({ id, tenant, name, createdAt, revokedAt }: KeyRecord): string {
  return [
    id,
    tenant,
    name === '' ? '-' : name,
    `created ${createdAt}`,
    revokedAt ? `revoked ${revokedAt}` : 'valid',
  ].join('\t')
}
