/** Drawn on a grid of 20, in the colour of the text beside them. */
import type { ReactElement } from 'react'

const paths = {
  undo: 'M7.5 4.5 4 8l3.5 3.5M4 8h7.5a4.5 4.5 0 0 1 0 9H8',
  redo: 'M12.5 4.5 16 8l-3.5 3.5M16 8H8.5a4.5 4.5 0 0 0 0 9H12',
  search: 'M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12ZM13.5 13.5 17 17',
  share: 'M10 12.5V3M6.5 6 10 2.5 13.5 6M4 11v4.5A1.5 1.5 0 0 0 5.5 17h9a1.5 1.5 0 0 0 1.5-1.5V11',
  plus: 'M10 4v12M4 10h12',
  close: 'm5 5 10 10M15 5 5 15',
  check: 'm4.5 10.5 3.5 3.5 7.5-8',
  trash: 'M3.5 5.5h13M8 5V3.5h4V5M5.5 5.5l.7 10a1.5 1.5 0 0 0 1.5 1.4h4.6a1.5 1.5 0 0 0 1.5-1.4l.7-10',
  menu: 'M3.5 6h13M3.5 10h13M3.5 14h13',
  more: 'M4.5 10h.01M10 10h.01M15.5 10h.01',
  note: 'M5 3.5h10v13H5zM7.5 7h5M7.5 10h5M7.5 13h3',
  sun: 'M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M4.3 15.7l1.1-1.1M14.6 5.4l1.1-1.1',
  moon: 'M16.5 11.8A7 7 0 0 1 8.2 3.5a7 7 0 1 0 8.3 8.3Z',
  system: 'M3 4h14v9.5H3zM7.5 17h5M10 13.5V17',
  chevron: 'm7.5 5 5 5-5 5',
  copy: 'M7 7h9.5v9.5H7zM4.5 13h-1V3.5H13v1',
} as const

export type IconName = keyof typeof paths

export function Icon({ name }: { readonly name: IconName }): ReactElement {
  return (
    <svg className="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  )
}

/** Six dots to take hold of. */
export function Grip(): ReactElement {
  return (
    <svg className="grip-dots" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
      {[5, 10, 15].flatMap((y) => [7.5, 12.5].map((x) => <circle key={`${x} ${y}`} cx={x} cy={y} r="1.4" />))}
    </svg>
  )
}

/** Two pieces that fit. */
export function Mark(): ReactElement {
  return (
    <svg className="mark" viewBox="0 0 512 512" width="28" height="28" aria-hidden="true" focusable="false">
      <rect width="512" height="512" rx="116" className="mark-ground" />
      <path className="mark-piece" d="M128 160h96v64h64v64h96v96h-96v-64h-64v-64h-96z" />
      <path className="mark-other" d="M288 128h96v96h-64v-32h-32z" />
    </svg>
  )
}
