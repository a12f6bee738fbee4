import { documentTypes, testDocument } from '@joinery/testing'
import { describe, test } from 'vitest'

for (const [name, model] of Object.entries(documentTypes)) {
  testDocument(name, { runner: { describe, test }, model, report: console.log })
}
