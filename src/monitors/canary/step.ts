import type { Platform } from '../../connectors/index.js';
import { type Clock, newId, sleepUntil } from '../../lib/index.js';
import { beginRun, type OpenSides, verifyWrite } from './begin.js';
import type { Canary } from './canary.js';
import { type CanaryDeps, endOf } from './deps.js';
import { CanaryJournal } from './journal.js';
import { lookThere } from './look.js';
import { meaningOf, onPlatform, schemaAt } from './sides.js';
import type { Ended, OpenRun } from './state.js';
import type { CanaryResult } from './verdict.js';

/** How far a run is. */
export type CanaryStep =
  /** It was written, and has not arrived yet: look again then. */
  { readonly state: 'waiting'; readonly run: string; readonly lookAt: Date } | { readonly state: 'ended'; readonly result: CanaryResult };

const LEAST_PAUSE_MS = 1000;
const PAUSE_SHARE = 1 / 20;

/**
 * Does what can be done now without waiting: continues the run that has not ended, whoever began it, or begins one. Writes
 * at most once a run, and never where the record is not as declared. Whatever ends this process, the next call continues
 * or ends the run. Throws `locked` while another process is at this canary, `interrupted`, and what the store throws.
 */
export async function stepCanary(canary: Canary, deps: CanaryDeps): Promise<CanaryStep> {
  const journal = await CanaryJournal.open(canary.id, deps);
  try {
    const { open } = journal.state;
    const ended = await withSides(
      canary,
      deps,
      async (sides) => {
        if (open === undefined) {
          const begun = await beginRun(canary, sides, journal, deps);
          if (begun !== undefined || journal.state.open === undefined) return begun;
        } else {
          const continued = await continueWrite(canary, sides, journal, deps);
          if (continued !== undefined) return continued;
        }
        const run = journal.state.open;
        return run === undefined ? undefined : await lookThere(canary, await sides.to(), run, journal, deps);
      },
      journal,
    );
    const still = journal.state.open;
    if (ended === undefined && still !== undefined) return { state: 'waiting', run: still.run, lookAt: nextLook(canary, still, deps.clock) };
    const run = still?.run ?? newId('canary', deps.clock);
    return { state: 'ended', result: await journal.end({ run, ...(ended ?? { verdict: 'unknown', because: 'in-doubt' }) }) };
  } finally {
    await journal.close();
  }
}

/** Does all of a run, with the pauses between its looks. */
export async function runCanary(canary: Canary, deps: CanaryDeps): Promise<CanaryResult> {
  for (;;) {
    const step = await stepCanary(canary, deps);
    if (step.state === 'ended') return step.result;
    await sleepUntil(step.lookAt, deps.clock, deps.call.signal);
  }
}

/** After a crash: whether the text stands is looked at, and it is never written again in this run. */
async function continueWrite(canary: Canary, sides: OpenSides, journal: CanaryJournal, deps: CanaryDeps): Promise<Ended> {
  const { open } = journal.state;
  if (open === undefined || open.verified) return undefined;
  const from = await sides.from();
  if (from.identity.account !== open.account)
    return { verdict: 'unknown', because: 'other-account', why: `${canary.from.platform} was account ${open.account} when the run began.` };
  const schema = await schemaAt(from, canary.from, deps.call);
  if (schema === undefined)
    return { verdict: 'refused', because: 'object-gone', why: `${canary.from.platform} has no ${canary.from.object} any longer.` };
  return await verifyWrite(canary, { platform: from, schema }, journal, deps);
}

/** Opens both sides; what a platform answers to that, and to all that is done with them, ends or keeps the run. */
async function withSides(
  canary: Canary,
  { openPlatform, call, clock }: CanaryDeps,
  work: (sides: OpenSides) => Promise<Ended>,
  journal: CanaryJournal,
): Promise<Ended> {
  const opened = new Map<string, Platform>();
  const open = async (name: string): Promise<Platform> => {
    const platform =
      opened.get(name) ??
      (await openPlatform(name, call).catch((error: unknown) => {
        throw onPlatform(name, error);
      }));
    opened.set(name, platform);
    return platform;
  };
  try {
    return await work({ from: async () => await open(canary.from.platform), to: async () => await open(canary.to.platform) });
  } catch (error) {
    const meaning = meaningOf(error);
    const { open: run } = journal.state;
    // What passes may pass before the time of the run has: until then it is looked for.
    const passes = meaning.because === 'unreachable' && run !== undefined && clock.now().getTime() < endOf(canary, run);
    return passes ? undefined : meaning;
  } finally {
    await Promise.allSettled([...opened.values()].map(async (platform) => await platform.close()));
  }
}

function nextLook({ withinMs }: Canary, { at }: OpenRun, clock: Clock): Date {
  const now = clock.now().getTime();
  const pause = Math.max(LEAST_PAUSE_MS, withinMs * PAUSE_SHARE);
  const ends = [Date.parse(at) + withinMs, Date.parse(at) + 2 * withinMs].filter((end) => end > now);
  return new Date(Math.min(now + pause, ...ends));
}
