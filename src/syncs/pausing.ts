import { defined, newId, parseDuration, RunbackError, silentReporter, type CallOptions, type Clock } from '../lib/index.js';
import type { Document } from '../store/index.js';
import type { SyncController, SyncStatus } from './controller.js';
import type { PauseEntry, PauseRecord, PauseRequest } from './pause-record.js';
import { causeOf, orFenced, setEntry, throwTogether, type PauseStore, type Trouble } from './pause-store.js';
import { stillFor } from './reactions.js';
import { settled } from './settled.js';

const DEFAULT_DRAIN_MS = 120_000;
const POLL_MS = 500;
/** How long work that was cancelled may take to end. */
const CANCEL_MS = 30_000;

/** {@link Syncs.pause}, under the lock of all syncs. */
export async function pauseSyncs(pauses: PauseStore, clock: Clock, request: PauseRequest, options?: CallOptions): Promise<PauseRecord> {
  const record = await recordFor(pauses, clock, request, options);
  const document = pauses.document(record.id);
  const reporter = options?.reporter ?? silentReporter;
  const troubles: Trouble[] = [];
  const attempt = async (sync: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      options?.signal?.throwIfAborted();
      orFenced(error);
      troubles.push({ sync, error });
      await setEntry(document, sync, { state: 'failed', why: causeOf(error) });
    }
  };
  for (const entry of record.entries)
    if (entry.earlier === 'unknown')
      troubles.push({
        sync: entry.sync,
        error: new RunbackError('sync-failed', 'it did not answer, and was not changed', entry.why === undefined ? {} : { why: entry.why }),
      });
    else await attempt(entry.sync, () => pauseOne(pauses, clock, document, entry, options));
  const late: string[] = [];
  const failed = new Set(troubles.map(({ sync }) => sync));
  for (const [index, entry] of record.entries.entries()) {
    if (failed.has(entry.sync)) continue;
    reporter.progress({ task: 'Pausing syncs', done: index, total: record.entries.length, unit: 'syncs' });
    await attempt(entry.sync, async () => {
      const configured = pauses.configOf(entry.sync).drain;
      const drainMs = request.drainMs ?? (configured === undefined ? DEFAULT_DRAIN_MS : parseDuration(configured));
      const left = await drain(pauses, clock, document, { sync: entry.sync, drainMs, cancel: request.cancelLate === true }, options);
      if (left !== undefined) late.push(left);
    });
  }
  throwTogether(troubles, (names) => `Not paused: ${names}`, {
    state: 'Every other sync is paused. Those that are not may still write.',
    next: 'runback sync status',
    pause: record.id,
  });
  if (late.length > 0)
    throw new RunbackError('drain-timeout', `Paused, but work is still in flight: ${late.join(', ')}`, {
      state: 'The syncs take no new work. What is in flight may still write.',
      next: 'Wait and try again, or continue and expect late writes to show as conflicts.',
      data: { pause: record.id },
    });
  return (await document.read()) ?? record;
}

/** The record of this holder, with the state that each sync was found in, on disk before any of them is touched. */
async function recordFor(pauses: PauseStore, clock: Clock, request: PauseRequest, options?: CallOptions): Promise<PauseRecord> {
  const existing = (await pauses.open()).find((record) => record.holder === request.holder);
  const before = new Map((existing?.entries ?? []).map((entry) => [entry.sync, entry]));
  const names = [...new Set([...before.keys(), ...selected(pauses, request)])];
  const entries: PauseEntry[] = [];
  for (const sync of names) {
    const entry = before.get(sync);
    entries.push(entry === undefined || entry.earlier === 'unknown' ? await found(pauses, sync, options) : entry);
  }
  const id = existing?.id ?? newId('pause', clock, await pauses.ids());
  return await pauses.document(id).update((current) => ({
    ...(current ?? { version: 1, id, holder: request.holder, by: request.by, reason: request.reason, at: clock.now().toISOString() }),
    ...incidentsOf(current, request),
    entries,
  }));
}

/**
 * A pause that is gone on with belongs to what was open at either time. One of an earlier version still says nothing.
 */
function incidentsOf(current: PauseRecord | undefined, { incidents }: PauseRequest): Pick<PauseRecord, 'incidents'> {
  if (incidents === undefined || (current !== undefined && current.incidents === undefined)) return {};
  return { incidents: [...new Set([...(current?.incidents ?? []), ...incidents])] };
}

