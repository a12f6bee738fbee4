/** Small parts that several views are made of. */
import type { ReactElement, ReactNode } from 'react'

export function Tile({
  title,
  children,
  note,
}: {
  readonly title: string
  readonly children: ReactNode
  readonly note?: string
}): ReactElement {
  return (
    <div className="tile">
      <dt>{title}</dt>
      <dd>
        {children}
        {note !== undefined && <small>{note}</small>}
      </dd>
    </div>
  )
}

export function Badge({
  kind,
  children,
}: {
  readonly kind: 'good' | 'bad' | 'plain'
  readonly children: ReactNode
}): ReactElement {
  return <span className={`badge ${kind}`}>{children}</span>
}

export function Meter({ label, value }: { readonly label: string; readonly value: number | undefined }): ReactElement {
  const percent = value === undefined ? undefined : Math.round(100 * value)
  return (
    <span className="meter" title={label}>
      <meter min={0} max={100} value={percent ?? 0} aria-label={label} />
      <span>{percent === undefined ? '-' : `${percent} %`}</span>
    </span>
  )
}

export function bytesText(bytes: number): string {
  if (bytes < 1_000) return `${Math.round(bytes)} B`
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}

export function secondsText(seconds: number): string {
  if (seconds < 1) return `${Math.round(1000 * seconds)} ms`
  return seconds < 120 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`
}

export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

export function timeText(time: string | undefined): string {
  return time === undefined ? '-' : new Date(time).toLocaleString()
}
