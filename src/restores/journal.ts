import type { MutationResult, Platform, RejectReason } from '../connectors/index.js';
import { RunbackError } from '../lib/index.js';
import { own, put, type Fields } from '../records/index.js';
import type { JournalEntry, Store } from '../store/index.js';
import { isLeft, leftCounts, leftGroups } from './left.js';
import type { Approval } from './plan-file.js';
import { LineSpool } from './spool.js';
import { tallyOf } from './tally.js';
import type { FieldMove, RestoreSummary } from './types.js';

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

/** A mutation as the journal holds it: enough to send it, look it up and undo it without the plan. */
export type JournalItem =
  | {
      readonly id: string;
      readonly action: 'update';
      readonly object: string;
      readonly key: string;
      readonly set: Fields;
      readonly replaced: Fields;
      /** Fields of the plan that are not in `set`: somebody changed them after the plan was made. */
      readonly left?: readonly string[];
      /** Fields of `set` that hold their value already and are written with it, so that the platform does not set them by itself. */
      readonly keeps?: readonly string[];
      readonly refused?: readonly RefusedField[];
    }
  | {
      readonly id: string;
      readonly action: 'create';
      readonly object: string;
      readonly key: string;
      readonly set: Fields;
      /** Values that only a creation can set. */
      readonly given?: Fields;
      readonly refused?: readonly RefusedField[];
    }
  | {
      readonly id: string;
      readonly action: 'delete';
      readonly object: string;
      readonly key: string;
      readonly replaced: Fields;
      /** Values that only a creation can set. */
      readonly given?: Fields;
      readonly links: readonly JournalLink[];
    }
  | { readonly id: string; readonly action: 'undelete'; readonly object: string; readonly key: string }
  | ({ readonly id: string; readonly action: 'link' | 'unlink' } & JournalLink);

/** A link as the journal holds it: its kind, with object type and key at both ends. */
export interface JournalLink {
  readonly link: string;
  readonly fromObject: string;
  readonly toObject: string;
  readonly from: string;
  readonly to: string;
}

/** A field that the platform refused, so that the rest of its record was written without it. */
export interface RefusedField {
  readonly field: string;
  readonly reason: RejectReason;
  readonly message: string;
}

/** What became of one item. */
export interface ItemResult {
  readonly id: string;
  readonly status: MutationResult['status'];
  /** Key of the record, new after a create. */
  readonly key?: string;
  /** It was so before; nothing was sent. */
  readonly already?: true;
  /** With `already`, of a create: the record that `key` is. */
  readonly recreated?: { readonly object: string; readonly key: string };
  readonly reason?: RejectReason;
  readonly message?: string;
  readonly correlationId?: string;
  /** With `failed`: the platform said that it was written, and it was not there. */
  readonly contradicted?: true;
  /** Of a refusal: the fields that it is about, where that is known. */
  readonly fields?: readonly string[];
  /** Written values that the platform keeps in a form of its own. */
  readonly stored?: Fields;
  /** Those of `stored` that say something else than what was sent: cut off, rounded, replaced. */
  readonly altered?: readonly string[];
  /** Fields that the platform changed beside what was written. */
  readonly beside?: Readonly<Record<string, FieldMove>>;
  /** Links that the platform cut because of this one. */
  readonly displaced?: readonly JournalLink[];
  /** Links that the platform made because of this one. */
  readonly brought?: readonly JournalLink[];
}

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
  /** Incidents that were open on the platform when it was begun by hand. Absent in a run, and in journals of earlier versions. */
  readonly incidents?: readonly string[];
  /** When it began by the platform's clock, ISO 8601: not earlier than that. Absent where it did not tell, and in journals of earlier versions. */
  readonly there?: string;
}

/** An item that was or may have been sent and whose end is not known. */
export interface Pending {
  readonly item: JournalItem;
  /** ISO 8601: when the intent was written. */
  readonly at: string;
  /** The same by the platform's clock, ISO 8601: not earlier than that. Absent where it did not tell, and in journals of earlier versions. */
  readonly there?: string;
  /** The batch of the intent. */
  readonly batch: number;
  /** The platform tells of its commits before it makes them. */
  readonly tells?: true;
  /** The commit that the item was to be part of. */
  readonly commit?: string;
  /** A later line of the journal has an earlier time: the clock was put back since, and `at` says nothing of when it was. */
  readonly clockMoved?: true;
}

