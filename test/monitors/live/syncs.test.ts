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

test('a run that ends later than now is no sign of life, and hides no later run', async () => {
  watched = await open();
  run = { ended: watched.clock.now().toISOString() };
  await look();
  // The tool's clock was wrong for one run, or it counts microseconds.
  run = { ended: '2030-01-01T00:00:00.000Z' };
  const { judgement } = await look(2);
  expect(judgement).toMatchObject({ state: 'unmeasured' });
  expect(judgement.says).toMatch(/later than now/u);
  run = { ended: watched.clock.now().toISOString() };
  expect((await look()).judgement).toMatchObject({ state: 'well' });
  expect((await look(9)).judgement).toMatchObject({ state: 'wrong', finding: 'silent' });
});

test.each(['one process', 'other processes'])('what was measured while the clock of this machine was wrong hides nothing, to %s', async (who) => {
  watched = await open();
  const seen = async (hours: number): Promise<MonitorState['standings'][string]> => {
    watched.clock.advance(hours * HOUR_MS);
    await (who === 'one process' ? watched.monitoring : watched.again()).tick({ all: true });
    return (await watched.state())?.standings['alive feed'] ?? expect.fail('nothing was judged');
  };
  const ran = (): void => void (run = { ended: watched.clock.now().toISOString() });
  ran();
  await seen(0);
  watched.clock.advance(400 * 24 * HOUR_MS);
  ran();
  await seen(0);
  watched.clock.advance(-400 * 24 * HOUR_MS);
  for (let hour = 0; hour < 5; hour += 1) {
    ran();
    expect((await seen(1)).judgement).toMatchObject({ state: 'well' });
  }
  expect((await seen(2)).judgement).toMatchObject({ state: 'wrong', finding: 'silent' });
});
