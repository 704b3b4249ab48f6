import { canonicalJson, sha256 } from '../../../lib/index.js';
import type { Document, Ledger, Store } from '../../../store/index.js';
import type { Finding } from './finding.js';

/** The kind under which a reading is kept until its plan is written. */
export const READINGS = 'history-readings';
/** After so long nobody continues a reading: it is forgotten when the next one begins. */
const KEPT_MS = 24 * 3_600_000;

/** What is known of an object type before its records are read. */
export interface Gathered {
  /** Live records in all. */
  readonly of: number;
  /** Records that were deleted since, where the platform tells. */
  readonly deleted?: number;
  /**
   * ISO 8601, by the platform's clock: before the first history was read. What was written before that was read as it is.
   * Absent where the platform does not tell its time, and in readings of earlier versions.
   */
  readonly readFrom?: string;
  /** Since when its history is told, where it may begin late (ISO 8601, UTC); null where it tells nothing of it. */
  readonly begins?: string | null;
}

interface Note {
  readonly startedAt: string;
  readonly objects: Readonly<Record<string, Gathered>>;
}

/** Records whose history was read together, and what it came to. */
export interface Chunk {
  readonly keys: readonly string[];
  /** Those of them that no record has. */
  readonly absent: readonly string[];
  readonly findings: readonly Finding[];
}

/**
 * A reading of the platform's history, kept in pieces as it goes: a process that dies leaves what it has read, and the
 * next one that is asked for the very same continues. It goes once the plan is written. Holds values of records, as a
 * plan does.
 */
export class Reading {
  private constructor(
    readonly id: string,
    private readonly store: Store,
    private note: Note,
    /** True where an earlier process began it. */
    readonly continues: boolean,
  ) {}

  /**
   * The reading of what is asked for, begun before or now. `asked`: everything that its findings depend on. What nobody
   * has continued for a day is removed.
   */
  static async open(store: Store, asked: unknown, startedAt: Date): Promise<Reading> {
    const id = `${PREFIX}${digestOf(asked)}`;
    await dropOldReadings(store, startedAt, id);
    const known = await documentOf(store, id).read();
    if (known !== undefined) return new Reading(id, store, known, true);
    // What a removal that broke off has left belongs to nobody.
    const notes = await store.list(READINGS);
    await dropPieces(store, (ledger) => !notes.some((note) => ledger.startsWith(`${note}-`)));
    const note: Note = { startedAt: startedAt.toISOString(), objects: {} };
    await documentOf(store, id).update(() => note);
    return new Reading(id, store, note, false);
  }

  /** By the platform's clock: what is written from then on may be newer than what was read. */
  get startedAt(): Date {
    return new Date(this.note.startedAt);
  }

  /** What is known of an object type; undefined before its keys are gathered. */
  gathered(object: string): Gathered | undefined {
    return Object.hasOwn(this.note.objects, object) ? this.note.objects[object] : undefined;
  }

  /** Keeps the keys of an object type, and what else is known of it. `n`: its place among those of the plan. */
  async gather(n: number, object: string, keys: readonly string[], known: Gathered): Promise<void> {
    const ledger = this.#ledger(n, 'keys');
    const lines = [JSON.stringify(keys)];
    await ((await ledger.exists()) ? ledger.replace(lines) : ledger.write(lines));
    this.note = await documentOf(this.store, this.id).update((now) => {
      const note = now ?? this.note;
      return { ...note, objects: { ...note.objects, [object]: known } };
    });
  }

  async keys(n: number): Promise<readonly string[]> {
    for await (const line of this.#ledger(n, 'keys').read()) return JSON.parse(line) as string[];
    return [];
  }

  /** What was read of an object type so far, piece by piece. */
  async *chunks(n: number): AsyncIterable<Chunk> {
    for (const id of await this.#chunksOf(n)) {
      let head: Omit<Chunk, 'findings'> | undefined;
      const findings: Finding[] = [];
      for await (const line of this.store.ledger(READINGS, id).read()) {
        if (head === undefined) head = JSON.parse(line) as Omit<Chunk, 'findings'>;
        else findings.push(JSON.parse(line) as Finding);
      }
      if (head !== undefined) yield { ...head, findings };
    }
  }

  /** Keeps one more piece: all of it is there, or nothing. */
  async keep(n: number, { findings, ...head }: Chunk): Promise<void> {
    const last = (await this.#chunksOf(n)).at(-1);
    const next = last === undefined ? 1 : Number(last.slice(-6)) + 1;
    await this.#ledger(n, `part-${String(next).padStart(6, '0')}`).write([head, ...findings].map((line) => JSON.stringify(line)));
  }

  async drop(): Promise<void> {
    await dropReading(this.store, this.id);
  }

  async #chunksOf(n: number): Promise<readonly string[]> {
    const prefix = `${this.id}-${n}-part-`;
    return (await this.store.ledgers(READINGS)).filter((id) => id.startsWith(prefix));
  }

  #ledger(n: number, name: string): Ledger {
    return this.store.ledger(READINGS, `${this.id}-${n}-${name}`);
  }
}

/** Forgets a reading, its note first: a reading without all of its pieces must not be continued. */
async function dropReading(store: Store, id: string): Promise<void> {
  await documentOf(store, id).delete();
  await dropPieces(store, (ledger) => ledger.startsWith(`${id}-`));
}

async function dropPieces(store: Store, is: (ledger: string) => boolean): Promise<void> {
  for (const ledger of await store.ledgers(READINGS)) if (is(ledger)) await store.ledger(READINGS, ledger).delete();
}

/**
 * Forgets all readings that were interrupted: they hold values of records. Whoever continues one begins again. Gives the
 * ids of those that a process is at work on now: they stay.
 */
export async function dropReadings(store: Store): Promise<readonly string[]> {
  const used: string[] = [];
  for (const id of await store.list(READINGS))
    if (await isInUse(store, id)) used.push(id);
    else await dropReading(store, id);
  await dropPieces(store, (ledger) => !used.some((id) => ledger.startsWith(`${id}-`)));
  return used;
}

/** Forgets the readings that nobody has continued for a day. `but`: one that is about to be continued by whoever holds it. */
export async function dropOldReadings(store: Store, now: Date, but?: string): Promise<void> {
  for (const id of await store.list(READINGS)) {
    const note = await documentOf(store, id).read();
    const isOld = note === undefined || Math.abs(now.getTime() - Date.parse(note.startedAt)) > KEPT_MS;
    if (isOld && (id === but || !(await isInUse(store, id)))) await dropReading(store, id);
  }
}

const PREFIX = 'reading-';

/** The lock that is held while a reading is made or continued. */
export const readingLock = (asked: unknown): string => `history-${digestOf(asked)}`;

const digestOf = (asked: unknown): string => sha256(canonicalJson(asked)).slice(0, 16);

async function isInUse(store: Store, id: string): Promise<boolean> {
  const holder = await store.lockHolder(`history-${id.slice(PREFIX.length)}`);
  return holder !== undefined && holder.life !== 'dead';
}

function documentOf(store: Store, id: string): Document<Note> {
  return store.document<Note>(READINGS, id, { exact: ['objects'] });
}
