/**
 * Over how many documents records are spread. A document is what nodes fold, compare and send as a whole: with a hundred thousand
 * virtual machines in one, each of these would stop the node for a moment. The number is part of the format: all nodes have the same.
 */
export const SHARDS = 32

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** FNV-1a over the UTF-16 units of an id. */
export function shardOf(id: string): number {
  let hash = FNV_OFFSET
  for (let i = 0; i < id.length; i += 1) hash = Math.imul(hash ^ id.charCodeAt(i), FNV_PRIME)
  return (hash >>> 0) % SHARDS
}

export function shardName(prefix: string, shard: number): string {
  return `${prefix}/${String(shard).padStart(2, '0')}`
}
