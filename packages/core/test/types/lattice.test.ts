import { standaloneTypes, testLattice } from '@joinery/testing'
import { describe, test } from 'vitest'

for (const [name, subject] of Object.entries(standaloneTypes)) {
  testLattice(name, { runner: { describe, test }, subject, report: console.log })
}
