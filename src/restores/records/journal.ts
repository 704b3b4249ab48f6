import type { Platform } from '../../connectors/index.js';
import { defined, RunbackError } from '../../lib/index.js';
import { ownValue, setOwn } from '../../records/index.js';
import type { JournalEntry, Store } from '../../store/index.js';
import type { RestoreSummary } from '../types.js';
import { CLOCK_JITTER_MS, Batches } from './batches.js';
import type { BesideRecord, ItemResult, JournalItem, JournalLink, Pending, PlatformMade } from './items.js';
import { isLeft, leftCounts, leftGroups } from './left.js';
import type { Approval } from './plan-file.js';
import { tallyOf } from './tally.js';

/** Kind of journals that restores write. */
export const RESTORES = 'restores';

/** What its journal keeps byte for byte: an undo writes it back, a resume compares it. Messages stay redacted. */
export const EXACT: readonly string[] = [
  'items',
  'ids',
  'token',
  'id',
  'key',
  'recreated',
  'fields',
  'stored',
  'altered',
  'beside',
  'displaced',
  'brought',
  'returned',
  'links',
  'wanted',
  'records',
  'plan',
  'hash',
  'platform',
  'account',
  'step',
  'incidents',
  'there',
];

/** Settings a restore keeps for its whole life. */
export interface RestoreSettings {
  /** Records in the first batch. */
  readonly canary: number;
  readonly errorsPercent: number;
  readonly skippedPercent: number;
}

/** Data of `restore.created`. */
export interface RestoreCreated {
  readonly plan: string;
  readonly hash: string;
  readonly platform: string;
  readonly account: string;
  readonly total: number;
  readonly confirmed: string;
  readonly settings: RestoreSettings;
  readonly approvals: readonly Approval[];
  /** The run this is a step of. */
  readonly run?: string;
  /** Key of the step that began it; null where it was begun by hand. Absent in journals of earlier versions. */
  readonly step?: string | null;
  /**
   * Incidents that were open on the platform when it was begun by hand. Absent in a run, and in journals of earlier
   * versions.
   */
  readonly incidents?: readonly string[];
  /**
   * When it began by the platform's clock, ISO 8601: not earlier than that. Absent where it did not tell, and in
   * journals of earlier versions.
   */
  readonly there?: string;
  /** Absent where no automation reacts, and in journals of earlier versions. */
  readonly accepted?: AcceptedAutomations;
}

/** Automations that a restore was begun beside, although they react to what it writes. */
export interface AcceptedAutomations {
  /** The person who accepts it. */
  readonly by: string;
  /** Names of syncs in runback.yml. */
  readonly automations: readonly string[];
}

/** A restore as its journal tells it. */
export interface RestoreState {
  readonly id: string;
  readonly created: RestoreCreated;
  readonly apply: Batches;
  readonly undo: Batches;
  /** When it began, by our clock and the platform's. */
  readonly began: Pick<Pending, 'at' | 'there' | 'clockMoved'>;
  /** The first batch was read back and found right. */
  readonly canaryPassed: boolean;
  /** What the platform made beside it was looked for when it had come to its end. */
  readonly looked: boolean;
  readonly summary: RestoreSummary;
}

/** Derives a restore from its journal alone. Throws `not-found`, `journal-damaged`. */
export async function foldRestore(store: Store, id: string, options: { readonly keepApplied?: boolean } = {}): Promise<RestoreState> {
  const journal = store.journal(RESTORES, id);
  if (!(await journal.exists())) throw missing(id);
  const fold = new RestoreFold(id, options);
  for await (const entry of journal.read({ whole: true })) fold.take(entry);
  return fold.state();
}

/** The error for a restore of which there is no journal. */
function missing(id: string): RunbackError {
  return new RunbackError('not-found', `There is no restore ${id}`, { next: 'List the restores with: runback status' });
}

/** Lines of the journal that tell of a batch: of the restore or of its undo, and what of it. */
const BATCH_EVENTS: ReadonlyMap<string, { readonly of: 'apply' | 'undo'; readonly is: 'intent' | 'commit' | 'outcome' }> = new Map([
  ['batch.intent', { of: 'apply', is: 'intent' }],
  ['batch.commit', { of: 'apply', is: 'commit' }],
  ['batch.outcome', { of: 'apply', is: 'outcome' }],
  ['undo.intent', { of: 'undo', is: 'intent' }],
  ['undo.commit', { of: 'undo', is: 'commit' }],
  ['undo.outcome', { of: 'undo', is: 'outcome' }],
]);

