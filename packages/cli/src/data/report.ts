/** What the commands print when they are done: how much there was, and the hash of it. */
import type { Totals } from '@joinery/storage/archive'
import type { DocumentKey } from '@joinery/sync'
import type { Output } from '../environment.ts'

export interface ReportFlags {
  /** JSON instead of text for people. */
  readonly json: boolean
  /** A line per document as well. */
  readonly hashes: boolean
}

export interface Report {
  /** To be told of the hash of each document. */
  readonly onHash: (key: DocumentKey, hash: string) => void
  end(totals: Totals): void
}

export function report(stdout: Output, { json, hashes }: ReportFlags): Report {
  return {
    onHash({ tenant, id }, hash) {
      if (!hashes) return
      stdout.write(
        json
          ? `${JSON.stringify({ hash, tenant, id })}\n`
          : `${hash}  ${JSON.stringify(tenant)}  ${JSON.stringify(id)}\n`,
      )
    },
    end({ documents, receipts, values, hash }) {
      if (json) stdout.write(`${JSON.stringify({ documents, receipts, values, hash })}\n`)
      else stdout.write(`${documents} documents, ${receipts} receipts, ${values} values\nhash ${hash}\n`)
    },
  }
}
