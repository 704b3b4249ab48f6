import { defined, RunbackError, type CallOptions, type Clock } from '../lib/index.js';
import type { Document } from '../store/index.js';
import type { HeldSync, PauseEntry, PauseRecord, ResumeRequest } from './pause-record.js';
import { causeOf, orFenced, setEntry, throwTogether, type PauseStore, type Trouble } from './pause-store.js';
import { settled } from './settled.js';

/** {@link Syncs.resume}, under the lock of all syncs. */
export async function resumeSyncs(
  pauses: PauseStore,
  clock: Clock,
  id: string,
  { by, override }: ResumeRequest,
  options?: CallOptions,
): Promise<PauseRecord> {
  const document = pauses.document(id);
  const record = await readPause(document, id);
  const others = (await pauses.open()).filter((other) => other.id !== id);
  const troubles: Trouble[] = [];
  for (const entry of record.entries) {
    if (entry.state === 'resumed' || entry.state === 'left' || entry.state === 'held') continue;
    try {
      await resumeOne(pauses, clock, document, entry, others, options);
    } catch (error) {
      options?.signal?.throwIfAborted();
      orFenced(error);
      troubles.push({ sync: entry.sync, error });
      await setEntry(document, entry.sync, { why: `it did not resume: ${causeOf(error)}` });
    }
  }
  throwTogether(troubles, (names) => `Not resumed: ${names}`, {
    state: `Every other sync of ${id} is in the state it was in. The pause stays open for the rest.`,
    next: `Resume the rest when the cause is fixed: runback sync resume ${id}`,
    pause: id,
  });
  return await document.update((current) => ({
    ...(current ?? record),
    resumedAt: clock.now().toISOString(),
    resumedBy: by,
    ...(override === true ? { override } : {}),
  }));
}

/** {@link Syncs.held}. */
export async function heldNow(pauses: PauseStore, id: string, options?: CallOptions): Promise<readonly HeldSync[]> {
  const record = await readPause(pauses.document(id), id);
  if (record.resumedAt !== undefined) return [];
  const held = record.entries.filter(({ state }) => state === 'paused' || state === 'pausing');
  return await Promise.all(
    held.map(async ({ sync, earlier }): Promise<HeldSync> => {
      const one = { sync, owed: earlier === 'running' };
      try {
        return { ...one, status: await (await pauses.controllerOf(sync)).status(options) };
      } catch (error) {
        options?.signal?.throwIfAborted();
        orFenced(error);
        return { ...one, problem: causeOf(error) };
      }
    }),
  );
}

async function readPause(document: Document<PauseRecord>, id: string): Promise<PauseRecord> {
  const record = await document.read();
  if (!record) throw new RunbackError('not-found', `There is no pause "${id}"`, { next: 'runback sync list' });
  return record;
}

async function resumeOne(
  pauses: PauseStore,
  clock: Clock,
  document: Document<PauseRecord>,
  entry: PauseEntry,
  others: readonly PauseRecord[],
  options?: CallOptions,
): Promise<void> {
  const { sync, earlier } = entry;
  const leave = async (state: 'left' | 'held', why: string): Promise<void> => {
    await setEntry(document, sync, { state, why });
  };
  const holder = others.find((other) => other.entries.some((held) => held.sync === sync && (held.state === 'paused' || held.state === 'pausing')));
  const heldWhy = (other: PauseRecord): string =>
    `${other.by} still holds it paused (${other.reason}); it resumes when this pause ends: ${other.id}: runback sync list`;
  if (earlier === 'unknown') return await leave('left', 'it did not answer when the others were paused, and was not changed');
  if (earlier === 'paused') {
    // Paused by another pause that nobody has ended is not "paused before": somebody still owes it the way back.
    const owing = others.find((other) => other.entries.some((held) => held.sync === sync && isOwed(held)));
    return await (owing === undefined ? leave('left', 'it was paused before') : leave('held', heldWhy(owing)));
  }
  if (holder) {
    // The other pause found it paused; from now on that pause owes the way back to running.
    await setEntry(pauses.document(holder.id), sync, { earlier: 'running', ...defined({ kept: entry.kept }) });
    return await leave('held', heldWhy(holder));
  }
  if (!pauses.names.includes(sync)) return await leave('left', 'runback.yml no longer lists it: start it in its own tool');
  await start(pauses, clock, entry, options);
  await setEntry(document, sync, { state: 'resumed' });
}

function isOwed({ earlier, state }: PauseEntry): boolean {
  return earlier === 'running' && (state === 'paused' || state === 'pausing');
}

async function start(pauses: PauseStore, clock: Clock, { sync, kept }: PauseEntry, options?: CallOptions): Promise<void> {
  const controller = await pauses.controllerOf(sync);
  const { state, warnings } = await controller.status(options);
  if (state === 'running') return;
  options?.reporter?.note(`Resuming ${sync}`);
  for (const warning of warnings) options?.reporter?.note(`${sync}: ${warning}`);
  const runs = async (): Promise<boolean> => await settled(controller, clock, (now) => now === 'running', options);
  try {
    await controller.resume(options, kept);
  } catch (error) {
    options?.signal?.throwIfAborted();
    orFenced(error);
    if (!(await runs())) throw error;
    return;
  }
  if (await runs()) return;
  throw new RunbackError('sync-failed', `Sync ${sync} did not resume`, {
    why: 'Its controller accepted the resume, but says it is paused.',
    next: `runback sync status ${sync}`,
  });
}
