import type { ReactElement } from 'react'

interface EmptyStateProps {
  readonly isFiltered: boolean
  readonly onClear: () => void
}

export function EmptyState({ isFiltered, onClear }: EmptyStateProps): ReactElement {
  if (isFiltered) {
    return (
      <div className="empty">
        <p className="empty-title">Nothing fits</p>
        <button type="button" onClick={onClear}>
          Show everything
        </button>
      </div>
    )
  }
  return (
    <div className="empty">
      <svg viewBox="0 0 160 110" width="160" height="110" aria-hidden="true" focusable="false">
        <rect className="empty-paper" x="34" y="8" width="92" height="94" rx="10" />
        <path className="empty-line" d="M66 34h42M66 55h34M66 76h26" />
        <path className="empty-tick" d="m48 33 4 4 7-8" />
        <circle className="empty-dot" cx="53" cy="55" r="5" />
        <circle className="empty-dot" cx="53" cy="76" r="5" />
      </svg>
      <p className="empty-title">Nothing here yet</p>
      <p>Write the first item above, or paste a whole list. It works without a connection, too.</p>
    </div>
  )
}
