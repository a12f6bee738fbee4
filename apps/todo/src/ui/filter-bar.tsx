import type { ReactElement, Ref } from 'react'
import { IconButton } from './icon-button.tsx'
import { Icon } from './icons.tsx'

interface FilterBarProps {
  readonly ref: Ref<HTMLInputElement>
  readonly search: string
  readonly onSearch: (search: string) => void
  readonly tags: readonly string[]
  readonly tag: string | undefined
  readonly onTag: (tag: string | undefined) => void
}

export function FilterBar({ ref, search, onSearch, tags, tag, onTag }: FilterBarProps): ReactElement {
  return (
    <search className="filter-bar">
      <label className="search">
        <Icon name="search" />
        <span className="spoken">Search in this list</span>
        <input
          ref={ref}
          value={search}
          placeholder="Search"
          enterKeyHint="search"
          onChange={(event) => onSearch(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return
            onSearch('')
            event.currentTarget.blur()
          }}
        />
        {search !== '' && <IconButton icon="close" label="Clear the search" onClick={() => onSearch('')} />}
      </label>
      {tags.length > 0 && (
        <fieldset className="tag-filter">
          <legend className="spoken">Show only items with a tag</legend>
          {tags.map((each) => (
            <button
              key={each}
              type="button"
              className="tag"
              aria-pressed={each === tag}
              onClick={() => onTag(each === tag ? undefined : each)}
            >
              {each}
            </button>
          ))}
        </fieldset>
      )}
    </search>
  )
}
