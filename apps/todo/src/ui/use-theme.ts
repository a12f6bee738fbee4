import { useState } from 'react'
import { settings } from '../device.ts'

export type Theme = 'system' | 'light' | 'dark'

const themes: readonly Theme[] = ['system', 'light', 'dark']

/** The theme that somebody chose, and what chooses the next one. */
export function useTheme(): readonly [Theme, () => void] {
  const [theme, setTheme] = useState<Theme>(() => themes.find((each) => each === settings.get('theme')) ?? 'system')
  const next = () => {
    const chosen = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system'
    settings.set('theme', chosen)
    if (chosen === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = chosen
    setTheme(chosen)
  }
  return [theme, next]
}
