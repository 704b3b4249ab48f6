import { isRunbackError, messageOf, newId, parseDuration, RunbackError, silentReporter, type CallOptions, type Clock } from '../lib/index.js';
import type { Document, Store } from '../store/index.js';
import type { SecretRef, SyncConfig, Workspace } from '../workspace/index.js';
import type { SyncController, SyncStatus } from './controller.js';
import { openController } from './registry.js';

/** One sync within a pause. */
export interface PauseEntry {
  readonly sync: string;
  /** State found before the pause: what a resume goes back to. */
  readonly earlier: 'running' | 'paused';
  /** `pausing`: intent on disk, answer not yet. `held`: not resumed since another pause still holds it. */
  readonly state: 'pausing' | 'paused' | 'failed' | 'resumed' | 'left' | 'held';
  /** Work still in flight when the wait ended; undefined where the controller cannot tell. */
  readonly inFlight?: number;
  readonly why?: string;
}

/** Who paused what, when and why. */
export interface PauseRecord {
  readonly version: 1;
  readonly id: string;
  /** Run or command that asked; asking again with the same holder continues the same pause. */
  readonly holder: string;
  readonly by: string;
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly resumedAt?: string;
  readonly resumedBy?: string;
  readonly entries: readonly PauseEntry[];
}

export interface PauseRequest {
  /** Names of syncs; joined with those that write to `writesTo`. Neither given: every sync of the workspace. */
  readonly names?: readonly string[];
  /** Name of a platform. */
  readonly writesTo?: string;
  readonly by: string;
  readonly holder: string;
  readonly reason: string;
  /** Longest wait for work in flight, milliseconds; overrides the settings. */
  readonly drainMs?: number;
}

/** A sync, its state, and the pauses that hold it. */
export interface SyncView {
  readonly name: string;
  readonly title: string;
  readonly controller: string;
  readonly writesTo: readonly string[];
  /** Absent where it could not be asked; then `problem` says why. */
  readonly status?: SyncStatus;
  readonly problem?: string;
  readonly pauses: readonly PauseRecord[];
}

/** Pauses, drains and resumes the syncs of a workspace, and remembers who paused what. */
export interface Syncs {
  readonly names: readonly string[];
  views(names?: readonly string[], options?: CallOptions): Promise<SyncView[]>;
  /** Open pauses, oldest first. */
  pauses(): Promise<PauseRecord[]>;
  /**
   * Pauses and waits for work in flight. The earlier state of each sync is on disk before it is touched. Repeating with the
   * same holder continues. Throws `sync-failed` (what was paused stays paused and is recorded), `drain-timeout`, `not-found`.
   */
  pause(request: PauseRequest, options?: CallOptions): Promise<PauseRecord>;
  /** Puts every sync of a pause back to the state it was in, and checks. May be repeated. Throws `sync-failed`, `not-found`. */
  resume(pauseId: string, request: { readonly by: string }, options?: CallOptions): Promise<PauseRecord>;
}

