import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { canonicalJson } from '../../src/lib/index.js';
import type { Fields, ObjectSchema, UniqueSchema, Value } from '../../src/records/index.js';
import type { RecordDraft } from '../../src/restores/decide/order.js';
import { Draft } from '../../src/restores/plan/facts/draft.js';
import type { PlanChange, PlanLine, RecordChange } from '../../src/restores/types.js';
import { field, objectType } from '../support/restore-world.js';
import { fullSweeps } from '../support/sweeps.js';

type Rows = ReadonlyMap<string, Fields>;

/** Records of one object type, damaged and as they should be: by key, their fields. */
interface Case {
  readonly schema: ObjectSchema;
  readonly damaged: Rows;
  readonly good: Rows;
}

function changesOf({ schema, damaged, good }: Case, size: number): RecordChange[] {
  const draft = new Draft({ objects: [schema], links: [] }, size);
  const { object } = schema;
  const rest = { object, why: 'test', attribution: { state: 'unknown' } } as const;
  const sides = (fields: Fields, side: 'from' | 'to'): RecordDraft['fields'] =>
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, { [side]: value }]));
  for (const key of new Set([...damaged.keys(), ...good.keys()])) {
    const [from, to] = [damaged.get(key), good.get(key)];
    if (from === undefined && to !== undefined) draft.record({ action: 'create', key, fields: sides(to, 'to'), ...rest });
    else if (from !== undefined && to === undefined) draft.record({ action: 'delete', key, fields: sides(from, 'from'), ...rest });
    else if (from !== undefined && to !== undefined) {
      const moved = Object.keys(to).filter((name) => from[name] !== to[name]);
      const stays = Object.fromEntries(Object.entries(from).filter(([name]) => !moved.includes(name)));
      const fields = Object.fromEntries(moved.map((name) => [name, { from: from[name] ?? null, to: to[name] ?? null }]));
      if (moved.length > 0) draft.record({ action: 'update', key, fields, stays, ...rest });
    }
  }
  return [...draft.lines()].map((text) => {
    const line = JSON.parse(text) as PlanLine;
    expect(canonicalJson(line)).toBe(text);
    if (line.kind !== 'change' || 'link' in line) throw new Error('only changes of records are in these plans');
    return line;
  });
}

/** Cuts changes into batches as a restore does: by what is done, object type and layer, and by size. */
function batchesOf(changes: readonly RecordChange[], size: number): RecordChange[][] {
  const batches: RecordChange[][] = [];
  const kind = (change: RecordChange): string => JSON.stringify([change.action, change.object, change.layer]);
  for (const change of changes) {
    const last = batches[batches.length - 1];
    if (last?.[0] !== undefined && kind(last[0]) === kind(change) && last.length < size) last.push(change);
    else batches.push([change]);
  }
  return batches;
}

/**
 * Applies batches to a platform that promises no order within one: what a batch takes has to be free before it, and
 * stay so. Throws where it is not, and where a record is not what a change expects.
 */
