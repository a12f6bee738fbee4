/**
 * The contract of transports between nodes as a test suite that every one of them runs.
 *
 * ```ts
 * import { describe, test } from 'vitest'
 *
 * testNodeTransport({ name: 'tcp', runner: { describe, test }, network: () => tcpNetwork() })
 * ```
 *
 * It needs no test framework of its own: `describe` and `test` of vitest, of `node:test` and of mocha fit.
 */
import { connectionCases } from './testing/connection-cases.ts'
import { messageCases } from './testing/message-cases.ts'
import { Bench, type SuiteNetwork } from './testing/suite-node.ts'

export {
  type Direction,
  type FaultProxy,
  makeTrouble,
  openFaultProxy,
  type Trouble,
  type TroubleOptions,
} from './testing/fault-proxy.ts'
export type { SuiteNetwork, SuiteTransportOptions } from './testing/suite-node.ts'

/** The part of a test framework that the suite calls. */
export interface TransportTestRunner {
  readonly describe: (name: string, define: () => void) => unknown
  readonly test: (name: string, run: () => Promise<void>) => unknown
}

export interface TransportSuiteOptions {
  readonly name: string
  readonly runner: TransportTestRunner
  /** A place of its own, where nobody else is. */
  readonly network: () => SuiteNetwork
}

export function testNodeTransport({ name, runner, network }: TransportSuiteOptions): void {
  runner.describe(`transport between nodes: ${name}`, () => {
    for (const each of [...messageCases, ...connectionCases]) {
      runner.test(each.name, async () => {
        const bench = new Bench(network())
        try {
          await each.run(bench)
        } finally {
          await bench.close()
        }
      })
    }
  })
}
