import type { ButtonHTMLAttributes, ReactElement } from 'react'
import { Icon, type IconName } from './icons.tsx'

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly icon: IconName
  /** What it does, for those who do not see the icon and for those who point at it. */
  readonly label: string
  /** Shown beside the label. */
  readonly keys?: string
}

export function IconButton({ icon, label, keys, className = '', ...rest }: IconButtonProps): ReactElement {
  const title = keys === undefined ? label : `${label} (${keys})`
  return (
    <button type="button" className={`icon-button ${className}`} aria-label={label} title={title} {...rest}>
      <Icon name={icon} />
    </button>
  )
}
