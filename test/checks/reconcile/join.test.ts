import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { type Candidate, Join } from '../../../src/checks/reconcile/join/join.js';
import { comparisonOf } from '../../../src/checks/reconcile/rows/columns.js';
import { parseMapping } from '../../../src/mappings/index.js';
import { brute } from './support/brute-join.js';
import { EITHER_SIDE, MAPPING, type Person, recordOf, SCHEMAS } from './support/people.js';

/** A user would lose: a difference that nobody is told of, or one that is none, because of the size of an account. */

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runback-join-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const mapping = parseMapping(MAPPING, 'people.yml');
const comparison = comparisonOf(mapping, SCHEMAS);

interface Found {
  readonly candidates: readonly string[];
  readonly matched: number;
  readonly alone: readonly number[];
  readonly spilled: boolean;
}

async function found(left: readonly Person[], right: readonly Person[], memoryBytes: number): Promise<Found> {
  let spilled = false;
  const scratch = async (): Promise<string> => {
    spilled = true;
    return await Promise.resolve(folder);
  };
  const one = new Join(comparison, { memoryBytes, scratch });
  const candidates: string[] = [];
  try {
    // In batches, as parts of a snapshot come.
    for (let at = 0; at < left.length; at += 7)
      await one.add(
        0,
        left.slice(at, at + 7).map((person, n) => recordOf(0, person, `l${at + n}`)),
      );
    for (let at = 0; at < right.length; at += 5)
      await one.add(
        1,
        right.slice(at, at + 5).map((person, n) => recordOf(1, person, `r${at + n}`)),
      );
    for await (const candidate of one.candidates()) candidates.push(sortable(candidate));
  } finally {
    await one.close();
  }
  expect(await readdir(folder)).toEqual([]);
  return { candidates: candidates.sort(), matched: one.matched, alone: one.leftAlone, spilled };
}

function sortable(candidate: Candidate): string {
  if (candidate.kind !== 'twice') return JSON.stringify(candidate);
  return JSON.stringify({ ...candidate, keys: candidate.keys.map((keys) => [...keys].sort()) });
}

test('what is joined on disk is what is joined in memory, and what comparing everything with everything finds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(EITHER_SIDE, { maxLength: 60 }), fc.array(EITHER_SIDE, { maxLength: 60 }), async (left, right) => {
      const inMemory = await found(left, right, 1 << 24);
      const onDisk = await found(left, right, 0);
      const expected = brute(mapping, comparison, left, right);
      expect(inMemory.spilled).toBe(false);
      // A record of the right side always has a key to be matched by.
      expect(onDisk.spilled).toBe(right.length > 0 || left.some(({ id, email }) => id !== null || (email ?? '').includes('@')));
      expect({ ...onDisk, spilled: false }).toEqual(inMemory);
      expect(inMemory).toEqual({ ...expected, candidates: expected.candidates.map(sortable).sort(), spilled: false });
    }),
    { numRuns: 300 },
  );
});

test('rows that outgrow their buffers many times over come back from disk as they were', async () => {
  const people = Array.from({ length: 30_000 }, (_, n): Person => ({
    id: n % 3 === 0 ? `x${n}` : null,
    email: `p${n}@example.com`,
    title: `Title ${n % 7}`,
    phone: null,
    tags: null,
    status: 'New',
  }));
  const changed = people.map((person, n) => ({ ...person, status: 'NEW', ...(n % 1000 === 1 ? { title: 'Other' } : {}) }));
  const [small, large] = [await found(people, changed, 64 << 10), await found(people, changed, 1 << 28)];
  expect([small.spilled, large.spilled, small.matched, small.candidates.length]).toEqual([true, false, 30_000, 30]);
  expect(small.candidates).toEqual(large.candidates);
});
