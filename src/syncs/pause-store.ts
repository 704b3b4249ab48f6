import { messageOf, isRunbackError, RunbackError } from '../lib/index.js';
import type { Document, Store } from '../store/index.js';
import type { SyncConfig } from '../workspace/index.js';
import type { SyncController } from './controller.js';
import { PAUSES, type PauseEntry, type PauseRecord, type PauseSurvey } from './pause-record.js';

/** Pauses as they are kept, and the controllers of the syncs of a workspace. */
export interface PauseStore {
  readonly store: Store;
  /** Names of the syncs of the workspace. */
  readonly names: readonly string[];
  /** Throws `not-found` for a name that runback.yml does not have. */
  configOf(name: string): SyncConfig;
  /** Made when first asked for. */
  controllerOf(name: string): Promise<SyncController>;
  /** Ids of every pause there was. */
  ids(): Promise<readonly string[]>;
  /** Pauses that nobody has ended, oldest first. */
  open(): Promise<PauseRecord[]>;
  /** The same for a screen: what can be read, and what cannot. */
  survey(): Promise<PauseSurvey>;
  document(id: string): Document<PauseRecord>;
}

/** Changes one entry of a pause. */
export function setEntry(document: Document<PauseRecord>, sync: string, change: Partial<PauseEntry>): Promise<PauseRecord> {
  return document.update((current) => {
    if (!current) throw new RunbackError('not-found', `The pause of ${sync} is missing from the store`);
    return { ...current, entries: current.entries.map((entry) => (entry.sync === sync ? { ...entry, ...change } : entry)) };
  });
}

/** The {@link PauseStore} of a store. Pauses come in the order of their ids, whatever the clock was at the time. */
export function pauseStore(
  store: Store,
  configs: Readonly<Record<string, SyncConfig>>,
  controllerOf: (config: SyncConfig) => Promise<SyncController>,
): PauseStore {
  /**
   * Reads every pause that is not known to be ended; gives those that are open. `damaged` is told of one that cannot be
   * read, or throws.
   */
  const openOnes = async (damaged: (id: string, error: unknown) => void): Promise<PauseRecord[]> => {
    const open: PauseRecord[] = [];
    await store.unsettled({ what: 'documents', kind: PAUSES, meaning: 'pause ended 1' }, async (id) => {
      try {
        const record = await store.document<PauseRecord>(PAUSES, id).read();
        if (record === undefined) return false;
        if (record.resumedAt !== undefined) return true;
        open.push(record);
      } catch (error) {
        damaged(id, error);
      }
      return false;
    });
    return open;
  };
  const configOf = (name: string): SyncConfig => {
    const config = Object.hasOwn(configs, name) ? configs[name] : undefined;
    if (!config)
      throw new RunbackError('not-found', `There is no sync "${name}"`, {
        why: `runback.yml names: ${Object.keys(configs).join(', ') || 'none'}.`,
        next: 'runback sync list',
      });
    return config;
  };
  return {
    store,
    names: Object.keys(configs),
    configOf,
    controllerOf: async (name) => await controllerOf(configOf(name)),
    ids: () => store.list(PAUSES),
    open: () =>
      openOnes((_, error) => {
        throw error;
      }),
    async survey() {
      const damaged: PauseSurvey['damaged'][number][] = [];
      const open = await openOnes((id, error) => {
        if (!isRunbackError(error)) throw error;
        damaged.push({ id, why: causeOf(error) });
      });
      return { open, damaged };
    },
    document: (id) => store.document<PauseRecord>(PAUSES, id),
  };
}

/** What went wrong with one sync, kept until the others have had their turn. */
export interface Trouble {
  readonly sync: string;
  readonly error: unknown;
}

/**
 * The one error for all of them: with one sync its own, with its code. Never returns where `troubles` holds anything.
 */
export function throwTogether(
  troubles: readonly Trouble[],
  words: (names: string) => string,
  details: { state: string; next: string; pause: string },
): void {
  const [first] = troubles;
  if (first === undefined) return;
  const { state, next, pause } = details;
  const known = troubles.length === 1 && isRunbackError(first.error) ? first.error : undefined;
  throw new RunbackError(known?.code ?? 'sync-failed', words(troubles.map(({ sync }) => sync).join(', ')), {
    why: troubles.map(({ sync, error }) => `${sync}: ${causeOf(error)}`).join('\n'),
    state,
    next,
    data: { pause, failed: troubles.map(({ sync }) => sync) },
    cause: first.error,
  });
}

/** Where the lock of all syncs was lost, another process is at them: nothing more is done or noted here. Throws that error. */
export function orFenced(error: unknown): void {
  if (isRunbackError(error, 'fenced')) throw error;
}

/** An error in one line, with its reason. */
export function causeOf(error: unknown): string {
  return isRunbackError(error) && error.why !== undefined ? `${error.message}: ${error.why}` : messageOf(error);
}
