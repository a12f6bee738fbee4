import '@fontsource-variable/inter/wght.css'
import './styles/base.css'
import './styles/parts.css'
import './styles/frame.css'
import './styles/list.css'
import './styles/item.css'
import { JoineryProvider } from '@joinery/client/react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { openClient } from './device.ts'
import { App } from './ui/app.tsx'
import { ToastProvider } from './ui/toast.tsx'

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <JoineryProvider client={openClient}>
      <ToastProvider>
        <App />
      </ToastProvider>
    </JoineryProvider>
  </StrictMode>,
)
