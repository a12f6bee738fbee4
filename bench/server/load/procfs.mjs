/** What the kernel says of a process, without asking the process, which may be busy. */
import { readdirSync, readFileSync } from 'node:fs'

/** Of the kernel's clock that `/proc/PID/stat` counts in. Linux has 100 wherever Node runs. */
const TICK_US = 10_000

/** CPU time of all threads of a process, ended ones too, in microseconds. */
export function cpuMicros(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name, in parentheses, may contain spaces. Behind it: user time is the 12th, system time the 13th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_US
}

/** The same with its children, as a server may have some. */
export function treeCpuMicros(pid) {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    const listed = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
    return listed.split(' ').filter((child) => child !== '')
  })
  return children.reduce((sum, child) => sum + treeCpuMicros(child), cpuMicros(pid))
}