/** What an intent says beside its items. */
export type IntentSays = Readonly<Partial<Record<'tells', boolean> & Record<'there', string>>>;

/** How far a clock goes back by being kept right all the time. */
const CLOCK_JITTER_MS = 5_000;

/** How the message of an item ends that waits for others. */
export const WAITS = 'waits for changes that failed';

/** One direction of a restore: its batches, derived from the journal. */
export class Batches {
  /** The last known status of every item that has one. */
  readonly statuses = new Map<string, ItemResult['status']>();
  /** Items that failed only since they wait for others that failed. */
  readonly waiting = new Set<string>();
  /** Items that were, or may have been, sent at least once. */
  readonly sent = new Set<string>();
  /** Items that were sent and have no end: in doubt, or failed and to be sent again. */
  readonly #open = new Map<string, Pending>();
  /** Old key to new key of created records, by object type. */
  readonly keyMap = new Map<string, Map<string, string>>();
  readonly counts = { applied: 0, moved: 0, rejected: 0, failed: 0, in_doubt: 0 };
  /** Why what has no good end has none, as the platform or the look at it said; of changes alone, not of what follows from them. */
  readonly whys = new Map<string, Pick<ItemResult, 'reason' | 'message'>>();
  /** Items that we wrote, as lines, in the order in which they came to stand; `key` is that of the record now. */
  readonly applied: LineSpool | undefined;
  /** Fields that were left as they are since somebody changed them after the plan was made, by item. */
  readonly left = new Map<string, readonly string[]>();
  /** Written values that the platform keeps in a form of its own, by item. */
  readonly stored = new Map<string, Fields>();
  /** Of `stored`, fields that say something else than what was sent, by item. */
  readonly altered = new Map<string, readonly string[]>();
  /** Object types of the items of `stored`. */
  readonly storedOf = new Map<string, string>();
  /** What fields were written with only so that they keep it, by item. */
  readonly kept = new Map<string, Fields>();
  /** Fields that the platform refused and that were taken out, by item. */
  readonly refused = new Map<string, { readonly object: string; readonly fields: readonly RefusedField[] }>();
  /** What the platform changed beside what was written, and is so still, by item. */
  readonly beside = new Map<string, Beside>();
  /** Items that were so before, so that nothing was sent. */
  readonly stood = new Set<string>();
  /** Links that the platform made because of others. */
  readonly brought: JournalLink[] = [];
  /** What the platform linked to created records, and made for that. */
  made: PlatformMade = { links: [], records: [] };
  /** Keys of records that were deleted, by object type. */
  readonly deleted = new Map<string, Set<string>>();
  nextBatch = 1;

  /** `keepApplied`: also keep what was written, for an undo. */
  constructor(keepApplied: boolean) {
    this.applied = keepApplied ? new LineSpool() : undefined;
  }

  /** Takes an intent in. */
  intended(batch: number, items: readonly JournalItem[], at: string, { tells = false, there }: IntentSays = {}): void {
    this.nextBatch = Math.max(this.nextBatch, batch + 1);
    for (const item of items) {
      this.#open.set(item.id, { item, at, batch, ...(there === undefined ? {} : { there }), ...(tells ? { tells } : {}) });
      this.sent.add(item.id);
      this.#set(item.id, 'in_doubt');
    }
  }

  /** Takes in that the platform is about to commit items. */
  committing(commit: string, ids: readonly string[]): void {
    for (const id of ids) {
      const open = this.#open.get(id);
      if (open !== undefined) this.#open.set(id, { ...open, commit });
    }
  }

