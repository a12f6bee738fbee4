/** A word at the bottom of the page about what was just done, with a way back; read out as well. */
import { createContext, type ReactElement, type ReactNode, useCallback, useContext, useEffect, useState } from 'react'

export interface Toast {
  readonly text: string
  readonly action?: { readonly label: string; readonly run: () => void }
}

const SHOWN_MS = 7000

const Say = createContext<(toast: Toast | undefined) => void>(() => {})
const Announce = createContext<(text: string) => void>(() => {})

/** Shows and reads out; undefined takes away what is shown. */
export const useToast = (): ((toast: Toast | undefined) => void) => useContext(Say)
/** Reads out only: what those who see have seen. */
export const useAnnounce = (): ((text: string) => void) => useContext(Announce)

export function ToastProvider({ children }: { readonly children: ReactNode }): ReactElement {
  const [toast, setToast] = useState<Toast>()
  const [spoken, setSpoken] = useState('')
  const [isHeld, setHeld] = useState(false)
  const say = useCallback((next: Toast | undefined) => setToast(next), [])
  useEffect(() => {
    if (toast === undefined || isHeld) return
    const timer = setTimeout(() => setToast(undefined), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [toast, isHeld])
  return (
    <Say.Provider value={say}>
      <Announce.Provider value={setSpoken}>
        {children}
        <div className="spoken" role="status">
          {spoken}
        </div>
        <div
          className="toasts"
          role="status"
          onPointerEnter={() => setHeld(true)}
          onPointerLeave={() => setHeld(false)}
          onFocus={() => setHeld(true)}
          onBlur={() => setHeld(false)}
        >
          {toast && (
            <div className="toast" key={toast.text}>
              <span>{toast.text}</span>
              {toast.action && (
                <button
                  type="button"
                  onClick={() => {
                    toast.action?.run()
                    setToast(undefined)
                  }}
                >
                  {toast.action.label}
                </button>
              )}
            </div>
          )}
        </div>
      </Announce.Provider>
    </Say.Provider>
  )
}
