/**
 * The app without its server: what it is made of is fetched once, whole, and from then on comes from the cache. Documents do not pass
 * through here; they are in IndexedDB. The build puts the names of the files in.
 */
const CACHE = `app-${'BUILD'}`
/** @type {readonly string[]} */
const files = FILES
/** @type {any} */
const worker = self

worker.addEventListener('install', (event) => {
  event.waitUntil(
    caches.open(CACHE).then((cache) => cache.addAll(files.map((file) => new Request(file, { cache: 'no-cache' })))),
  )
})

worker.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name)
      await worker.clients.claim()
    })(),
  )
})

// A page that was told of a new build asks for it.
worker.addEventListener('message', (event) => {
  if (event.data === 'take over') worker.skipWaiting()
})

worker.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== location.origin) return
  // Lists are addresses of the one page.
  const isPage = request.mode === 'navigate' && (pathname === '/' || pathname.startsWith('/l/'))
  if (!isPage && !files.includes(pathname)) return
  event.respondWith(
    caches
      .open(CACHE)
      .then((cache) => cache.match(isPage ? '/' : pathname))
      .then((kept) => kept ?? fetch(request)),
  )
})
