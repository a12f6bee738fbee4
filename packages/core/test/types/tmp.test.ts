import { readFileSync } from 'node:fs'
import { checkLattice, Inventory, standaloneTypes } from '@joinery/testing'
import { test } from 'vitest'
test('replay', () => {
  const { suite, scenario } = JSON.parse(readFileSync(process.env.SCENARIO!, 'utf8'))
  checkLattice(standaloneTypes[suite.replace('lattice ', '')]!, scenario, new Inventory('x'))
})
