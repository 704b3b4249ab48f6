import { defined } from '../../lib/index.js';
import { ownValue, type Fields } from '../../records/index.js';
import { changeOfFields, fieldsAfter, isChange } from './item-ids.js';
import {
  type ItemResult,
  type Pending,
  type RefusedField,
  type Beside,
  type JournalLink,
  type PlatformMade,
  type JournalItem,
  type IntentSays,
  type WrittenItem,
} from './items.js';
import { LineSpool } from './spool.js';
import { Statuses } from './statuses.js';

/** One direction of a restore: its batches, derived from the journal. */
export class Batches {
  /** The last known status of every item that has one, and which were sent. */
  readonly statuses = new Statuses();
  /** Items that failed only since they wait for others that failed. */
  readonly waiting = new Set<string>();
  /** Items that were sent and have no end: in doubt, or failed and to be sent again. */
  readonly #open = new Map<string, Open>();
  /** Old key to new key of created records, by object type. */
  readonly keyMap = new Map<string, Map<string, string>>();
  readonly counts = { applied: 0, moved: 0, rejected: 0, failed: 0, in_doubt: 0 };
  /**
   * Why what has no good end has none, as the platform or the look at it said; of changes alone, not of what follows
   * from them.
   */
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
    const intent = { at, batch, ...defined({ there }), ...(tells ? { tells } : {}) };
    for (const item of items) {
      this.#open.set(item.id, { item, intent });
      this.statuses.sent(item.id);
      this.#set(item.id, 'in_doubt');
    }
  }

  /** Takes in that the platform is about to commit items. */
  committing(commit: string, ids: readonly string[]): void {
    for (const id of ids) {
      const open = this.#open.get(id);
      if (open !== undefined) open.commit = commit;
    }
  }

  /** Takes in that the clock went back to this time: what is open and later was not then. */
  clockBackAt(at: string): void {
    const latest = Date.parse(at) + CLOCK_JITTER_MS;
    for (const open of this.#open.values()) if (Date.parse(open.intent.at) > latest) open.clockMoved = true;
  }

  /** Takes an outcome in. */
  ended(batch: number, results: readonly ItemResult[]): void {
    this.nextBatch = Math.max(this.nextBatch, batch + 1);
    for (const result of results) {
      this.#set(result.id, result.status);
      this.#explain(result);
      if (result.already === true) this.stood.add(result.id);
      if (isWaiting(result)) this.waiting.add(result.id);
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
      const { stored, beside, displaced, brought, returned } = result;
      const made = item.action === 'create' ? key : undefined;
      this.applied?.push(JSON.stringify({ ...item, ...defined({ made, batch: sent?.intent.batch, stored, beside, displaced, brought, returned }) }));
    }
  }

  #noted(item: WrittenItem, key: string, { stored, altered, beside }: ItemResult): void {
    if (item.action === 'update' && item.keeps !== undefined && !this.kept.has(item.id))
      this.kept.set(item.id, Object.fromEntries(item.keeps.map((name) => [name, ownValue(item.set, name) ?? null])));
    if (item.refused !== undefined) this.refused.set(item.id, { object: item.object, fields: item.refused });
    if (stored !== undefined) {
      this.stored.set(item.id, stored);
      this.storedOf.set(item.id, item.object);
      if (altered !== undefined) this.altered.set(item.id, altered);
    }
    if (beside !== undefined) this.beside.set(item.id, { id: item.id, object: item.object, key, moves: beside, keeps: keptBy(item) });
    // What was put right after its record is no longer beside the plan.
    const of = changeOfFields(item.id);
    if (of === undefined) return;
    const before = this.beside.get(of);
    if (before === undefined) return;
    const rest = Object.entries(before.moves).filter(([name]) => ownValue(item.set, name) === undefined);
    if (rest.length === 0) this.beside.delete(of);
    else this.beside.set(of, { ...before, moves: Object.fromEntries(rest) });
  }

  /**
   * What the platform changed by itself although the plan says what it should be, and that is still to be put right.
   */
  get toFill(): readonly Beside[] {
    return [...this.beside.values()].flatMap((one): Beside[] => {
      const moves = Object.entries(one.moves).filter(([name]) => one.keeps === 'all' || one.keeps.includes(name));
      const status = this.statuses.get(fieldsAfter(one.id));
      const open = status === undefined || status === 'failed';
      return moves.length === 0 || changeOfFields(one.id) !== undefined || !open ? [] : [{ ...one, moves: Object.fromEntries(moves) }];
    });
  }

  /** No change of the plan has a status. */
  get isUntouched(): boolean {
    return Object.values(this.counts).every((count) => count === 0);
  }

  /** True for a change of the plan that has come to its end, whatever it is. */
  isOver(n: number): boolean {
    const status = this.statuses.ofChange(n);
    return status !== undefined && !isOpen(status);
  }

  /** Items that may or may not have happened. */
  get pending(): readonly Pending[] {
    const open = [...this.#open.values()].filter(({ item }) => this.statuses.get(item.id) === 'in_doubt');
    return open.map(({ item, intent, commit, clockMoved }) => ({ item, ...intent, ...defined({ commit, clockMoved }) }));
  }

  /**
   * True where something beside these items failed or is in doubt, and so will be tried or looked at again. `orWaits`:
   * what only waits for other changes counts too.
   */
  unfinishedBeside(ids: readonly string[], orWaits: boolean): boolean {
    const counts = (id: string): boolean => isOpen(this.statuses.get(id)) && (orWaits || !this.waiting.has(id));
    const own = ids.filter((id) => isChange(id) && counts(id)).length;
    return this.counts.failed + this.counts.in_doubt - (orWaits ? 0 : this.waiting.size) > own;
  }

  /** Items that the platform refused as a whole. */
  get rejected(): readonly string[] {
    return [...this.statuses.having('rejected')];
  }

  /**
   * Forgets changes that were refused, as if they had never been tried: nothing of them stands, so that trying again
   * repeats nothing.
   */
  forget(rejected: readonly string[]): Forgotten {
    const forgotten: Forgotten = new Map();
    for (const id of rejected) {
      if (this.statuses.get(id) !== 'rejected') continue;
      if (isChange(id)) this.counts.rejected -= 1;
      forgotten.set(id, { sent: this.statuses.wasSent(id) });
      this.statuses.delete(id);
    }
    return forgotten;
  }

  /** Remembers those of {@link forget} that were not tried again: as the journal has it, they are refused. */
  recall(forgotten: Forgotten): void {
    for (const [id, { sent }] of forgotten) {
      if (this.statuses.has(id)) continue;
      this.#set(id, 'rejected');
      if (sent) this.statuses.sent(id);
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
    else if (isChange(id)) this.whys.set(id, { ...defined({ reason, message }) });
  }

  #set(id: string, status: ItemResult['status']): void {
    const before = this.statuses.get(id);
    if (isChange(id)) {
      if (before !== undefined) this.counts[before] -= 1;
      this.counts[status] += 1;
    }
    this.statuses.set(id, status);
  }
}

/** An item of {@link Pending}, with what became known of it since. */
interface Open {
  readonly item: JournalItem;
  /** Of all items that were sent together. */
  readonly intent: Pick<Pending, 'at' | 'batch' | 'there' | 'tells'>;
  commit?: string;
  clockMoved?: true;
}

/** Changes that were refused, and whether each was sent at all. */
type Forgotten = Map<string, { readonly sent: boolean }>;

/** How far a clock goes back by being kept right all the time. */
export const CLOCK_JITTER_MS = 5000;

/**
 * How the message of an item that waits for others ends in journals of versions that had no field for it. Never written
 * from here on.
 */
const WAITS_ONCE = 'waits for changes that failed';

/** Whether an item failed only because it waits for others that failed. */
function isWaiting({ status, waiting, message }: ItemResult): boolean {
  return status === 'failed' && (waiting === true || message?.endsWith(WAITS_ONCE) === true);
}

export function isOpen(status: ItemResult['status'] | undefined): boolean {
  return status === 'failed' || status === 'in_doubt';
}

export function keptBy(item: WrittenItem): Beside['keeps'] {
  return item.action === 'create' ? 'all' : Object.keys(item.set);
}