  /** Takes in that the clock went back to this time: what is open and later was not then. */
  clockBackAt(at: string): void {
    const latest = Date.parse(at) + CLOCK_JITTER_MS;
    for (const [id, open] of this.#open) if (Date.parse(open.at) > latest) this.#open.set(id, { ...open, clockMoved: true });
  }

  /** Takes an outcome in. */
  ended(batch: number, results: readonly ItemResult[]): void {
    this.nextBatch = Math.max(this.nextBatch, batch + 1);
    for (const result of results) {
      this.#set(result.id, result.status);
      this.#explain(result);
      if (result.already === true) this.stood.add(result.id);
      if (result.status === 'failed' && result.message?.endsWith(WAITS) === true) this.waiting.add(result.id);
      else this.waiting.delete(result.id);
      const sent = this.#open.get(result.id);
      const item = sent?.item;
      if (result.status === 'in_doubt' || result.status === 'failed') continue;
      this.#open.delete(result.id);
      if (result.recreated !== undefined && result.key !== undefined) this.#created(result.recreated.object, result.recreated.key, result.key);
      if (item === undefined || result.status !== 'applied') continue;
      const key = result.key ?? ('key' in item ? item.key : '');
      if (item.action === 'create') this.#created(item.object, item.key, key);
      if (item.action === 'update' && item.left !== undefined) this.left.set(item.id, item.left);
      if (item.action === 'delete') this.#deletedKeys(item.object).add(item.key);
      if (result.already === true) continue;
      if (result.brought !== undefined) this.brought.push(...result.brought);
      if (item.action === 'update' || item.action === 'create') this.#noted(item, key, result);
      const { stored, beside, displaced, brought } = result;
      const made = item.action === 'create' ? key : undefined;
      this.applied?.push(JSON.stringify({ ...item, ...defined({ made, batch: sent?.batch, stored, beside, displaced, brought }) }));
    }
  }

  #noted(item: WrittenItem, key: string, { stored, altered, beside }: ItemResult): void {
    if (item.action === 'update' && item.keeps !== undefined && !this.kept.has(item.id))
      this.kept.set(item.id, Object.fromEntries(item.keeps.map((name) => [name, own(item.set, name) ?? null])));
    if (item.refused !== undefined) this.refused.set(item.id, { object: item.object, fields: item.refused });
    if (stored !== undefined) {
      this.stored.set(item.id, stored);
      this.storedOf.set(item.id, item.object);
      if (altered !== undefined) this.altered.set(item.id, altered);
    }
    if (beside !== undefined) this.beside.set(item.id, { id: item.id, object: item.object, key, moves: beside, keeps: keptBy(item) });
    if (!item.id.endsWith(FILL)) return;
    // What was put right after its record is no longer beside the plan.
    const of = item.id.slice(0, -FILL.length);
    const before = this.beside.get(of);
    if (before === undefined) return;
    const rest = Object.entries(before.moves).filter(([name]) => own(item.set, name) === undefined);
    if (rest.length === 0) this.beside.delete(of);
    else this.beside.set(of, { ...before, moves: Object.fromEntries(rest) });
  }

  /** What the platform changed by itself although the plan says what it should be, and that is still to be put right. */
  get toFill(): readonly Beside[] {
    return [...this.beside.values()].flatMap((one): Beside[] => {
      const moves = Object.entries(one.moves).filter(([name]) => one.keeps === 'all' || one.keeps.includes(name));
      const status = this.statuses.get(`${one.id}${FILL}`);
      const open = status === undefined || status === 'failed';
      return moves.length === 0 || one.id.endsWith(FILL) || !open ? [] : [{ ...one, moves: Object.fromEntries(moves) }];
    });
  }

  /** Items that may or may not have happened. */
  get pending(): readonly Pending[] {
    return [...this.#open.values()].filter(({ item }) => this.statuses.get(item.id) === 'in_doubt');
  }

  /**
   * True where something beside these items failed or is in doubt, and so will be tried or looked at again. `orWaits`: what only waits for
   * other changes counts too.
   */
  unfinishedBeside(ids: readonly string[], orWaits: boolean): boolean {
    const counts = (id: string): boolean => isOpen(this.statuses.get(id)) && (orWaits || !this.waiting.has(id));
    const own = ids.filter((id) => !id.includes('+') && counts(id)).length;
    return this.counts.failed + this.counts.in_doubt - (orWaits ? 0 : this.waiting.size) > own;
  }

  /** Items that the platform refused as a whole. */
  get rejected(): readonly string[] {
    return [...this.statuses].flatMap(([id, status]) => (status === 'rejected' ? [id] : []));
  }

  /** Forgets changes that were refused, as if they had never been tried: nothing of them stands, so that trying again repeats nothing. */
  forget(rejected: readonly string[]): void {
    for (const id of rejected) {
      if (this.statuses.get(id) !== 'rejected') continue;
      if (!id.includes('+')) this.counts.rejected -= 1;
      this.statuses.delete(id);
      this.sent.delete(id);
      this.whys.delete(id);
    }
  }

  /** The key a record has now, if these batches created it anew. */
  keyOf(object: string, key: string): string {
    return this.keyMap.get(object)?.get(key) ?? key;
  }

  #created(object: string, old: string, key: string): void {
    let keys = this.keyMap.get(object);
    if (keys === undefined) this.keyMap.set(object, (keys = new Map()));
    keys.set(old, key);
  }

