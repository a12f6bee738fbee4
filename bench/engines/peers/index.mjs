/**
 * The peers, one file each, loaded by the process that measures them and by no other.
 *
 * A peer exports `peer`:
 *   name, version     as reported
 *   runs              'js', 'wasm' or 'floor'
 *   history           'dropped': the encoded form has no deleted text; 'kept': it has the whole history
 *   compresses        whether the encoded form is compressed
 *   kinds             what it can replicate: 'text', 'list', 'map', 'set', 'counter', 'register'
 *   objects           whether the values of a map may be objects
 *   merges            false for floors that have no merge
 *   open(kind, index) an empty replica, the same document for every index
 *   load(kind, bytes, index)
 *   batchOf(updates)  puts updates together in a batch, where a batch is not simply the updates; only concatenates
 *   mergesUpdates     whether states cannot be merged, so that updates must be
 *   stores            false where the stored form is not measured
 *   wasm              its WebAssembly files, which a bundler does not count
 *   weights           sources of minimal imports, by what is imported: `core` is what documents need
 *
 * A replica has
 *   run(mutate)       one transaction, no update taken
 *   change(mutate)    one transaction; answers its update
 *   apply(update), applyAll(batch)      see `batchOf`
 *   encode()          the whole document, for `load`
 *   archive()         for `load`, where what `encode()` gives cannot be merged with what others wrote meanwhile
 *   whole()           what `merge` takes from another replica; by default `encode()`
 *   merge(message)    joins a whole document; by default `apply`
 *   free()            where memory is not collected
 * and by kind, inside `run` and `change`
 *   text      insert(position, string), remove(position, count), read()
 *   list      insertValues(index, values), removeValues(index, count), values()
 *   map       set(key, value), get(key), size()
 *   set       add(value), has(value), size()
 *   counter   increment(), count()
 *   register  write(value), value()
 */
const files = {
  joinery: () => import('./joinery.mjs'),
  yjs: () => import('./yjs.mjs'),
  'yjs-v2': () => import('./yjs-v2.mjs'),
  'json-joy': () => import('./json-joy.mjs'),
  loro: () => import('./loro.mjs'),
  automerge: () => import('./automerge.mjs'),
  ywasm: () => import('./ywasm.mjs'),
  'diamond-types': () => import('./diamond-types.mjs'),
  'list-positions': () => import('./list-positions.mjs'),
  tinybase: () => import('./tinybase.mjs'),
  'delta-crdts': () => import('./delta-crdts.mjs'),
  'bare-gap': () => import('./bare-gap.mjs'),
  'bare-gap-slab': () => import('./bare-gap-slab.mjs'),
  'bare-map': () => import('./bare-map.mjs'),
}

export const peerNames = Object.keys(files)

/** Peers asked for in `JOINERY_BENCH_PEERS`, ours first; all where it is not set. */
export function wantedPeers() {
  const wanted = process.env.JOINERY_BENCH_PEERS?.split(',')
  for (const name of wanted ?? []) if (files[name] === undefined) throw new Error(`no peer ${name}`)
  return peerNames.filter((name) => wanted === undefined || wanted.includes(name))
}

export async function loadPeer(name) {
  return (await files[name]()).peer
}
