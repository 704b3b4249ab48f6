import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it, onTestFinished } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import type { PageRecord } from '../../src/notify/index.js';
import { openFileStore, type Store } from '../../src/store/index.js';
import { describeSweep, runCrashing, sweep } from '../support/crash.js';
import { seedOf } from '../support/seeds.js';
import { temporaryFolder } from '../support/store.js';
import { everyNth, fullSweeps, thinned } from '../support/sweeps.js';

const script = fileURLToPath(new URL('crash-workload.cjs', import.meta.url));
const UNCAPPED = { burst: 0, everyMs: 0 };
const KILLS = 4;

interface Recorded {
  readonly key: string;
  readonly attempt: number;
  readonly text: string;
}

/** A server that keeps what it is sent and takes everything. */
async function recordingServer(): Promise<{ readonly url: string; readonly got: Recorded[]; readonly arrivals: EventEmitter }> {
  const got: Recorded[] = [];
  const arrivals = new EventEmitter();
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const { data } = JSON.parse(body) as { data: { attempt: number; text: string } };
      got.push({ key: String(request.headers['webhook-id']), attempt: data.attempt, text: data.text });
      arrivals.emit('page');
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, got, arrivals };
}

/** Runs the workload, and ends it with SIGKILL when so many of its pages have arrived. Says how far it came. */
function run(
  args: readonly string[],
  arrivals: EventEmitter,
  killAfter: number | undefined,
): Promise<{ readonly put: number; readonly settled: boolean }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    let arrived = 0;
    const counts = (): void => {
      arrived += 1;
      if (arrived === killAfter) child.kill('SIGKILL');
    };
    arrivals.on('page', counts);
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.on('close', (code, signal) => {
      arrivals.off('page', counts);
      if (code !== 0 && signal !== 'SIGKILL') return reject(new Error(`the workload ended with ${String(code)}`));
      const put = [...said.matchAll(/put (\d+)/g)].at(-1)?.[1];
      resolve({ put: Number(put ?? args[2] ?? 0), settled: said.includes('settled') });
    });
  });
}

/** Numbers from 0 to 1 that a seed repeats. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const storeIn = (dir: string): Store => openFileStore({ dir, clock: systemClock, redactor: new Redactor() });

/** What a page that came more than once must look like: the same key, counted up. */
function repeatsOf(got: readonly Recorded[]): { readonly repeats: number; readonly unmarked: readonly string[] } {
  const seen = new Set<string>();
  const unmarked: string[] = [];
  let repeats = 0;
  for (const { key, attempt } of got) {
    if (seen.has(key)) {
      repeats += 1;
      if (attempt < 2) unmarked.push(key);
    }
    seen.add(key);
  }
  return { repeats, unmarked };
}

describe('G19: a page is sent at least once', () => {
  it('hundreds of pages through processes that are killed again and again: none lost, every repetition marked', { timeout: 600_000 }, async () => {
    const count = fullSweeps ? 10_000 : 300;
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