  #deletedKeys(object: string): Set<string> {
    let keys = this.deleted.get(object);
    if (keys === undefined) this.deleted.set(object, (keys = new Set()));
    return keys;
  }

  #explain({ id, status, reason, message }: ItemResult): void {
    if (status === 'applied') this.whys.delete(id);
    else if (!id.includes('+')) this.whys.set(id, { ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }) });
  }

  #set(id: string, status: ItemResult['status']): void {
    const before = this.statuses.get(id);
    // What follows from a change (`7+fields`) is part of it and not counted again.
    if (!id.includes('+')) {
      if (before !== undefined) this.counts[before] -= 1;
      this.counts[status] += 1;
    }
    this.statuses.set(id, status);
  }
}

function isOpen(status: ItemResult['status'] | undefined): boolean {
  return status === 'failed' || status === 'in_doubt';
}

/** An item that was written, with the key its record was created under, the batch it was sent in, and what the platform made of it. */
export type AppliedItem = JournalItem & { readonly made?: string; readonly batch?: number } & Pick<
    ItemResult,
    'stored' | 'beside' | 'displaced' | 'brought'
  >;

type WrittenItem = Extract<JournalItem, { readonly action: 'update' | 'create' }>;

/** What the platform changed beside one item. */
export interface Beside {
  readonly id: string;
  readonly object: string;
  /** Of the record now. */
  readonly key: string;
  readonly moves: Readonly<Record<string, FieldMove>>;
  /** Fields that should hold what was sent; of a record that was created, every one. */
  readonly keeps: readonly string[] | 'all';
}

/** A record that the platform created by itself, with its fields as they were seen. */
export interface BesideRecord {
  readonly object: string;
  readonly key: string;
  readonly fields: Fields;
}

/** What the platform made beside a restore. */
export interface PlatformMade {
  /** Links that no plan asked for. */
  readonly links: readonly JournalLink[];
  /** Links that the plan asked for too, and that were there before they could be made. */
  readonly wanted?: readonly JournalLink[];
  readonly records: readonly BesideRecord[];
}

/** How the id of an update ends that puts right what the platform changed beside another item. */
export const FILL = '+fields';
/** How the id of an item begins that takes away a link which the platform made because of another. */
export const BROUGHT = 'brought+';

function keptBy(item: WrittenItem): Beside['keeps'] {
  return item.action === 'create' ? 'all' : Object.keys(item.set);
}

