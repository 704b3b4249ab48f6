import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it, onTestFinished } from 'vitest';

import { CallCounts, countedSince, keepCounts, readCounts } from '../../src/calls/index.js';
import { Redactor, systemClock } from '../../src/lib/index.js';
import { openFileStore } from '../../src/store/index.js';

const DAY_MS = 86_400_000;
const FIRST = Date.parse('2026-01-01T10:00:00Z');

it('keeps the counts of 400 days, adds what is counted later in the day, and forgets the oldest', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'runback-counts-'));
  onTestFinished(async () => await rm(dir, { recursive: true, force: true }));
  const store = openFileStore({ dir, clock: systemClock, redactor: new Redactor() });
  let now = FIRST;
  const counts = new CallCounts(() => new Date(now));
  const once = async (): Promise<void> => {
    counts.note({ at: 'hubspot', call: 'read', of: 'contacts', outcome: 'ok' });
    await keepCounts(store, counts);
  };
  for (let day = 0; day < 402; day += 1) {
    now = FIRST + day * DAY_MS;
    await once();
  }
  now += 3_600_000;
  await once();
  expect(await countedSince(store)).toEqual(new Date('2026-01-03T00:00:00Z'));
  const [row, ...others] = await readCounts(store, new Date(FIRST), new Date(now + DAY_MS));
  expect(others).toEqual([]);
  expect(Object.values(row?.hours ?? {}).reduce((sum, n) => sum + n, 0)).toBe(401);
});