async function found(pauses: PauseStore, sync: string, options?: CallOptions): Promise<PauseEntry> {
  try {
    const { state, kept } = await (await pauses.controllerOf(sync)).status(options);
    return { sync, earlier: state === 'running' ? 'running' : 'paused', state: 'pausing', ...(state === 'running' ? defined({ kept }) : {}) };
  } catch (error) {
    options?.signal?.throwIfAborted();
    orFenced(error);
    return { sync, earlier: 'unknown', state: 'failed', why: causeOf(error) };
  }
}

function selected(pauses: PauseStore, { names, writesTo }: PauseRequest): string[] {
  if (names === undefined && writesTo === undefined) return [...pauses.names];
  const named = (names ?? []).map((name) => pauses.configOf(name).name);
  const still = writesTo === undefined ? [] : stillFor(Object.fromEntries(pauses.names.map((name) => [name, pauses.configOf(name)])), [writesTo]);
  return [...named, ...still];
}

/** Pauses a sync that runs, also one that runs again although this pause had stopped it. */
async function pauseOne(pauses: PauseStore, clock: Clock, document: Document<PauseRecord>, entry: PauseEntry, options?: CallOptions): Promise<void> {
  const { sync } = entry;
  const controller = await pauses.controllerOf(sync);
  if (entry.state !== 'pausing' || entry.earlier === 'paused') {
    const { state, kept } = await controller.status(options);
    if (state !== 'running') return;
    // Found paused, and somebody has started it since: running is what it goes back to.
    await setEntry(document, sync, { earlier: 'running', state: 'pausing', ...defined({ kept }) });
  }
  options?.reporter?.note(`Pausing ${sync}`);
  try {
    await controller.pause(options);
  } catch (error) {
    options?.signal?.throwIfAborted();
    orFenced(error);
    // Some controllers answer an error although they did pause: look before believing it.
    if (!(await settled(controller, clock, (state) => state !== 'running', options))) throw error;
  }
}

/** Ends what is in flight, as a person asked. What cannot be ended is found by the next look. */
async function cancelLeft(controller: SyncController, sync: string, { inFlight }: SyncStatus, options?: CallOptions): Promise<void> {
  options?.reporter?.note(`Cancelling what ${sync} still has in flight${inFlight === undefined ? '' : ` (${inFlight})`}`);
  try {
    await controller.cancel?.(options);
  } catch (error) {
    options?.signal?.throwIfAborted();
    orFenced(error);
    options?.reporter?.note(`Not everything of ${sync} was cancelled: ${causeOf(error)}`);
  }
}

async function drain(
  pauses: PauseStore,
  clock: Clock,
  document: Document<PauseRecord>,
  { sync, drainMs, cancel }: { readonly sync: string; readonly drainMs: number; readonly cancel: boolean },
  options?: CallOptions,
): Promise<string | undefined> {
  const controller = await pauses.controllerOf(sync);
  let until = clock.monotonicMs() + Math.max(drainMs, controller.settleMs ?? 0);
  let cancelling = cancel && controller.cancel !== undefined;
  for (;;) {
    const status = await controller.status(options);
    const inFlight = status.inFlight === undefined ? {} : { inFlight: status.inFlight };
    if (status.state === 'paused') {
      await setEntry(document, sync, { state: 'paused', ...inFlight });
      return undefined;
    }
    if (clock.monotonicMs() >= until) {
      if (cancelling && status.state !== 'running') {
        cancelling = false;
        await cancelLeft(controller, sync, status, options);
        until = clock.monotonicMs() + CANCEL_MS;
        continue;
      }
      if (status.state === 'running')
        throw new RunbackError('sync-failed', `Sync ${sync} is still running`, {
          why: 'Its controller accepted the pause, but says it is running.',
          next: `runback sync status ${sync}`,
        });
      await setEntry(document, sync, { state: 'paused', ...inFlight });
      return `${sync} (${status.inFlight ?? 'some'} in flight)`;
    }
    options?.reporter?.waiting({
      reason: `${sync} finishes its work in flight${status.inFlight === undefined ? '' : ` (${status.inFlight} left)`}`,
      ms: POLL_MS,
    });
    await clock.sleep(POLL_MS, options?.signal);
  }
}