function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
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
  if (!(await journal.exists())) throw new RunbackError('not-found', `There is no restore ${id}`, { next: 'List the restores with: runback status' });
  const apply = new Batches(options.keepApplied === true);
  const undo = new Batches(false);
  let created: RestoreCreated | undefined;
  let startedAt = '';
  let finishedAt: string | undefined;
  let state: RestoreSummary['state'] = 'running';
  let because: string | undefined;
  let canaryPassed = false;
  let looked = false;
  let undoing = false;
  let before = '';
  let wentBack = false;
  for await (const entry of journal.read({ whole: true })) {
    const batches = entry.type.startsWith('undo.') ? undo : apply;
    if (Date.parse(entry.at) < Date.parse(startedAt) - CLOCK_JITTER_MS) wentBack = true;
    if (entry.at < before) for (const one of [apply, undo]) one.clockBackAt(entry.at);
    before = entry.at;
    switch (entry.type) {
      case 'restore.created':
        created = entry.data as unknown as RestoreCreated;
        startedAt = entry.at;
        break;
      case 'batch.intent':
      case 'undo.intent':
        batches.intended(entry.data['batch'] as number, entry.data['items'] as readonly JournalItem[], entry.at, entry.data);
        break;
      case 'batch.commit':
      case 'undo.commit':
        batches.committing(entry.data['token'] as string, entry.data['ids'] as readonly string[]);
        break;
      case 'batch.outcome':
      case 'undo.outcome':
        batches.ended(entry.data['batch'] as number, entry.data['results'] as readonly ItemResult[]);
        break;
      case 'restore.beside':
        apply.made = {
          links: entry.data['links'] as readonly JournalLink[],
          wanted: (entry.data['wanted'] ?? []) as readonly JournalLink[],
          records: entry.data['records'] as readonly BesideRecord[],
        };
        break;
      case 'undo.created':
        undoing = true;
        ({ state, because, finishedAt } = stateAfter(entry, { state, because, finishedAt }));
        break;
      case 'batch.canary':
        canaryPassed = (entry.data['wrong'] as readonly string[]).length === 0;
        break;
      default:
        looked ||= entry.type === 'restore.closed';
        ({ state, because, finishedAt } = stateAfter(entry, { state, because, finishedAt }));
    }
  }
  if (created === undefined)
    throw new RunbackError('not-found', `Restore ${id} was stopped before it began`, {
      state: 'Nothing was written to the platform by it.',
      next: 'Apply its plan again: runback restore apply latest',
    });
  const counts = leftCounts(apply);
  const summary: RestoreSummary = {
    id,
    plan: created.plan,
    platform: created.platform,
    state: state === 'done' && isLeft(counts) ? 'partial' : state,
    ...counts,
    total: created.total,
    ...tallyOf(apply),
    ...leftGroups(apply),
    ...(undoing ? { undo: leftCounts(undo) } : {}),
    ...(created.run === undefined ? {} : { run: created.run }),
    ...(because === undefined ? {} : { stoppedBecause: because }),
    keyMap: keyMapOf(apply, undo),
    startedAt,
    ...(finishedAt === undefined ? {} : { finishedAt }),
  };
  const { there } = created;
  const began = { at: startedAt, ...(there === undefined ? {} : { there }), ...(wentBack ? { clockMoved: true as const } : {}) };
  return { id, created, apply, undo, began, canaryPassed, looked, summary };
}

/** As {@link foldRestore}; undefined for a restore that was killed before its first line was whole, and so has done nothing. */
export async function foldBegun(store: Store, id: string): Promise<RestoreState | undefined> {
  for await (const _entry of store.journal(RESTORES, id).read({ whole: true })) return foldRestore(store, id);
  return undefined;
}

/** The state of a restore, derived from its journal. Throws `not-found`, `journal-damaged`. */
export async function readRestore(store: Store, id: string): Promise<RestoreSummary> {
  return (await foldRestore(store, id)).summary;
}

/** The first line of a restore, before anything it wrote; undefined where it was killed before that line was whole. Throws `journal-damaged`. */
export async function readCreated(store: Store, id: string): Promise<RestoreCreated | undefined> {
  for await (const entry of store.journal(RESTORES, id).read()) if (entry.type === 'restore.created') return entry.data as unknown as RestoreCreated;
  return undefined;
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
 * Looks through the journals of all restores of a platform for records that were created again (G13); reads them when first asked.
 * `except`: a restore that knows its own.
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
    const state = await foldBegun(store, id);
    if (state === undefined) continue;
    // Under one name an entry of runback.yml may have led to another account before: its keys mean nothing here.
    if (state.created.platform !== platform.name || state.created.account !== platform.identity.account) continue;
    const { apply, summary } = state;
    for (const [object, map] of Object.entries(summary.keyMap)) for (const [old, key] of Object.entries(map)) keys.set(`${object}\u0000${old}`, key);
    for (const { item } of apply.pending) if (item.action === 'create') doubtful.set(`${item.object}\u0000${item.key}`, id);
  }
  return { keys, doubtful };
}

function stateAfter(
  entry: JournalEntry,
  now: { state: RestoreSummary['state']; because: string | undefined; finishedAt: string | undefined },
): { state: RestoreSummary['state']; because: string | undefined; finishedAt: string | undefined } {
  switch (entry.type) {
    case 'restore.stopped':
      return { state: 'stopped', because: String(entry.data['because']), finishedAt: undefined };
    case 'restore.resumed':
      return { state: 'running', because: undefined, finishedAt: undefined };
    case 'restore.closed':
      return { state: 'done', because: undefined, finishedAt: entry.at };
    case 'undo.created':
      return { state: 'undoing', because: undefined, finishedAt: undefined };
    case 'undo.stopped':
      return { state: 'undo_failed', because: String(entry.data['because']), finishedAt: undefined };
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
      const keys = own(map, object) ?? {};
      put(keys, old, key);
      put(map, object, keys);
    }
  return map;
}
