import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';

import { isRunbackError, Redactor, systemClock } from '../../src/lib/index.js';
import { createRandom } from '../../src/sandbox/index.js';
import { type JournalEntry, openStore, type Store } from '../../src/store/index.js';
import { Database, LostAnswer } from '../../src/store/postgres/database.js';
import { all } from '../contracts/store/harness.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { seedOf } from '../support/seeds.js';
import { fullSweeps } from '../support/sweeps.js';
import { startProxy } from '../support/tcp-proxy.js';
import { freshUrl } from './postgres-support.js';

/** A user would lose: what a run said that it had done, where the database of the state goes down. */

let server: TestPostgres;
let database: string;
beforeAll(async () => {
  server = await startPostgres({ settings: { fsync: 'on' } });
  database = await server.createDatabase();
});
afterAll(() => server.stop());

const WRITERS = 4;
const KILLS = fullSweeps ? 50 : 4;

/** How often each line was sent, and how often its answer was lost. */
function watchAppends(): ReadonlyMap<string, { sent: number; lost: number }> {
  const lines = new Map<string, { sent: number; lost: number }>();
  const original = Reflect.get(Database.prototype, 'onceMore');
  vi.spyOn(Database.prototype, 'onceMore').mockImplementation(async function (this: Database, ...given) {
    const [text, values] = given;
    if (!text.includes('INSERT INTO') || !text.includes('journal_line')) return await original.apply(this, given);
    const key = JSON.stringify([values[1], values[5]]);
    const line = lines.get(key) ?? { sent: 0, lost: 0 };
    lines.set(key, line);
    line.sent += 1;
    try {
      return await original.apply(this, given);
    } catch (error) {
      if (error instanceof LostAnswer) line.lost += 1;
      throw error;
    }
  });
  return lines;
}

/** One writer, over and over: a line of a journal of its own, and one more in a document that all of them change. */
class Writer {
  readonly acknowledged: JournalEntry[] = [];
  /** Appends that ended with an error, whether they are on record or not. */
  refused = 0;
  counted = 0;
  countedOrNot = 0;

  constructor(
    readonly id: string,
    private readonly store: Store,
  ) {}

  async run(goesOn: () => boolean): Promise<void> {
    const owner = { by: this.id, holder: this.id, purpose: 'a test' };
    while (goesOn()) {
      try {
        const writer = await this.store.journal('runs', this.id).open(owner, { whole: true });
        try {
          while (goesOn()) await this.step(async (n) => await writer.append({ by: this.id, type: 'step.intent', data: { n } }));
        } finally {
          await writer.close();
        }
      } catch (error) {
        if (!isRunbackError(error)) throw error;
        // Its lease may be held by itself still.
        await pause(200);
      }
    }
  }

  private async step(append: (n: number) => Promise<JournalEntry>): Promise<void> {
    const entry = await append(this.acknowledged.length + this.refused).catch((error: unknown) => {
      this.refused += 1;
      throw error;
    });
    this.acknowledged.push(entry);
    if (this.acknowledged.length % 10 !== 0) return;
    this.countedOrNot += 1;
    await this.store.document<{ n: number }>('notes', 'all').update((current) => ({ n: (current?.n ?? 0) + 1 }));
    this.countedOrNot -= 1;
    this.counted += 1;
  }
}

test(
  `kill -9 of all of PostgreSQL ${String(KILLS)} times, ${String(WRITERS)} writers: nothing acknowledged is lost, nothing is there twice (G2)`,
  { timeout: 600_000 },
  async () => {
    const random = createRandom(seedOf());
    const lines = watchAppends();
    onTestFinished(() => void vi.restoreAllMocks());
    // On loopback an answer is hardly ever on its way: a database is further away.
    const proxy = await startProxy(server);
    onTestFinished(async () => await proxy.stop());
    proxy.slowAnswers(3);
    const url = freshUrl(server, database, proxy.port);
    const open = async (): Promise<Store> => await openStore(url, { clock: systemClock, redactor: new Redactor() });
    const stores = await Promise.all(Array.from({ length: WRITERS }, open));
    const writers = stores.map((store, n) => new Writer(`run-${String(n)}`, store));
    let killing = true;
    const running = writers.map(async (writer) => await writer.run(() => killing));
    for (let n = 0; n < KILLS; n += 1) {
      await pause(random.next() * 700);
      await server.killAndRestart();
    }
    const before = writers.map(({ acknowledged }) => acknowledged.length);
    const until = performance.now() + 300_000;
    while (writers.some(({ acknowledged }, n) => acknowledged.length <= (before[n] ?? 0)) && performance.now() < until) await pause(20);
    killing = false;
    await Promise.all(running);
    await Promise.all(stores.map(async (store) => await store.close()));

    const lost = [...lines.values()].filter((line) => line.lost > 0);
    // Each has one end: the line was there, or it was sent once more. Nobody guesses.
    const wasThere = lost.filter((line) => line.sent === line.lost).length;
    const after = await open();
    let unacknowledged = 0;
    for (const { id, acknowledged, refused } of writers) {
      expect(acknowledged.length, `${id} continued after the last kill`).toBeGreaterThan(0);
      const onRecord = await all(after.journal('runs', id).read({ whole: true }));
      const there = new Map(onRecord.map((line) => [line.seq, line.hash]));
      for (const { seq, hash } of acknowledged) expect(there.get(seq), `${id}, line ${String(seq)}`).toBe(hash);
      const more = onRecord.length - acknowledged.length;
      expect(more, 'only what ended with an error may be there beside what was acknowledged').toBeLessThanOrEqual(refused);
      unacknowledged += more;
    }
    const sum = (of: (writer: Writer) => number): number => writers.reduce((total, writer) => total + of(writer), 0);
    const counted = (await after.document<{ n: number }>('notes', 'all').read())?.n ?? 0;
    if (fullSweeps) expect(Math.min(wasThere, lost.length - wasThere), 'both ends of a lost answer were met').toBeGreaterThan(0);
    expect(counted).toBeGreaterThanOrEqual(sum((writer) => writer.counted));
    expect(counted).toBeLessThanOrEqual(sum((writer) => writer.counted + writer.countedOrNot));
    await after.close();
    console.log(
      `${String(KILLS)} kills: ${String(sum(({ acknowledged }) => acknowledged.length))} appends acknowledged, 0 lost; ${String(lost.length)} answers lost, of which ${String(wasThere)} lines were there and ${String(lost.length - wasThere)} were sent again; ${String(sum(({ refused }) => refused))} ended with an error, ${String(unacknowledged)} of them on record; ${String(counted)} changes of one document`,
    );
  },
);
