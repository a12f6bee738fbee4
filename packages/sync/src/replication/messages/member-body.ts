/** News of a member in a message. */
import type { Reader, Writer } from '@joinery/core'
import { nodeIdBytesMax } from '../limits.ts'
import type { MemberNews, MemberState } from './messages.ts'

const states: readonly MemberState[] = ['alive', 'suspect', 'dead', 'left']

export function writeNews(writer: Writer, { node, region, address, incarnation, state }: MemberNews): void {
  writer.string(node)
  writer.string(region)
  writer.string(address)
  writer.varint(incarnation)
  writer.byte(states.indexOf(state))
}

export function readNews(reader: Reader): MemberNews {
  const node = reader.string(nodeIdBytesMax)
  const region = reader.string(nodeIdBytesMax)
  const address = reader.string(nodeIdBytesMax)
  const incarnation = reader.varint()
  const state = states[reader.byte()] ?? reader.invalid('out of range')
  return { node, region, address, incarnation, state }
}
