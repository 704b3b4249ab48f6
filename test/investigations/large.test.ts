import { expect, test } from 'vitest';

import { findGroups } from '../../src/investigations/index.js';
import { keysToAsk } from '../../src/investigations/reading/sample.js';
import type { Appeared, ChangedCell, Evidence } from '../../src/investigations/types.js';
import type { ObjectSchema } from '../../src/records/index.js';

/** A user would lose: an answer on the day on which a sync wrote to everybody. What grew with the square took minutes. */

const FROM = Date.parse('2026-11-01T00:00:00Z');
const MANY = 150_000;

function evidence(some: Partial<Evidence>): Evidence {
  return {
    cells: [],
    appeared: [],
    past: { writes: [], days: 30, each: new Map(), created: [], spells: [7] },
    schemaOf: () => undefined,
    fromMs: FROM,
    toMs: FROM + 7 * 86_400_000,
    rows: new Map([['contacts', 1_000_000]]),
    syncs: [],
    history: true,
    ...some,
  };
}

test('a hundred thousand values that one sync emptied within an hour are one group', () => {
  const cells: ChangedCell[] = Array.from({ length: MANY }, (_, n) => {
    const before = `+49 ${n}`;
    return {
      object: 'contacts',
      key: String(n),
      field: 'phone',
      base: before,
      now: '',
      writes: [{ before, after: '', atMs: FROM + 20 * n, writer: 'sync' }],
    };
  });
  expect(findGroups(evidence({ cells })).map(({ label, members }) => [label, members.length])).toEqual([['emptied', MANY]]);
});

test('a hundred thousand records that one sync created are one question', () => {
  const appeared: Appeared[] = Array.from({ length: MANY }, (_, n) => ({
    change: 'created',
    object: 'contacts',
    key: String(n),
    atMs: FROM + 20 * n,
    writer: 'sync',
  }));
  expect(findGroups(evidence({ appeared })).map(({ label, members }) => [label, members.length])).toEqual([['created', MANY]]);
});

test('samples are drawn where so many records changed that their times do not fit into one call', async () => {
  const schema = { object: 'contacts', fields: [{ name: 'title', type: 'string' }] } as unknown as ObjectSchema;
  const changed = Array.from({ length: MANY }, (_, n) => ({
    key: String(n),
    cells: [{ field: 'title', before: `T ${n % 977}`, after: `U ${n % 733}` }],
  }));
  let asked = 0;
  const known = {
    past: { all: () => [] },
    created: [],
    each: new Map(),
    fromMs: FROM,
    rows: 1_000_000,
    days: 30,
    own: undefined,
    isStart: () => false,
  };
  await keysToAsk(
    schema,
    changed,
    { of: () => undefined },
    async (keys) => {
      asked += keys.length;
    },
    known,
  );
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThan(MANY);
});