/** A restore as the lines of its journal tell it, line by line. */
export class RestoreFold {
  readonly #apply: Batches;
  readonly #undo = new Batches(false);
  #created: RestoreCreated | undefined;
  #startedAt = '';
  #before = '';
  #now: Standing = { state: 'running', because: undefined, finishedAt: undefined };
  #canaryPassed = false;
  #looked = false;
  #undoing = false;
  #wentBack = false;

  /** `keepApplied`: also keep what was written, for an undo. */
  constructor(
    private readonly id: string,
    { keepApplied = false }: { readonly keepApplied?: boolean } = {},
  ) {
    this.#apply = new Batches(keepApplied);
  }

  /** False as long as it has no first line. */
  get hasBegun(): boolean {
    return this.#created !== undefined;
  }

  /** Takes in a line that was read. */
  take(entry: JournalEntry): void {
    this.note(entry);
    const event = BATCH_EVENTS.get(entry.type);
    if (event === undefined) return;
    const batches = event.of === 'undo' ? this.#undo : this.#apply;
    const { at, data } = entry;
    if (event.is === 'intent') batches.intended(data['batch'] as number, data['items'] as readonly JournalItem[], at, data);
    else if (event.is === 'commit') batches.committing(data['token'] as string, data['ids'] as readonly string[]);
    else batches.ended(data['batch'] as number, data['results'] as readonly ItemResult[]);
  }

