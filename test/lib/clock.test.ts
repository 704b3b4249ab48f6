import { expect, test } from 'vitest';

import { type Clock, sleepUntil, systemClock } from '../../src/lib/index.js';

/** A user would lose: the last look at a moment that has not quite come, and an answer of "more may arrive" for it. */

test('a sleep is never shorter than it was asked to be', async () => {
  const short: number[] = [];
  await Promise.all(
    Array.from({ length: 400 }, async (_, n) => {
      const ms = 1 + (n % 40) * 1.37;
      const began = performance.now();
      await systemClock.sleep(ms);
      if (performance.now() - began < ms) short.push(ms);
    }),
  );
  expect(short).toEqual([]);
});

test('a sleep of months is one, and not over at once', async () => {
  const stop = new AbortController();
  let woke = false;
  const slept = systemClock.sleep(90 * 86_400_000, stop.signal).then(
    () => (woke = true),
    () => undefined,
  );
  await systemClock.sleep(20);
  expect(woke).toBe(false);
  stop.abort();
  await slept;
});

/** A wall clock that shows `runs` of each millisecond slept. */
function clockThat(runs: (ms: number, sleeps: number) => number): Clock & { readonly sleeps: () => number } {
  let nowMs = Date.parse('2026-03-01T10:00:00Z');
  let sleeps = 0;
  return {
    now: () => new Date(nowMs),
    monotonicMs: () => 0,
    sleep: (ms) => {
      sleeps += 1;
      nowMs += runs(ms, sleeps);
      return Promise.resolve();
    },
    sleeps: () => sleeps,
  };
}
const AT = new Date('2026-03-01T10:00:15.000Z');

test('until a moment is until the clock shows it, also where that clock is slowed down', async () => {
  const clock = clockThat((ms) => Math.floor(ms * 0.9995));
  await sleepUntil(AT, { ...clock, sleep: async (ms) => await clock.sleep(ms + (clock.sleeps() > 0 ? 1 : 0)) });
  expect(clock.now().getTime()).toBeGreaterThanOrEqual(AT.getTime());
  expect(clock.sleeps()).toBeGreaterThan(1);
});

test('a clock that is set back is not waited for', async () => {
  const clock = clockThat((_, sleeps) => (sleeps === 1 ? -3_600_000 : 1));
  await sleepUntil(AT, clock);
  expect(clock.sleeps()).toBe(1);
});

test('a moment that has come is not waited for', async () => {
  const clock = clockThat((ms) => ms);
  await sleepUntil(new Date('2026-03-01T09:59:59Z'), clock);
  expect(clock.sleeps()).toBe(0);
});