interface SyncsDeps {
  readonly workspace: Workspace;
  readonly store: Store;
  readonly clock: Clock;
  readonly secret: (ref: SecretRef) => Promise<string>;
  /** Takes secrets out of any text. */
  readonly redact: (text: string) => string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const KIND = 'sync-pauses';
const DEFAULT_DRAIN_MS = 120_000;
const POLL_MS = 500;

/** Opens the syncs of a workspace. Controllers are made when first used. */
export function openSyncs({ workspace, store, clock, secret, redact, environment }: SyncsDeps): Syncs {
  const configs = workspace.config.syncs;
  const controllers = new Map<string, Promise<SyncController>>();

  const controllerOf = (config: SyncConfig): Promise<SyncController> => {
    const existing = controllers.get(config.name);
    if (existing) return existing;
    const made = openController(config.controller, {
      name: config.name,
      options: config.options,
      cwd: workspace.root,
      environment,
      secret,
      redact,
      clock,
      credentials: async () =>
        Object.fromEntries(await Promise.all(Object.entries(config.credentials).map(async ([key, ref]) => [key, await secret(ref)] as const))),
    });
    controllers.set(config.name, made);
    return made;
  };

  const configOf = (name: string): SyncConfig => {
    const config = configs[name];
    if (!config)
      throw new RunbackError('not-found', `There is no sync "${name}"`, {
        why: `runback.yml names: ${Object.keys(configs).join(', ') || 'none'}.`,
        next: 'runback sync list',
      });
    return config;
  };

  const all = async (): Promise<PauseRecord[]> => {
    const records = await Promise.all((await store.list(KIND)).map((id) => store.document<PauseRecord>(KIND, id).read()));
    return records.filter((record) => record !== undefined).sort((a, b) => a.at.localeCompare(b.at));
  };
  const open = async (): Promise<PauseRecord[]> => (await all()).filter((record) => record.resumedAt === undefined);

  const setEntry = (document: Document<PauseRecord>, sync: string, change: Partial<PauseEntry>): Promise<PauseRecord> =>
    document.update((current) => {
      if (!current) throw new RunbackError('not-found', `The pause of ${sync} is gone from the store`);
      return { ...current, entries: current.entries.map((entry) => (entry.sync === sync ? { ...entry, ...change } : entry)) };
    });

  const selected = (request: PauseRequest): string[] => {
    const named = (request.names ?? []).map((name) => configOf(name).name);
    const writing =
      request.writesTo === undefined ? [] : Object.values(configs).filter((config) => config.writes_to.includes(request.writesTo ?? ''));
    if (request.names === undefined && request.writesTo === undefined) return Object.keys(configs);
    return [...new Set([...named, ...writing.map((config) => config.name)])];
  };

  const pauseOne = async (document: Document<PauseRecord>, entry: PauseEntry, options?: CallOptions): Promise<void> => {
    const controller = await controllerOf(configOf(entry.sync));
    options?.reporter?.note(`Pausing ${entry.sync}`);
    try {
      await controller.pause(options);
    } catch (error) {
      options?.signal?.throwIfAborted();
      // Some controllers answer an error although they did pause: look before believing it.
      const after = await controller.status(options);
      if (after.state === 'running') {
        await setEntry(document, entry.sync, { state: 'failed', why: messageOf(error) });
        throw error;
      }
    }
  };

  const drain = async (document: Document<PauseRecord>, sync: string, drainMs: number, options?: CallOptions): Promise<string | undefined> => {
    const controller = await controllerOf(configOf(sync));
    const started = clock.monotonicMs();
    for (;;) {
      const status = await controller.status(options);
      const inFlight = status.inFlight === undefined ? {} : { inFlight: status.inFlight };
      if (status.state === 'paused') {
        await setEntry(document, sync, { state: 'paused', ...inFlight });
        return undefined;
      }
      const waited = clock.monotonicMs() - started;
      if (waited >= drainMs) {
        if (status.state === 'running') {
          await setEntry(document, sync, { state: 'failed', why: 'still running after the pause was accepted' });
          throw new RunbackError('sync-failed', `Sync ${sync} is still running`, {
            why: 'Its controller accepted the pause, and says it runs.',
            next: `runback sync status ${sync}`,
          });
        }
        await setEntry(document, sync, { state: 'paused', ...inFlight });
        return `${sync} (${status.inFlight ?? 'some'} in flight)`;
      }
      options?.reporter?.waiting({
        reason: `${sync} finishes its work in flight${status.inFlight === undefined ? '' : ` (${status.inFlight} left)`}`,
        ms: POLL_MS,
      });
      await clock.sleep(POLL_MS, options?.signal);
    }
  };

  const recordFor = async (request: PauseRequest, options?: CallOptions): Promise<PauseRecord> => {
    const earlierPauses = await open();
    const existing = earlierPauses.find((record) => record.holder === request.holder);
    const names = selected(request);
    const known = new Set(existing?.entries.map((entry) => entry.sync));
    const entries: PauseEntry[] = [...(existing?.entries ?? [])];
    for (const sync of names.filter((name) => !known.has(name))) {
      const status = await (await controllerOf(configOf(sync))).status(options);
      entries.push({ sync, earlier: status.state === 'running' ? 'running' : 'paused', state: 'pausing' });
    }
    const id = existing?.id ?? newId('pause', clock);
    return await store.document<PauseRecord>(KIND, id).update((current) => ({
      ...(current ?? { version: 1, id, holder: request.holder, by: request.by, reason: request.reason, at: clock.now().toISOString() }),
      entries,
    }));
  };

  return {
    names: Object.keys(configs),
    pauses: open,
    async views(names, options) {
      const pauses = await open();
      return await Promise.all(
        (names ?? Object.keys(configs)).map(async (name): Promise<SyncView> => {
          const config = configOf(name);
          const view = {
            name,
            title: config.title ?? name,
            controller: config.controller,
            writesTo: config.writes_to,
            pauses: pauses.filter((record) =>
              record.entries.some((entry) => entry.sync === name && (entry.state === 'paused' || entry.state === 'pausing')),
            ),
          };
          try {
            return { ...view, status: await (await controllerOf(config)).status(options) };
          } catch (error) {
            if (isRunbackError(error, 'interrupted')) throw error;
            return { ...view, problem: isRunbackError(error) && error.why !== undefined ? `${error.message}: ${error.why}` : messageOf(error) };
          }
        }),
      );
    },
    async pause(request, options) {
      const lock = await store.lock('syncs', { by: request.by, holder: request.holder, purpose: 'pausing syncs' }, { breakDead: true });
      try {
        const record = await recordFor(request, options);
        const document = store.document<PauseRecord>(KIND, record.id);
        const reporter = options?.reporter ?? silentReporter;
        for (const entry of record.entries) if (entry.state !== 'paused' && entry.earlier === 'running') await pauseOne(document, entry, options);
        const late: string[] = [];
        for (const [index, entry] of record.entries.entries()) {
          reporter.progress({ task: 'Pausing syncs', done: index, total: record.entries.length, unit: 'syncs' });
          const configured = configOf(entry.sync).drain;
          const left = await drain(
            document,
            entry.sync,
            request.drainMs ?? (configured === undefined ? DEFAULT_DRAIN_MS : parseDuration(configured)),
            options,
          );
          if (left !== undefined) late.push(left);
        }
        if (late.length > 0)
          throw new RunbackError('drain-timeout', `Paused, but work is still in flight: ${late.join(', ')}`, {
            state: 'The syncs take no new work. What is in flight may still write.',
            next: 'Wait and try again, or go on and expect late writes to show as conflicts.',
            data: { pause: record.id },
          });
        return (await document.read()) ?? record;
      } finally {
        await lock.release();
      }
    },
    async resume(pauseId, request, options) {
      const lock = await store.lock('syncs', { by: request.by, holder: pauseId, purpose: 'resuming syncs' }, { breakDead: true });
      try {
        const document = store.document<PauseRecord>(KIND, pauseId);
        const record = await document.read();
        if (!record) throw new RunbackError('not-found', `There is no pause "${pauseId}"`, { next: 'runback sync list' });
        const others = (await open()).filter((other) => other.id !== pauseId);
        for (const entry of record.entries) {
          if (entry.state === 'resumed' || entry.state === 'left' || entry.state === 'held') continue;
          await resumeOne(document, entry, others, options);
        }
        return await document.update((current) => ({ ...(current ?? record), resumedAt: clock.now().toISOString(), resumedBy: request.by }));
      } finally {
        await lock.release();
      }
    },
  };

  async function resumeOne(document: Document<PauseRecord>, entry: PauseEntry, others: readonly PauseRecord[], options?: CallOptions): Promise<void> {
    if (entry.earlier === 'paused') {
      await setEntry(document, entry.sync, { state: 'left', why: 'it was paused before' });
      return;
    }
    const holder = others.find((other) => other.entries.some((held) => held.sync === entry.sync && held.state !== 'failed'));
    if (holder) {
      // The other pause found it paused; from now on that pause owes the way back to running.
      await setEntry(store.document<PauseRecord>(KIND, holder.id), entry.sync, { earlier: 'running' });
      await setEntry(document, entry.sync, { state: 'held', why: `${holder.by} still holds it paused (${holder.reason})` });
      return;
    }
    const controller = await controllerOf(configOf(entry.sync));
    options?.reporter?.note(`Resuming ${entry.sync}`);
    if ((await controller.status(options)).state !== 'running') {
      try {
        await controller.resume(options);
      } catch (error) {
        options?.signal?.throwIfAborted();
        if ((await controller.status(options)).state !== 'running') throw error;
      }
      if ((await controller.status(options)).state !== 'running')
        throw new RunbackError('sync-failed', `Sync ${entry.sync} did not start again`, {
          why: 'Its controller accepted the resume, and says it is paused.',
          next: `runback sync status ${entry.sync}`,
        });
    }
    await setEntry(document, entry.sync, { state: 'resumed' });
  }
}
