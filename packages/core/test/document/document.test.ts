import { documentTypes, testDocument } from '@joinery/testing'
import { describe, test } from 'vitest'

// Two files share the types, so that they run side by side.
const all = Object.entries(documentTypes)

for (const [name, model] of all.slice(0, all.length / 2)) {
  testDocument(name, { runner: { describe, test }, model, report: console.log })
}
