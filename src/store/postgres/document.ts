import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { type Redactor, RunbackError } from '../../lib/index.js';
import { documentText, openDocument, sealDocument } from '../format/envelope.js';
import type { Document } from '../store.js';
import { type Database, LostAnswer } from './database.js';

/** How long an update is tried while others update the same document: who is slower than they are, comes last. */
const PATIENCE_MS = 120_000;
const LONGEST_PAUSE_MS = 50;
/** Versions before the present one that are known by name, so that a lost answer can be looked up. */
const KNOWN = 16;

/** What documents work with. `turns`: one update at a time of each document of this process. */
export interface DocumentDeps {
  readonly database: Database;
  readonly redactor: Redactor;
  readonly turns: Map<string, Promise<unknown>>;
}

interface Version {
  readonly version: string;
  readonly before: string;
  readonly body: string;
}

/** What became of a write. */
type Written = 'written' | 'overtaken';

/** A document as one row: the very text that a file would hold, written only over the version that was read. */
export class RowDocument<T> implements Document<T> {
  constructor(
    private readonly kind: string,
    private readonly id: string,
    private readonly exact: readonly string[] | 'all',
    private readonly deps: DocumentDeps,
  ) {}

  async read(): Promise<T | undefined> {
    const now = await this.#now();
    return now === undefined ? undefined : this.#dataOf(now);
  }

  async update(change: (current: T | undefined) => T): Promise<T> {
    return await this.#inTurn(async () => await this.#update(change));
  }

  async delete(): Promise<void> {
    const { database } = this.deps;
    await this.#inTurn(async () => {
      const rows = await database.ask(`DELETE FROM ${database.s}document WHERE kind = $1 AND id = $2 AND ${database.isHere} RETURNING 1`, [
        this.kind,
        this.id,
      ]);
      if (rows.length === 0) await database.requireHere();
    });
  }

  async #update(change: (current: T | undefined) => T): Promise<T> {
    const until = performance.now() + PATIENCE_MS;
    for (let tries = 1; ; tries += 1) {
      const now = await this.#now();
      const changed = change(now === undefined ? undefined : this.#dataOf(now));
      const kept = this.exact === 'all' ? changed : this.deps.redactor.value(changed, new Set(this.exact));
      const data = JSON.parse(JSON.stringify(kept)) as T;
      if ((await this.#write(now, documentText(sealDocument(data)))) === 'written') return data;
      await this.deps.database.requireHere();
      if (performance.now() > until) throw this.#busy();
      await pause(Math.random() * Math.min(2 ** tries, LONGEST_PAUSE_MS));
    }
  }

  /** Writes over the version that was read, and looks what became of it where the answer was lost. */
  async #write(now: Version | undefined, body: string): Promise<Written> {
    const version = randomBytes(12).toString('hex');
    let isSure = true;
    return await this.deps.database.patiently(async () => {
      try {
        const known = isSure ? undefined : await this.#whatBecameOf(version, now);
        return (
          known ??
          ((await this.#put(now, version, body)) ? 'written' : isSure ? 'overtaken' : ((await this.#whatBecameOf(version, now)) ?? 'overtaken'))
        );
      } catch (error) {
        if (error instanceof LostAnswer) isSure = false;
        throw error;
      }
    });
  }

  async #put(now: Version | undefined, version: string, body: string): Promise<boolean> {
    const { database } = this.deps;
    const rows =
      now === undefined
        ? await database.once(
            `INSERT INTO ${database.s}document (kind, id, version, before, body) SELECT $1, $2, $3, '{}', $4 WHERE ${database.isHere}
             ON CONFLICT DO NOTHING RETURNING 1`,
            [this.kind, this.id, version, body],
          )
        : await database.onceMore(
            `UPDATE ${database.s}document SET version = $3, before = (ARRAY[version] || before)[1:${String(KNOWN)}], body = $4
             WHERE kind = $1 AND id = $2 AND version = $5 AND ${database.isHere} RETURNING 1`,
            [this.kind, this.id, version, body, now.version],
          );
    return rows.length === 1;
  }

  /** Undefined where nothing has become of it yet: the version that was read is still there. Throws where that cannot be told. */
  async #whatBecameOf(version: string, read: Version | undefined): Promise<Written | undefined> {
    const now = await this.#now();
    if (now?.version === read?.version) return undefined;
    const before = now?.before.slice(1, -1).split(',') ?? [];
    if (now?.version === version || before.includes(version)) return 'written';
    // Only one version can follow the one that was read, and it is another one's.
    if (now !== undefined && (read === undefined ? before.length < KNOWN : before.includes(read.version))) return 'overtaken';
    throw new RunbackError('store-away', `What became of a change of ${this.#where()} is not known`, {
      why: 'The connection to the database was lost, and others have changed it many times since, or removed it.',
      state: 'The change may or may not have been made.',
      next: 'See the current state: runback status',
    });
  }

  async #now(): Promise<Version | undefined> {
    const { database } = this.deps;
    const text = `SELECT version, before, body FROM ${database.s}document WHERE kind = $1 AND id = $2`;
    const [row] = await database.patiently(async () => await database.onceMore(text, [this.kind, this.id]));
    return row === undefined ? undefined : { version: row['version'] ?? '', before: row['before'] ?? '', body: row['body'] ?? '' };
  }

  #dataOf({ body }: Version): T {
    return openDocument(body, this.#where()).data as T;
  }

  #where(): string {
    return `${this.kind}/${this.id} in ${this.deps.database.location}`;
  }

  #busy(): RunbackError {
    return new RunbackError('locked', `${this.#where()} is being changed by others all the time`, {
      state: 'Nothing was changed.',
      next: 'Run the same command again.',
    });
  }

  async #inTurn<R>(work: () => Promise<R>): Promise<R> {
    const { turns } = this.deps;
    const key = `${this.kind}/${this.id}`;
    const mine = (turns.get(key) ?? Promise.resolve()).then(work, work);
    turns.set(key, mine);
    try {
      return await mine;
    } finally {
      if (turns.get(key) === mine) turns.delete(key);
    }
  }
}