function play({ schema, damaged }: Case, batches: readonly (readonly RecordChange[])[], uniques: readonly UniqueSchema[], backwards = false): Rows {
  const rows = new Map(damaged);
  const name = (fields: Fields, unique: UniqueSchema): string | undefined => {
    const parts = unique.fields.map((each) => fields[each] ?? null);
    return parts.includes(null) ? undefined : JSON.stringify(parts).toLowerCase();
  };
  const index = (key: string, fields: Fields): string[] =>
    uniques.flatMap((unique, n) => {
      const held = name(fields, unique);
      return held === undefined ? [] : [`${n} ${held}`];
    });
  const holders = new Map<string, string>();
  for (const [key, fields] of rows) for (const held of index(key, fields)) holders.set(held, key);
  for (const batch of backwards ? [...batches].reverse() : batches) {
    const after = batch.map((change) => {
      const [before, next] = backwards ? (['to', 'from'] as const) : (['from', 'to'] as const);
      const action = backwards
        ? ({ create: 'delete', delete: 'create', update: 'update', undelete: 'delete' } as const)[change.action]
        : change.action;
      const live = rows.get(change.key);
      const side = (which: 'from' | 'to'): Record<string, Value> =>
        Object.fromEntries(Object.entries(change.fields).map(([each, move]) => [each, move[which] ?? null]));
      if (action === 'create') {
        if (live !== undefined) throw new Error(`${change.key} is there already`);
        return { key: change.key, fields: side(next) };
      }
      if (live === undefined) throw new Error(`${change.key} is not there`);
      for (const [each, value] of Object.entries(side(before)))
        if ((live[each] ?? null) !== value) throw new Error(`${schema.object} ${change.key}: ${each} is ${String(live[each])}, not ${String(value)}`);
      return { key: change.key, fields: action === 'delete' ? undefined : { ...live, ...side(next) } };
    });
    for (const { key, fields } of after)
      for (const held of fields === undefined ? [] : index(key, fields)) {
        const holder = holders.get(held);
        if (holder !== undefined && holder !== key) throw new Error(`${key} takes ${held}, which ${holder} has before the batch`);
      }
    for (const { key } of after) for (const held of index(key, rows.get(key) ?? {})) holders.delete(held);
    for (const { key, fields } of after) {
      if (fields === undefined) rows.delete(key);
      else rows.set(key, fields);
      for (const held of fields === undefined ? [] : index(key, fields)) {
        if (holders.has(held)) throw new Error(`two records of one batch take ${held}`);
        holders.set(held, key);
      }
    }
  }
  return rows;
}

/** Records as one text, for comparing many. */
function textOf(rows: Rows): string {
  const lines = [...rows].map(([key, fields]) => JSON.stringify([key, Object.entries(fields).sort()]));
  return lines.sort().join('\n');
}

const PLACES: UniqueSchema = { fields: ['list', 'place'] };
const schemaOf = (required: boolean): ObjectSchema =>
  objectType(
    'people',
    [
      field('email', { unique: true, ...(required ? { required } : {}) }),
      field('code', { unique: true, type: 'number', platformType: 'bigint', ...(required ? { required } : {}) }),
      field('list', required ? { required } : {}),
      field('place', { type: 'integer', platformType: 'integer', ...(required ? { required } : {}) }),
      field('name'),
    ],
    { createWithKey: true, unique: [PLACES] },
  );
const UNIQUES: readonly UniqueSchema[] = [{ fields: ['email'] }, { fields: ['code'] }, PLACES];

const rowOf = (email: number | undefined, code: number | undefined, place: number | undefined): Fields => ({
  email: email === undefined ? null : `P${email}@x`,
  code: code === undefined ? null : String(code),
  list: place === undefined ? null : `l${place % 3}`,
  place: place === undefined ? null : Math.floor(place / 3),
  name: 'n',
});

/**
 * Two states of some records whose unique values are any permutation of each other, with new values, records that come
 * and records that go.
 */
const moved = fc.integer({ min: 1, max: 40 }).chain((n) => {
  const some = fc.shuffledSubarray([...Array(n + 3).keys()], { minLength: n, maxLength: n });
  const side = fc.record({ emails: some, codes: some, places: some, gone: fc.subarray([...Array(n).keys()], { maxLength: Math.min(n, 3) }) });
  return fc.record({ n: fc.constant(n), before: side, after: side, required: fc.boolean(), size: fc.integer({ min: 1, max: 8 }) });
});

