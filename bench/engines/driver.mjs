/**
 * Drives one case: a process per peer, which lives through all rounds; in every round each peer's process does one iteration,
 * one after the other, so that what disturbs the machine disturbs them all.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canDo } from './cases/index.mjs'
import { PeerProcess } from './process.mjs'

const LIMITS = { startMs: 20_000, prepareMs: 60_000, iterationMs: 30_000 }
/** An iteration above this is repeated less often. */
const LONG_MS = 10_000
const ROUNDS_IF_LONG = 2

/** What is known of one peer in one case: figures by metric, one per round, and what went wrong. */
class Run {
  peer
  figures = new Map()
  failures = new Map()
  rounds
  artifact
  process

  constructor(peer) {
    this.peer = peer
  }

  note(figures) {
    for (const [metric, value] of Object.entries(figures)) {
      if (!this.figures.has(metric)) this.figures.set(metric, [])
      this.figures.get(metric).push(value)
    }
  }

  /** What no figure is known of failed for this reason: first what was being measured, then what could not be reached. */
  fail(metrics, cause) {
    const reason = withoutPaths(cause)
    const missing = metrics.filter((metric) => !this.figures.has(metric) && !this.failures.has(metric))
    for (const [i, metric] of missing.entries()) this.failures.set(metric, i === 0 ? reason : `not reached: ${reason}`)
  }
}

/** Results are kept: they say nothing of where they were made. */
const withoutPaths = (text) => text.replace(/(file:\/\/)?(\/[^\s/:]+)+\//g, '')

async function begin(run, found, { quick, rounds }) {
  const metrics = found.order
  run.process = new PeerProcess(run.peer.name, found.name)
  const began = (await run.process.ask(undefined, LIMITS.startMs)).failed
  const failed = began ?? (await run.process.ask({ do: 'prepare', quick }, LIMITS.prepareMs)).failed
  if (failed !== undefined) return end(run, metrics, failed)
  const from = performance.now()
  const warm = await run.process.ask({ do: 'round' }, LIMITS.iterationMs)
  run.artifact = warm.artifact
  run.rounds = performance.now() - from > LONG_MS ? Math.min(rounds, ROUNDS_IF_LONG) : rounds
  // What a peer could do before it failed is told, though from a cold run.
  if (warm.failed !== undefined) {
    run.note(warm.figures)
    end(run, metrics, warm.failed)
  }
}

function end(run, metrics, reason) {
  run.fail(metrics, reason)
  run.process.kill()
  run.process = undefined
}

async function playRounds(runs, found, rounds) {
  for (let round = 0; round < rounds; round += 1) {
    for (const run of runs) {
      if (run.process === undefined || round >= run.rounds) continue
      const answer = await run.process.ask({ do: 'round' }, LIMITS.iterationMs)
      run.note(answer.figures)
      if (answer.failed !== undefined) end(run, found.order, answer.failed)
    }
  }
  for (const run of runs) run.process?.kill()
}

/** One memory figure, in a fresh process. Answers what went wrong, if anything did. */
async function weighOnce(run, found, { metric, artifact }) {
  const process = new PeerProcess(run.peer.name, found.name)
  const began = (await process.ask(undefined, LIMITS.startMs)).failed
  const answer =
    began === undefined ? await process.ask({ do: 'memory', metric, artifact }, LIMITS.iterationMs) : { figures: {} }
  process.kill()
  run.note(answer.figures)
  return began ?? answer.failed
}

/** Memory is measured in fresh processes, one after the other. */
async function weigh(runs, found, times) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  for (const run of runs) {
    const artifact = join(folder, run.peer.name)
    if (run.artifact !== undefined) writeFileSync(artifact, run.artifact)
    for (const [metric, { stored }] of Object.entries(found.memory)) {
      if (stored && run.artifact === undefined) run.failures.set(metric, 'not reached: nothing was stored')
      for (let i = 0; i < times && !run.failures.has(metric); i += 1) {
        const failed = await weighOnce(run, found, { metric, artifact })
        if (failed !== undefined) run.failures.set(metric, withoutPaths(failed))
      }
    }
  }
  rmSync(folder, { recursive: true })
}

/** Runs a case with those of the peers that can do it. @returns {Promise<Run[]>} */
export async function drive(found, peers, { quick, memory, progress }) {
  const rounds = quick ? 3 : 9
  const timed = Object.keys(found.metrics).filter((metric) => found.memory?.[metric] === undefined)
  const plan = { ...found, order: found.sequence ?? timed }
  const runs = peers.filter((peer) => canDo(peer, found)).map((peer) => new Run(peer))
  for (const run of runs) {
    await begin(run, plan, { quick, rounds })
    progress?.()
  }
  await playRounds(runs, plan, rounds)
  if (memory && found.memory !== undefined) await weigh(runs, plan, quick ? 1 : 3)
  return runs
}
