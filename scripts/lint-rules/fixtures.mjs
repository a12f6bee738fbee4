/**
 * For each rule of the linter that this workspace leans on, a file that breaks it, where it would stand. The test writes them
 * into a copy of the configuration and asks whether the rule fires there.
 */

const lines = (count) => Array.from({ length: count }, (_, i) => `  list.push(${i})`).join('\n')
const platform = 'Take clock, timers and randomness as arguments.'

/** `rule` as Biome names it, and text of its message where one rule has several uses. */
export const fixtures = [
  { rule: 'style/noDefaultExport', path: 'packages/core/src/default-export.ts', text: 'export default 1\n' },
  {
    rule: 'style/useImportType',
    path: 'packages/core/src/import-type.ts',
    text: "import { Good } from './good.ts'\nexport const f = (good: Good): number => good.size\n",
  },
  { rule: 'style/useFilenamingConvention', path: 'packages/core/src/CamelCase.ts', text: 'export const a = 1\n' },
  {
    rule: 'style/noExcessiveLinesPerFile',
    path: 'packages/core/src/long-file.ts',
    text: Array.from({ length: 501 }, (_, i) => `export const a${i} = ${i}\n`).join(''),
  },
  {
    rule: 'complexity/noExcessiveLinesPerFunction',
    path: 'packages/core/src/long-function.ts',
    text: `export function long(list: number[]): void {\n${lines(71)}\n}\n`,
  },
  {
    rule: 'suspicious/noImportCycles',
    path: 'packages/core/src/cycle-a.ts',
    text: "import { b } from './cycle-b.ts'\nexport const a = (): number => b()\n",
  },
  {
    rule: 'suspicious/noImportCycles',
    path: 'packages/core/src/cycle-b.ts',
    text: "import { a } from './cycle-a.ts'\nexport const b = (): number => a()\n",
  },
  {
    rule: 'suspicious/noExplicitAny',
    path: 'packages/core/src/explicit-any.ts',
    text: 'export const a = (b: any): number => b.c\n',
  },
  { rule: 'performance/noBarrelFile', path: 'packages/core/src/barrel.ts', text: "export * from './good.ts'\n" },
  {
    rule: 'correctness/noUndeclaredDependencies',
    path: 'packages/core/src/undeclared.ts',
    text: "import { z } from 'zod'\nexport const a = z\n",
  },
  {
    rule: 'correctness/useImportExtensions',
    path: 'packages/core/src/extension.ts',
    text: "import { good } from './good'\nexport const a = good\n",
  },
  {
    rule: 'correctness/noUnusedImports',
    path: 'packages/core/src/unused.ts',
    text: "import { good } from './good.ts'\nexport const a = 1\n",
  },
  ...['core', 'sync', 'testing'].map((name) => ({
    rule: 'correctness/noNodejsModules',
    path: `packages/${name}/src/platform.ts`,
    text: "import { readFileSync } from 'node:fs'\nexport const a = readFileSync\n",
  })),
  {
    rule: 'nursery/noFloatingPromises',
    path: 'packages/core/src/floating.ts',
    text: 'async function work(): Promise<void> {}\nexport function start(): void {\n  work()\n}\n',
  },
  {
    rule: 'nursery/useExhaustiveSwitchCases',
    path: 'packages/core/src/switch.ts',
    text: "export function f(side: 'left' | 'right'): number {\n  switch (side) {\n    case 'left':\n      return 0\n  }\n  return 1\n}\n",
  },
  ...Object.entries({
    core: '@joinery/sync',
    sync: '@joinery/storage/sqlite',
    testing: '@joinery/storage/memory',
    storage: '@joinery/server',
    client: '@joinery/server',
    server: '@joinery/client',
  }).map(([name, imported]) => ({
    rule: 'style/noRestrictedImports',
    path: `packages/${name}/src/backwards.ts`,
    text: `import { a } from '${imported}'\nexport const b = a\n`,
  })),
  ...['core', 'sync', 'testing'].flatMap((name) =>
    [
      'Date.now()',
      'new Date()',
      'Math.random()',
      'performance.now()',
      'crypto.randomUUID()',
      'crypto.getRandomValues(new Uint8Array(1))',
      'setTimeout(() => {}, 1)',
      'setInterval(() => {}, 1)',
    ].map((call, i) => ({
      rule: 'plugin',
      message: platform,
      path: `packages/${name}/src/ambient-${i}.ts`,
      text: `export const a = ${call}\n`,
    })),
  ),
]

/** Files that break nothing, where a rule makes an exception or has nothing to say. */
export const goodFiles = {
  'packages/core/src/good.ts': 'export interface Good {\n  readonly size: number\n}\nexport const good = 1\n',
  'packages/core/src/index.ts': "export { type Good, good } from './good.ts'\n",
  'packages/core/src/system.ts': 'export const now = (): number => Date.now()\n',
  'packages/core/test/long.test.ts': `export function long(list: number[]): void {\n${lines(71)}\n}\n`,
  'packages/server/src/platform.ts':
    "import { readFileSync } from 'node:fs'\nexport const a = [readFileSync, Date.now()]\n",
  'packages/server/src/forwards.ts': "import { good } from '@joinery/core'\nexport const a = good\n",
}