// A user would lose: every value that moved between records, and with it the other fields of these records.
test('whatever moved between whom, each batch finds what it takes free, forwards and backwards', () => {
  fc.assert(
    fc.property(moved, ({ n, before, after, required, size }) => {
      const rows = (side: typeof before): Rows =>
        new Map(
          [...Array(n).keys()].flatMap((i) =>
            side.gone.includes(i) ? [] : [[`k${i}`, rowOf(side.emails[i], side.codes[i], side.places[i])] as const],
          ),
        );
      const moves: Case = { schema: schemaOf(required), damaged: rows(before), good: rows(after) };
      const changes = changesOf(moves, size);
      const batches = batchesOf(changes, size);
      const done = play(moves, batches, UNIQUES);
      expect(textOf(done)).toBe(textOf(moves.good));
      const back = play({ ...moves, damaged: done }, batches, UNIQUES, true);
      expect(textOf(back)).toBe(textOf(moves.damaged));
      if (required) for (const change of changes) if (change.interim === true) expect(Object.values(change.fields)).not.toContainEqual({ to: null });
    }),
    { numRuns: Number(process.env['RUNBACK_TEST_RUNS'] ?? 200) },
  );
});

/** Records that all hold the value of the next one; the last that of the first (`ring`) or a new one. */
function shifted(n: number, ring: boolean, required = false): Case {
  const rows = (by: number): Rows =>
    new Map([...Array(n).keys()].map((i) => [`k${i}`, { ...rowOf(ring ? (i + by) % n : i + by, undefined, undefined), name: String(by) }]));
  return { schema: schemaOf(required), damaged: rows(1), good: rows(0) };
}

test('a short chain needs no interim value, a ring one, and two that swap one', () => {
  const interims = (moves: Case): number => changesOf(moves, 100).filter((change) => change.interim === true).length;
  expect(interims(shifted(12, false))).toBe(0);
  expect(interims(shifted(12, true))).toBe(1);
  expect(interims(shifted(2, true))).toBe(1);
});

test('many thousand records shifted by one take at most one and a tenth of the least number of batches', () => {
  const n = fullSweeps ? 40_000 : 10_000;
  const moves = shifted(n, true);
  const batches = batchesOf(changesOf(moves, 100), 100);
  expect(batches.length).toBeLessThanOrEqual(1.1 * (n / 100));
  expect(textOf(play(moves, batches, UNIQUES))).toBe(textOf(moves.good));
});

test.each([40, 150, 1000])('%i records shifted by one take at most twice the least number of batches and twenty more', (n) => {
  for (const ring of [false, true])
    for (const size of [1, 10, 100, 1000]) {
      const moves = shifted(n, ring, true);
      const batches = batchesOf(changesOf(moves, size), size);
      expect(batches.length).toBeLessThanOrEqual(2 * Math.ceil(n / size) + 20);
      expect(textOf(play(moves, batches, UNIQUES))).toBe(textOf(moves.good));
    }
});

test('thousands of pairs that swapped are opened by one interim value each, at once', () => {
  const n = fullSweeps ? 20_000 : 10_000;
  const rows = (swapped: boolean): Rows => new Map([...Array(n).keys()].map((i) => [`k${i}`, rowOf(swapped ? i ^ 1 : i, undefined, undefined)]));
  const moves: Case = { schema: schemaOf(false), damaged: rows(true), good: rows(false) };
  const changes = changesOf(moves, 100);
  expect(changes.filter((change: PlanChange) => 'interim' in change)).toHaveLength(n / 2);
  expect(batchesOf(changes, 100).length).toBeLessThanOrEqual((3 * n) / 200 + 2);
});

test('values that differ in case and space only are one value', () => {
  const rows = (a: string, b: string): Rows =>
    new Map([
      ['a', { email: a }],
      ['b', { email: b }],
    ]);
  const moves: Case = { schema: schemaOf(false), damaged: rows('B@x ', 'c@x'), good: rows('a@x', 'b@X') };
  expect(changesOf(moves, 10).map(({ key, layer }) => [key, layer])).toEqual([
    ['a', 1],
    ['b', 2],
  ]);
  // A new spelling of the own value is neither given up nor taken.
  const spelled: Case = { schema: schemaOf(false), damaged: rows('A@X', 'B@X'), good: rows('a@x', 'b@x') };
  expect(changesOf(spelled, 10).map(({ layer }) => layer)).toEqual([undefined, undefined]);
});
