import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { type Moved, openPlace, openStore } from '../../src/store/index.js';
import { all, maya } from '../contracts/store/harness.js';
import { builtModule, type CrashOperation, runCrashing, supportScript } from '../support/crash.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { temporaryFolder } from '../support/store.js';
import { fullSweeps, isFlush } from '../support/sweeps.js';
import { freshUrl, move } from './postgres-support.js';

/** A user would lose: an incident, to a move that was ended in the middle, or two people working on two truths. */

let server: TestPostgres;
let database: string;
beforeAll(async () => {
  server = await startPostgres({ settings: { max_connections: '100' } });
  database = await server.createDatabase();
});
afterAll(() => server.stop());

async function folder(): Promise<string> {
  return join(await temporaryFolder(), '.runback');
}

async function standingOf(place: string): Promise<unknown> {
  const opened = await openPlace(place, systemClock);
  try {
    return await opened.standing();
  } finally {
    await opened.close();
  }
}

/** Whether the document `notes/a` can be changed there. Where it cannot, that is said. */
async function takesChanges(place: string): Promise<boolean> {
  const store = await openStore(place, { clock: systemClock, redactor: new Redactor() });
  try {
    expect(await store.document('notes', 'a').update((current) => current ?? 'lost')).toEqual({ n: 1 });
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'store-moved' });
    return false;
  } finally {
    await store.close();
  }
}

// One truth at every moment: nobody ever writes to a place that is not the one that counts in the end.
test.each(['to the database', 'back to the folder'] as const)(
  'killed at every step %s, at most one place takes changes, and the same command ends it',
  { timeout: 600_000 },
  async (way) => {
    let points = 0;
    const world = async (): Promise<{
      readonly dir: string;
      readonly url: string;
      readonly from: string;
      readonly to: string;
      readonly args: readonly string[];
    }> => {
      const [dir, url] = [await folder(), freshUrl(server, database)];
      const clock = { ...systemClock, now: () => new Date('2026-11-25T10:00:00Z') };
      const store = await openStore(dir, { clock, redactor: new Redactor() });
      await store.document('notes', 'a').update(() => ({ n: 1 }));
      const writer = await store.journal('runs', 'run-1').open(maya);
      for (const n of [1, 2]) await writer.append({ by: 'maya', type: 'note', data: { n } });
      await writer.close();
      await store.ledger('plans', 'plan-1').write(['{"n":1}', '{}']);
      await store.agenda('pages').add(new Date(0), 'p1');
      if (way === 'back to the folder') await move(dir, url);
      const [from, to] = way === 'back to the folder' ? [url, dir] : [dir, url];
      return {
        dir,
        url,
        from,
        to,
        args: [supportScript('state-move-workload.mjs'), builtModule('store/index.js'), builtModule('lib/index.js'), from, to],
      };
    };
    const command = (one: Awaited<ReturnType<typeof world>>): Parameters<typeof runCrashing>[0] => ({
      args: one.args,
      which: ['fs', 'pg'],
      within: [one.dir],
    });
    const first = await world();
    const undisturbed = await runCrashing(command(first));
    expect(undisturbed, undisturbed.stderr).toMatchObject({ code: 0 });
    const { digest } = JSON.parse(undisturbed.stdout) as Moved;
    // What only reads, or makes durable what is there, leaves what the operation before it left.
    const changes = ({ kind, name, target }: CrashOperation): boolean =>
      kind === 'pg' ? !target.startsWith('SELECT') : !isFlush({ name } as CrashOperation);
    const operations = undisturbed.operations.filter(changes);
    const some = fullSweeps ? operations : operations.filter((_, n) => n % Math.ceil(operations.length / 8) === 0);
    for (const { n } of new Set([...some, ...operations.slice(-3)]))
      for (const when of ['before', 'after'] as const) {
        const one = await world();
        const result = await runCrashing(command(one), { n, when });
        if (!result.killed) continue;
        points += 1;
        // A database in which nothing is yet is no place of a state: nobody has named it.
        const takes = await Promise.all(
          [one.from, one.to].map(async (place) => (await standingOf(place)) !== 'empty' && (await takesChanges(place))),
        );
        expect(takes.filter(Boolean).length, `operation ${String(n)} ${when}`).toBeLessThanOrEqual(1);
        const again = await move(one.from, one.to).catch((error: unknown) => error);
        // It had come to its end, and the old place says so.
        if (again instanceof Error) expect(again).toMatchObject({ code: 'store-moved' });
        else expect(again).toMatchObject({ digest });
        const store = await openStore(one.to, { clock: systemClock, redactor: new Redactor() });
        expect(await store.document('notes', 'a').read()).toEqual({ n: 1 });
        expect(await all(store.journal('runs', 'run-1').read({ whole: true }))).toHaveLength(2);
        expect(await all(store.ledger('plans', 'plan-1').read())).toEqual(['{"n":1}', '{}']);
        expect(await store.agenda('pages').due(new Date())).toHaveLength(1);
        await store.close();
      }
    expect(points).toBeGreaterThan(fullSweeps ? 20 : 8);
    console.log(`${way}: killed at ${String(points)} of ${String(2 * operations.length)} places`);
  },
);
