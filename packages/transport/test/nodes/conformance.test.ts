import { describe, test } from 'vitest'
import { testNodeTransport } from '../../src/testing.ts'
import { inMemory, keyNetwork, secretNetwork } from './networks.ts'

const runner = { describe, test }

testNodeTransport({ name: 'memory', runner, network: inMemory })
testNodeTransport({ name: 'tcp, by key', runner, network: () => keyNetwork('tcp') })
testNodeTransport({ name: 'tcp, by secret', runner, network: () => secretNetwork('tcp') })
testNodeTransport({ name: 'websocket, by key', runner, network: () => keyNetwork('websocket') })
testNodeTransport({ name: 'websocket, by secret', runner, network: () => secretNetwork('websocket') })
