import { afterEach, expect, test } from 'vitest';

import type { MonitorState } from '../../../src/monitors/index.js';
import type { LastRun } from '../../../src/syncs/index.js';
import { HOUR_MS, openWatched, type Watched } from './support.js';

const MINUTE_MS = 60_000;
const ALIVE = 'monitors: { alive: { heartbeat: feed, within: 2h } }';

let watched: Watched;
/** What the tool of the sync says of its last run; `down`: it does not answer. */
let run: LastRun | undefined | 'down';
let isPaused = false;
afterEach(async () => {
  isPaused = false;
  await watched.stop();
});

const open = async (): Promise<Watched> =>
  await openWatched(ALIVE, {
    reach: {
      lastRun: async () => {
        if (run === 'down') throw new Error('The tool does not answer');
        return await Promise.resolve(run);
      },
      paused: async () => await Promise.resolve(new Set(isPaused ? ['feed'] : [])),
    },
  });

/** Looks again a quarter of an hour later, so many times; each time as a process that knows only what is on disk. */
const look = async (times = 1): Promise<MonitorState['standings'][string]> => {
  for (let n = 0; n < times; n += 1) {
    watched.clock.advance(15 * MINUTE_MS);
    await watched.again().tick({ all: true });
  }
  return (await watched.state())?.standings['alive feed'] ?? expect.fail('nothing was judged');
};

test('a sync that never ran since it is watched is silent after its time, and never said to have run', async () => {
  run = undefined;
  watched = await open();
  const first = await look();
  expect(first.judgement).toMatchObject({ state: 'learning' });
  expect(first.judgement.says).toMatch(/has not run since it is watched/u);
  expect(first.goodAt).toBeUndefined();
  expect((await look(6)).judgement.state).toBe('learning');
  expect((await look(4)).judgement).toMatchObject({ state: 'wrong', finding: 'silent' });
  expect(await watched.incidents.listOpen()).toHaveLength(1);
});

test('a tool that does not answer at the first look says nothing of the sync', async () => {
  run = 'down';
  watched = await open();
  const { judgement, goodAt } = await look();
  expect(judgement.state).toBe('learning');
  expect(goodAt).toBeUndefined();
});

test('a look that gave nothing is no good moment', async () => {
  watched = await open();
  run = { ended: watched.clock.now().toISOString() };
  const { goodAt } = await look();
  expect(goodAt).toBeDefined();
  run = 'down';
  expect(await look()).toMatchObject({ judgement: { state: 'well' }, goodAt });
  expect(await look()).toMatchObject({ judgement: { state: 'unmeasured' }, goodAt });
});

test('a paused sync has no good moment while it is paused', async () => {
  watched = await open();
  run = { ended: watched.clock.now().toISOString() };
  const { goodAt } = await look();
  isPaused = true;
  expect(await look(4)).toMatchObject({ judgement: { state: 'well' }, goodAt });
});

test('a tool that answers again is measured again, also where the sync has not run since', async () => {
  watched = await open();
  run = { ended: watched.clock.now().toISOString() };
  const ran = run;
  await look();
  run = 'down';
  expect((await look(2)).judgement.state).toBe('unmeasured');
  run = ran;
  expect((await look()).judgement).toMatchObject({ state: 'well' });
  // A sync that has stopped for that time is silent, and not something that cannot be measured.
  run = 'down';
  await look(2);
  run = ran;
  expect((await look(4)).judgement).toMatchObject({ state: 'wrong', finding: 'silent' });
  run = 'down';
  await look(2);
  run = undefined;
  expect((await look()).judgement).toMatchObject({ state: 'wrong', finding: 'silent' });
});

test('what is said of a run stays true when it is read later', async () => {
  watched = await open();
  run = { ended: new Date(watched.clock.now().getTime() - HOUR_MS / 2).toISOString(), records: 0 };
  expect((await look()).judgement.says).toBe('feed last ran at 2026-03-02 07:30 UTC, and had nothing to do.');
  expect((await look(8)).judgement.says).toBe('feed last ran at 2026-03-02 07:30 UTC; 2h is the limit.');
});
