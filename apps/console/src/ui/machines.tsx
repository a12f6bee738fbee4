/** Virtual machines: found by region, state, node and name, as they are now. */

import type { Vm, VmPage } from '@joinery/cluster'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import { type Filter, get } from '../api.ts'
import type { Overview } from '../use-cluster.ts'
import { MachineDetail } from './machine-detail.tsx'
import { timeText } from './parts.tsx'

const PAGE = 100
const everything: Filter = { region: '', status: '', node: '', prefix: '' }

export function Machines({
  overview,
  version,
}: {
  readonly overview: Overview
  readonly version: number
}): ReactElement {
  const [filter, setFilter] = useState(everything)
  const [count, setCount] = useState(PAGE)
  const [open, setOpen] = useState<string>()
  const { vms, more } = useMachines(filter, count, version)
  const change = (part: Partial<Filter>): void => {
    setFilter({ ...filter, ...part })
    setCount(PAGE)
  }
  return (
    <section className="card">
      <h2>Machines</h2>
      <Filters filter={filter} onChange={change} overview={overview} />
      <p className="hint" aria-live="polite">
        {vms.length === 0
          ? 'No machine is like this.'
          : `${vms.length}${more ? ' and more' : ''} of ${overview.stats.cluster.vms}`}
      </p>
      <Table vms={vms} open={open} onOpen={setOpen} />
      {more && (
        <button type="button" onClick={() => setCount(count + PAGE)}>
          Show more
        </button>
      )}
      {open !== undefined && <MachineDetail id={open} version={version} onClose={() => setOpen(undefined)} />}
    </section>
  )
}

function useMachines(
  filter: Filter,
  count: number,
  version: number,
): { readonly vms: readonly Vm[]; readonly more: boolean } {
  const [page, setPage] = useState<VmPage>({ vms: [] })
  // biome-ignore lint/correctness/useExhaustiveDependencies: another version is another answer.
  useEffect(() => {
    let isCurrent = true
    get<VmPage>('/v1/vms', { ...filter, limit: `${count}` }).then(
      (next) => {
        if (isCurrent) setPage(next)
      },
      // The page says above that the node does not answer.
      () => {},
    )
    return () => {
      isCurrent = false
    }
  }, [filter, count, version])
  return { vms: page.vms, more: page.next !== undefined }
}

interface FiltersProps {
  readonly filter: Filter
  readonly onChange: (part: Partial<Filter>) => void
  readonly overview: Overview
}

function Filters({ filter, onChange, overview: { nodes } }: FiltersProps): ReactElement {
  const search = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== '/' || event.target instanceof HTMLInputElement) return
      event.preventDefault()
      search.current?.focus()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
  const regions = [...new Set(nodes.flatMap(({ region }) => region ?? []))].sort()
  return (
    <form className="filters" onSubmit={(event) => event.preventDefault()}>
      <label>
        Name begins with
        <input
          ref={search}
          type="search"
          aria-keyshortcuts="/"
          value={filter.prefix}
          onChange={(event) => onChange({ prefix: event.target.value })}
        />
      </label>
      <label>
        Status
        <input type="search" value={filter.status} onChange={(event) => onChange({ status: event.target.value })} />
      </label>
      <Choice
        label="Region"
        all="All regions"
        values={regions}
        value={filter.region}
        onChange={(region) => onChange({ region })}
      />
      <Choice
        label="Node"
        all="All nodes"
        values={nodes.map(({ id }) => id)}
        value={filter.node}
        onChange={(node) => onChange({ node })}
      />
    </form>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly all: string
  readonly values: readonly string[]
  readonly value: string
  readonly onChange: (value: string) => void
}

function Choice({ label, all, values, value, onChange }: ChoiceProps): ReactElement {
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">{all}</option>
        {values.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
  )
}

interface TableProps {
  readonly vms: readonly Vm[]
  readonly open: string | undefined
  readonly onOpen: (id: string) => void
}

function Table({ vms, open, onOpen }: TableProps): ReactElement {
  return (
    <div className="scroll">
      <table>
        <caption className="hidden">Virtual machines</caption>
        <thead>
          <tr>
            {['Name', 'Status', 'Node', 'Region', 'Cores', 'Memory', 'Disk', 'Address', 'Changed'].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {vms.map((vm) => (
            <tr key={vm.id} aria-current={vm.id === open}>
              <th scope="row">
                <button type="button" className="link" onClick={() => onOpen(vm.id)}>
                  {vm.id}
                </button>
              </th>
              <td>{vm.status ?? '-'}</td>
              <td>{vm.nodeId ?? '-'}</td>
              <td>{vm.region ?? '-'}</td>
              <td className="number">{vm.cpuCores ?? '-'}</td>
              <td className="number">{vm.memoryMb === undefined ? '-' : `${vm.memoryMb} MB`}</td>
              <td className="number">{vm.diskGb === undefined ? '-' : `${vm.diskGb} GB`}</td>
              <td>{vm.ipAddress ?? '-'}</td>
              <td>
                <small>{timeText(vm.updatedAt)}</small>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
