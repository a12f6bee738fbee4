/** The pages of a cluster at `/`. */
import { fileURLToPath } from 'node:url'
import type { SiteOptions } from '@joinery/http'

/** Built into this package by `npm run build`. */
export const consoleSite: SiteOptions = {
  folder: fileURLToPath(new URL('../../dist/console', import.meta.url)),
  pages: [],
}
