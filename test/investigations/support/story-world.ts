import type { Maker } from '../../../src/investigations/index.js';
import type { FieldSchema, FieldType, Value } from '../../../src/records/index.js';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Who writes. */
export interface Actor {
  readonly writer: string;
  readonly maker: Maker;
}

/** A write that took place. `cause`: the damage that it is part of, or that set it off. */
export interface Logged extends Actor {
  readonly atMs: number;
  readonly before: Value;
  readonly after: Value;
  readonly cause?: string;
}

/** A record or link that came or went. */
export interface Came extends Actor {
  readonly atMs: number;
  readonly change: 'created' | 'deleted' | 'linked' | 'unlinked';
  readonly object: string;
  readonly key: string;
  readonly cause?: string;
}

/** Seeded numbers: the same seed gives the same story. */
export class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }
  one<T>(items: readonly T[]): T {
    const item = items[this.int(0, items.length - 1)];
    if (item === undefined) throw new Error('nothing to choose from');
    return item;
  }
  is(chance: number): boolean {
    return this.next() < chance;
  }
  /** Some of the items, each at most once. */
  some<T>(items: readonly T[], count: number): T[] {
    const left = [...items];
    for (let i = left.length - 1; i > 0; i -= 1) {
      const j = this.int(0, i);
      [left[i], left[j]] = [left[j] as T, left[i] as T];
    }
    return left.slice(0, count);
  }
}

export interface FieldPlan {
  readonly name: string;
  readonly type: FieldType;
  readonly optedOut?: readonly Value[];
  readonly make: (dice: Dice, n: number) => Value;
}

interface Work {
  readonly atMs: number;
  readonly n: number;
  readonly run: (atMs: number) => void;
}

function isBefore(a: Work | undefined, b: Work | undefined): boolean {
  return a !== undefined && b !== undefined && (a.atMs < b.atMs || (a.atMs === b.atMs && a.n < b.n));
}

type Reaction = (world: StoryWorld, object: string, key: string, field: string, write: Logged) => void;

/** An account over weeks: what it holds, and who wrote what when. Work is planned with times and done in their order. */
export class StoryWorld {
  readonly tables = new Map<string, Map<string, Record<string, Value>>>();
  readonly schemas = new Map<string, readonly FieldPlan[]>();
  readonly log = new Map<string, Logged[]>();
  readonly came: Came[] = [];
  readonly links = new Set<string>();
  readonly reactions: Reaction[] = [];
  readonly #work: Work[] = [];
  #count = 0;
  #nextKey = 101;
  readonly #keys = new Map<string, readonly string[]>();

  constructor(
    readonly dice: Dice,
    readonly startMs: number,
  ) {}

  table(object: string): Map<string, Record<string, Value>> {
    const table = this.tables.get(object);
    if (table === undefined) throw new Error(`no ${object}`);
    return table;
  }

  keys(object: string): readonly string[] {
    const known = this.#keys.get(object) ?? [...this.table(object).keys()];
    this.#keys.set(object, known);
    return known;
  }

  value(object: string, key: string, field: string): Value {
    return this.table(object).get(key)?.[field] ?? null;
  }

  /** Plans work. */
  at(atMs: number, run: (atMs: number) => void): void {
    const work = this.#work;
    work.push({ atMs: Math.round(atMs), n: (this.#count += 1), run });
    for (let i = work.length - 1; i > 0;) {
      const above = (i - 1) >> 1;
      if (!this.#swapped(above, i)) return;
      i = above;
    }
  }

  /** Does what is planned until a time, and what that plans, in the order of its time. */
  play(untilMs: number): void {
    for (let first = this.#work[0]; first !== undefined && first.atMs <= untilMs; first = this.#work[0]) {
      this.#takeFirst();
      first.run(first.atMs);
    }
  }

  #takeFirst(): void {
    const work = this.#work;
    const last = work.pop();
    if (last === undefined || work.length === 0) return;
    work[0] = last;
    for (let i = 0; ;) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      const next = right < work.length && isBefore(work[right], work[left]) ? right : left;
      if (next >= work.length || !this.#swapped(i, next)) return;
      i = next;
    }
  }

  /** Exchanges two where the lower one is due before the upper one. */
  #swapped(upper: number, lower: number): boolean {
    const [a, b] = [this.#work[upper], this.#work[lower]];
    if (a === undefined || b === undefined || !isBefore(b, a)) return false;
    this.#work[upper] = b;
    this.#work[lower] = a;
    return true;
  }

  fill(object: string, plans: readonly FieldPlan[], count: number): void {
    this.schemas.set(object, plans);
    const table = new Map<string, Record<string, Value>>();
    this.tables.set(object, table);
    for (let n = 0; n < count; n += 1) table.set(String((this.#nextKey += 1)), this.#made(plans, n));
  }

  /** Fields beside those that an object type was filled with. */
  extend(object: string, plans: readonly FieldPlan[]): void {
    this.schemas.set(object, [...(this.schemas.get(object) ?? []), ...plans]);
    for (const record of this.table(object).values()) Object.assign(record, this.#made(plans, 0));
  }

  #made(plans: readonly FieldPlan[], n: number): Record<string, Value> {
    return Object.fromEntries(plans.map(({ name, make }) => [name, make(this.dice, n)]));
  }

  write(object: string, key: string, field: string, after: Value, who: Actor, atMs: number, cause?: string): void {
    const record = this.table(object).get(key);
    if (record === undefined) return;
    const before = record[field] ?? null;
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    record[field] = after;
    const entry: Logged = { ...who, atMs, before, after, ...(cause === undefined ? {} : { cause }) };
    const name = cellName(object, key, field);
    const entries = this.log.get(name);
    if (entries === undefined) this.log.set(name, [entry]);
    else entries.push(entry);
    for (const react of this.reactions) react(this, object, key, field, entry);
  }

  create(object: string, values: Record<string, Value>, who: Actor, atMs: number, cause?: string): string {
    const key = String((this.#nextKey += 1));
    const fresh = this.#made(this.schemas.get(object) ?? [], this.#nextKey);
    this.table(object).set(key, { ...fresh, ...values });
    this.#keys.delete(object);
    this.came.push({ change: 'created', object, key, atMs, ...who, ...(cause === undefined ? {} : { cause }) });
    return key;
  }

  remove(object: string, key: string, who: Actor, atMs: number, cause?: string): void {
    if (!this.table(object).delete(key)) return;
    this.#keys.delete(object);
    this.came.push({ change: 'deleted', object, key, atMs, ...who, ...(cause === undefined ? {} : { cause }) });
    for (const link of this.links) if (link.startsWith(`${key} `)) this.links.delete(link);
  }

  link(pair: string, there: boolean, who: Actor, atMs: number, cause?: string): void {
    if (this.links.has(pair) === there) return;
    if (there) this.links.add(pair);
    else this.links.delete(pair);
    this.came.push({ change: there ? 'linked' : 'unlinked', object: LINKS, key: pair, atMs, ...who, ...(cause === undefined ? {} : { cause }) });
  }

  schemaOf(object: string, field: string): FieldSchema | undefined {
    const plan = this.schemas.get(object)?.find(({ name }) => name === field);
    if (plan === undefined) return undefined;
    return {
      name: field,
      type: plan.type,
      platformType: plan.type,
      readOnly: false,
      ...(plan.optedOut === undefined ? {} : { optedOut: plan.optedOut }),
    };
  }
}

export const LINKS = 'contacts~companies~primary';

export function cellName(object: string, key: string, field: string): string {
  return JSON.stringify([object, key, field]);
}