  /**
   * Takes in a line that was just written by whoever changes the batches of {@link state} himself: everything of it but
   * those.
   */
  note(entry: JournalEntry): void {
    if (Date.parse(entry.at) < Date.parse(this.#startedAt) - CLOCK_JITTER_MS) this.#wentBack = true;
    if (entry.at < this.#before) for (const one of [this.#apply, this.#undo]) one.clockBackAt(entry.at);
    this.#before = entry.at;
    if (BATCH_EVENTS.has(entry.type)) return;
    if (entry.type === 'restore.created') {
      this.#created = entry.data as unknown as RestoreCreated;
      this.#startedAt = entry.at;
    } else if (entry.type === 'restore.beside') this.#apply.made = madeIn(entry);
    else if (entry.type === 'batch.canary') this.#canaryPassed = (entry.data['wrong'] as readonly string[]).length === 0;
    this.#undoing ||= entry.type === 'undo.created';
    this.#looked ||= entry.type === 'restore.closed';
    this.#now = standingAfter(entry, this.#now);
  }

  /**
   * The restore after these lines. Its batches are those of the fold: they go on. Throws `not-found` for one that was
   * stopped before its first line.
   */
  state(): RestoreState {
    const { id } = this;
    if (this.#created === undefined)
      throw new RunbackError('not-found', `Restore ${id} was stopped before it started`, {
        state: 'Nothing was written to the platform by it.',
        next: 'Apply its plan again: runback restore apply latest',
      });
    const { there } = this.#created;
    const began = { at: this.#startedAt, ...defined({ there }), ...(this.#wentBack ? { clockMoved: true as const } : {}) };
    const parts = { apply: this.#apply, undo: this.#undo, canaryPassed: this.#canaryPassed, looked: this.#looked };
    return { id, created: this.#created, ...parts, began, summary: this.#summary(this.#created) };
  }

  #summary(created: RestoreCreated): RestoreSummary {
    const counts = leftCounts(this.#apply);
    const { state, because, finishedAt } = this.#now;
    return {
      id: this.id,
      plan: created.plan,
      platform: created.platform,
      state: state === 'done' && isLeft(counts) ? 'partial' : state,
      ...counts,
      total: created.total,
      ...tallyOf(this.#apply),
      ...leftGroups(this.#apply),
      ...(this.#undoing ? { undo: leftCounts(this.#undo) } : {}),
      ...defined({ run: created.run, stoppedBecause: because }),
      keyMap: keyMapOf(this.#apply, this.#undo),
      startedAt: this.#startedAt,
      ...defined({ finishedAt }),
    };
  }
}

function madeIn({ data }: JournalEntry): PlatformMade {
  return {
    links: data['links'] as readonly JournalLink[],
    wanted: (data['wanted'] ?? []) as readonly JournalLink[],
    records: data['records'] as readonly BesideRecord[],
  };
}

/**
 * As {@link foldRestore}; undefined for a restore that was killed before its first line was whole, and so has done
 * nothing.
 */
export async function foldBegun(store: Store, id: string): Promise<RestoreState | undefined> {
  const fold = new RestoreFold(id);
  for await (const entry of store.journal(RESTORES, id).read({ whole: true })) fold.take(entry);
  return fold.hasBegun ? fold.state() : undefined;
}

/** The state of a restore, derived from its journal. Throws `not-found`, `journal-damaged`. */
export async function readRestore(store: Store, id: string): Promise<RestoreSummary> {
  return (await foldRestore(store, id)).summary;
}

/**
 * The first line of a restore, before anything it wrote; undefined where it was killed before that line was whole.
 * Throws `journal-damaged`.
 */
export async function readCreated(store: Store, id: string): Promise<RestoreCreated | undefined> {
  // Whole: a journal that lost every line is damaged, and not one that never began.
  for await (const entry of store.journal(RESTORES, id).read({ whole: true }))
    if (entry.type === 'restore.created') return entry.data as unknown as RestoreCreated;
  return undefined;
}

/**
 * As {@link readCreated}, of a restore that somebody names: throws `not-found` where there is none, or none that began.
 */
export async function createdOf(store: Store, id: string): Promise<RestoreCreated> {
  if (!(await store.journal(RESTORES, id).exists())) throw missing(id);
  return (await readCreated(store, id)) ?? new RestoreFold(id).state().created;
}

/** What earlier restores of a platform created again under a new key. */
export interface Recreations {
  /** The present key of a record created again; undefined where none was. */
  find(object: string, key: string): Promise<string | undefined>;
  /** The restore that may or may not have created this record. */
  inDoubt(object: string, key: string): Promise<string | undefined>;
}

/** Where nothing was created again. */
export const NO_RECREATIONS: Recreations = { find: () => Promise.resolve(undefined), inDoubt: () => Promise.resolve(undefined) };

/**
 * Looks through the journals of all restores of a platform for records that were created again (G13); reads them when
 * first asked. `except`: a restore that knows its own.
 */
export function readRecreations(store: Store, platform: Platform, except?: string): Recreations {
  let loaded: ReturnType<typeof loadRecreations> | undefined;
  const load = (): ReturnType<typeof loadRecreations> => (loaded ??= loadRecreations(store, platform, except));
  return {
    find: async (object, key) => (await load()).keys.get(`${object}\u0000${key}`),
    inDoubt: async (object, key) => (await load()).doubtful.get(`${object}\u0000${key}`),
  };
}

async function loadRecreations(
  store: Store,
  platform: Platform,
  except: string | undefined,
): Promise<{ keys: Map<string, string>; doubtful: Map<string, string> }> {
  const keys = new Map<string, string>();
  const doubtful = new Map<string, string>();
  for (const id of await store.journals(RESTORES)) {
    if (id === except) continue;
    const created = await readCreated(store, id);
    // Under one name an entry of runback.yml may have led to another account before: its keys mean nothing here.
    if (created?.platform !== platform.name || created.account !== platform.identity.account) continue;
    const { apply, summary } = await foldRestore(store, id);
    for (const [object, map] of Object.entries(summary.keyMap)) for (const [old, key] of Object.entries(map)) keys.set(`${object}\u0000${old}`, key);
    for (const { item } of apply.pending) if (item.action === 'create') doubtful.set(`${item.object}\u0000${item.key}`, id);
  }
  return { keys, doubtful };
}

/** Where a restore is, and why it stands there. */
interface Standing {
  readonly state: RestoreSummary['state'];
  readonly because: string | undefined;
  readonly finishedAt: string | undefined;
}

function standingAfter(entry: JournalEntry, now: Standing): Standing {
  const because = String(entry.data['because']);
  switch (entry.type) {
    case 'restore.stopped':
      return { state: 'stopped', because, finishedAt: undefined };
    case 'restore.resumed':
      return { state: 'running', because: undefined, finishedAt: undefined };
    case 'restore.closed':
      return { state: 'done', because: undefined, finishedAt: entry.at };
    case 'undo.created':
      return { state: 'undoing', because: undefined, finishedAt: undefined };
    case 'undo.stopped':
      return { state: 'undo_failed', because, finishedAt: undefined };
    case 'undo.closed':
      return { state: 'undone', because: undefined, finishedAt: entry.at };
    default:
      return now;
  }
}

/** What stands created now: what the restore created and its undo did not delete again. */
function keyMapOf(apply: Batches, undo: Batches): Record<string, Record<string, string>> {
  const map: Record<string, Record<string, string>> = {};
  const gone = new Set<string>();
  for (const [object, keys] of undo.deleted) for (const key of keys) gone.add(`${object}\u0000${key}`);
  for (const [object, keys] of apply.keyMap)
    for (const [old, key] of keys) {
      if (gone.has(`${object}\u0000${key}`)) continue;
      const keys = ownValue(map, object) ?? {};
      setOwn(keys, old, key);
      setOwn(map, object, keys);
    }
  return map;
}
