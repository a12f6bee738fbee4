/** Registers the service worker, and tells when there is a new version of the app. */
import { useEffect } from 'react'
import { useToast } from './toast.tsx'

export function UpdateNotice(): null {
  const say = useToast()
  useEffect(() => {
    if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
    const container = navigator.serviceWorker
    const offer = (worker: ServiceWorker) => {
      const run = () => {
        container.addEventListener('controllerchange', () => location.reload(), { once: true })
        worker.postMessage('take over')
      }
      say({ text: 'There is a new version.', action: { label: 'Use it', run } })
    }
    const watch = (registration: ServiceWorkerRegistration) => {
      if (registration.waiting && container.controller) offer(registration.waiting)
      registration.addEventListener('updatefound', () => {
        const worker = registration.installing
        worker?.addEventListener('statechange', () => {
          if (worker.state === 'installed' && container.controller) offer(worker)
        })
      })
    }
    container.register('/sw.js').then(watch, (error: unknown) => console.warn('works online only', error))
  }, [say])
  return null
}
