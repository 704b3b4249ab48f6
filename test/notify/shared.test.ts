import { afterAll, beforeAll, expect, it } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { openStore } from '../../src/store/index.js';
import { freshUrl } from '../store/postgres-support.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { seedOf } from '../support/seeds.js';
import { fullSweeps } from '../support/sweeps.js';
import { recordingServer, repeatsOf, run, seeded } from './recording.js';

/** A user would lose: a page, where several daemons send what is due and one of them is killed. */

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

const DAEMONS = 3;
const KILLS = 2;
const PAGES = fullSweeps ? 10_000 : 240;
/** Attempts of one process at the same time. */
const AT_ONCE = 24;

it(`${String(PAGES)} pages through three processes that are killed: none lost, each repetition marked`, { timeout: 1_800_000 }, async () => {
  const seed = seedOf();
  const random = seeded(seed);
  const url = freshUrl(server, await server.createDatabase());
  const { url: to, got, arrivals } = await recordingServer();
  const part = Math.ceil(PAGES / DAEMONS);
  let kills = 0;
  const daemon = async (n: number): Promise<void> => {
    let put = n * part;
    const end = Math.min(PAGES, put + part);
    for (let settled = false, killed = 0; !settled;) {
      const killAfter = killed < KILLS ? 1 + Math.floor((random() * PAGES) / (KILLS + 2)) : undefined;
      const ended = await run([url, to, String(put), String(end), '400', JSON.stringify({ burst: 0, everyMs: 0 })], arrivals, killAfter);
      put = Math.max(put, ended.put);
      settled = ended.settled;
      if (!settled) {
        killed += 1;
        kills += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: DAEMONS }, (_, n) => daemon(n)));
  const keys = new Set(got.map(({ key }) => key));
  const { repeats, unmarked } = repeatsOf(got);
  process.stdout.write(
    `pages: ${String(PAGES)} through ${String(DAEMONS)} processes, ${String(kills)} kills (seed ${String(seed)}), ${String(PAGES - keys.size)} lost, ${String(repeats)} repeated\n`,
  );
  expect(keys.size).toBe(PAGES);
  expect(unmarked).toEqual([]);
  expect(kills).toBeGreaterThan(0);
  expect(repeats).toBeLessThanOrEqual(kills * AT_ONCE);
  const store = await openStore(url, { clock: systemClock, redactor: new Redactor() });
  try {
    expect(await store.list('pages')).toHaveLength(PAGES);
    expect(await store.agenda('pages').next()).toBeUndefined();
  } finally {
    await store.close();
  }
});
