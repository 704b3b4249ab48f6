import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import type { PageRecord } from '../../src/notify/index.js';
import { openFileStore, type Store } from '../../src/store/index.js';
import { describeSweep, runCrashing, sweep } from '../support/crash.js';
import { seedOf } from '../support/seeds.js';
import { temporaryFolder } from '../support/store.js';
import { everyNth, fullSweeps, thinned } from '../support/sweeps.js';
import { recordingServer, repeatsOf, run, script, seeded } from './recording.js';

const UNCAPPED = { burst: 0, everyMs: 0 };
const KILLS = 4;
/** RUNBACK_TEST_PAGES takes another number. */
const PAGES = Number(process.env['RUNBACK_TEST_PAGES'] ?? (fullSweeps ? 10_000 : 300));

const storeIn = (dir: string): Store => openFileStore({ dir, clock: systemClock, redactor: new Redactor() });

describe('G19: a page is sent at least once', () => {
  it('hundreds of pages through processes that are killed again and again: none lost, every repetition marked', { timeout: 3_600_000 }, async () => {
    const count = PAGES;
    const seed = seedOf();
    const random = seeded(seed);
    const dir = join(await temporaryFolder(), '.runback');
    const { url, got, arrivals } = await recordingServer();
    const started = performance.now();
    let put = 0;
    let kills = 0;
    for (let settled = false; !settled;) {
      const killAfter = kills < KILLS ? 1 + Math.floor((random() * count) / (KILLS + 2)) : undefined;
      const ended = await run([dir, url, String(put), String(count), '400', JSON.stringify(UNCAPPED)], arrivals, killAfter);
      put = ended.put;
      settled = ended.settled;
      if (!settled) kills += 1;
    }
    const seconds = (performance.now() - started) / 1000;
    const keys = new Set(got.map(({ key }) => key));
    const { repeats, unmarked } = repeatsOf(got);
    console.log(`G19: ${count} pages, ${kills} kills (seed ${seed}), ${count - keys.size} lost, ${repeats} repeated, ${seconds.toFixed(1)} s`);
    expect(keys.size).toBe(count);
    expect(unmarked).toEqual([]);
    expect(kills).toBe(KILLS);
    expect(repeats).toBeLessThanOrEqual(kills * 24);
    const store = storeIn(dir);
    expect(await store.list('pages')).toHaveLength(count);
    expect(await store.agenda('pages').next()).toBeUndefined();
  });

  it(
    'kill -9 at any storage operation loses no page and no member of a bundle, and sends none under a second key',
    { timeout: 600_000 },
    async () => {
      const { url, got } = await recordingServer();
      const folder = await temporaryFolder();
      const caps = JSON.stringify({ burst: 1, everyMs: 200 });
      let current = '';
      let n = 0;
      const report = await sweep({
        moments: fullSweeps ? ['half', 'after'] : ['after'],
        pick: everyNth(6, thinned(1)),
        before: () => {
          current = join(folder, String((n += 1)), '.runback');
          got.length = 0;
          return { args: [script, current, url, '0', '4', '1', caps], which: ['fs'], within: [current] };
        },
        after: async () => {
          const args = [script, current, url, '0', '4', '1', caps];
          const again = await runCrashing({ args, which: ['fs'], within: [current] });
          expect(again).toMatchObject({ code: 0, stderr: '' });
          const store = storeIn(current);
          const arrivedAs = new Map<string, Set<string>>();
          for (const { key, text } of got)
            for (const page of key.startsWith('bundle-') ? [...text.matchAll(/inc-(\d)/g)].map(([, id]) => `page-${id}`) : [key])
              arrivedAs.set(page, new Set([...(arrivedAs.get(page) ?? []), key]));
          for (const page of ['page-0', 'page-1', 'page-2', 'page-3']) {
            expect([page, arrivedAs.get(page)?.size]).toEqual([page, 1]);
            expect(await store.document<PageRecord>('pages', page).read()).toMatchObject({ state: 'accepted' });
          }
          expect(repeatsOf(got).unmarked).toEqual([]);
        },
      });
      console.log(describeSweep('G19, a bundle', report));
      expect(report.points).toBeGreaterThan(fullSweeps ? 150 : 4);
    },
  );
});
