import { documentTypes, testDocument } from '@joinery/testing'
import { describe, test } from 'vitest'

// The other half of the types; see document.test.ts.
const all = Object.entries(documentTypes)

for (const [name, model] of all.slice(all.length / 2)) {
  testDocument(name, { runner: { describe, test }, model, report: console.log })
}
