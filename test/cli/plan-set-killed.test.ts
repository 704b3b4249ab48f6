import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { runCrashing } from '../support/crash.js';
import type { TestPostgres } from '../support/postgres.js';
import { everyNth, thinned, withoutFlushes } from '../support/sweeps.js';
import { program } from './support/child.js';
import { openPair, openServer, type Pair } from './support/pair.js';

/** A user would lose: syncs that nobody starts again, or both systems to half of a set. */

let server: TestPostgres;
beforeAll(async () => {
  server = await openServer();
});
afterAll(() => server.stop());

/** Ids of the sets that are kept. */
async function sets({ dir }: Pair): Promise<readonly string[]> {
  const names = await readdir(join(dir, '.runback/documents/plan-sets')).catch(() => []);
  // What a killed process left beside them is no set.
  return names.flatMap((name) => (name.endsWith('.json') ? [name.replace('.json', '')] : []));
}

/** Ids of the pauses that hold the sync now. */
async function pauses(pair: Pair): Promise<readonly string[]> {
  return ((await pair.done('sync', 'list'))['pauses'] as readonly { readonly id: string }[]).map(({ id }) => id);
}

async function resumeAll(pair: Pair): Promise<void> {
  for (const id of await pauses(pair)) await pair.done('sync', 'resume', id);
  expect(pair.paused()).toBe(false);
}

it('killed at any moment of planning, a set is there whole or not at all, a pause that is left is listed, and planning again ends with both sides done', async () => {
  const pair = await openPair(server);
  try {
    const base = await pair.set();
    await pair.sync(pair.contacts.slice(0, 4), { city: 'Nowhere' });
    const before = await pair.differing();
    const args = [program, 'restore', 'plan', '--set', base, '--json', '--no-input', '--as', 'maya'];
    const command = { args, cwd: pair.dir, within: [pair.dir] };
    const { operations, code } = await runCrashing(command);
    expect(code).toBe(0);
    await resumeAll(pair);
    const chosen = everyNth(6, (all) => thinned(1)(withoutFlushes(all)))(operations);
    let planned: Record<string, unknown> = {};
    let [killed, left] = [0, 0];
    for (const { n } of chosen) {
      const result = await runCrashing(command, { n, when: n % 2 === 0 ? 'after' : 'before' });
      if (result.killed) killed += 1;
      // A sync that is paused is held by a pause that is listed, so that it can be resumed.
      const held = await pauses(pair);
      if (pair.paused()) expect(held.length).toBeGreaterThan(0);
      left += held.length > 0 ? 1 : 0;
      expect((await pair.run('snapshot', 'list')).code).toBe(0);
      for (const set of await sets(pair)) expect((await pair.run('restore', 'show', set)).code, set).toBe(0);
      // Nothing was written, and what is planned then is the whole of it.
      expect(await pair.differing()).toEqual(before);
      planned = await pair.done('restore', 'plan', '--set', base);
      expect(planned, String(n)).toMatchObject({ base, differences: { count: 0 }, plans: [{ counts: { records: 4 } }, { counts: { records: 4 } }] });
      await resumeAll(pair);
    }
    await pair.done('restore', 'apply', String(planned['id']), '--confirm', String(planned['confirm']));
    expect(await pair.differing()).toEqual([]);
    expect(await pair.held(pair.contacts[0] ?? '', 'city')).toEqual(['City 0', 'City 0']);
    await resumeAll(pair);
    console.log(`killed ${String(killed)} times of ${String(operations.length)} operations of planning; a pause was left ${String(left)} times`);
    expect((await sets(pair)).length).toBeGreaterThan(3);
    expect(killed).toBeGreaterThan(3);
    expect(left).toBeGreaterThan(0);
  } finally {
    await pair.close();
  }
}, 600_000);
