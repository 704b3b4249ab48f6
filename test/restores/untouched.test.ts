import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Platform, RecordHistory } from '../../src/connectors/index.js';
import { canonicalJson } from '../../src/lib/index.js';
import type { Fields, FieldSchema, ObjectSchema } from '../../src/records/index.js';
import { suspicionOf } from '../../src/restores/decide/attribution.js';
import type { PlanFilters } from '../../src/restores/index.js';
import type { DecidingContext } from '../../src/restores/plan/context.js';
import { numbered, unnumbering } from '../../src/restores/plan/facts/draft-lines.js';
import { decideBatch } from '../../src/restores/plan/objects/decide-batch.js';
import type { Difference } from '../../src/restores/plan/objects/differences.js';
import type { LiveRecords } from '../../src/restores/plan/objects/live.js';
import { NO_RECREATIONS } from '../../src/restores/records/journal.js';
import { field, objectType } from '../support/restore-world.js';

/** Names that objects inherit, and one that sorts before its place among numbers. */
const NAMES = ['name', 'city', '__proto__', 'toString', '10', '9'] as const;
const VALUES = ['a', 'b', '', '1.5', '1.50', 'x ', 'x', 1, 2, true, false, null, '2026-01-01 00:00:00', '2026-01-01 00:00:00.0'] as const;
const BASE_AT = '2026-11-20T00:00:00Z';

const value = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...VALUES) }, { weight: 1, arbitrary: fc.constantFrom(['a'], ['a', 'b'], []) });

/** What a driver may say of a field. */
const KINDS: readonly Partial<FieldSchema>[] = [
  { type: 'number', platformType: 'numeric' },
  { type: 'string', platformType: 'character(3)' },
  { type: 'datetime' },
  { type: 'set' },
  { type: 'enum', options: ['a', 'b'] },
  { type: 'enum' },
  { readOnly: true },
  { setByItself: true, readOnly: true },
  { group: 'both' },
  { viaLink: 'kind' },
  { setsAlso: ['city'] },
  { forwardOnly: true },
  { optedOut: ['a', true] },
  { guarded: [{ code: 'irreversible', why: 'It sends a mail.', to: ['a'] }] },
  { guarded: [{ code: 'consent', why: 'It asks.', never: true }] },
  { unique: true },
];
/** Few kinds in one story, so that fields of one kind meet. */
const schema: fc.Arbitrary<ObjectSchema> = fc
  .tuple(fc.subarray([...NAMES], { minLength: 2 }), fc.subarray([...KINDS], { maxLength: 2 }), fc.boolean())
  .chain(([names, kinds, together]) =>
    fc.array(fc.constantFrom({}, ...kinds), { minLength: names.length, maxLength: names.length }).map((all) => ({
      ...objectType(
        'people',
        names.map((name, i) => field(name, all[i])),
      ),
      ...(together ? { unique: [{ fields: ['name', 'city'] }] } : {}),
    })),
  );

/** An object with these members, whatever they are called. */
const fieldsOf = (entries: Iterable<readonly [string, unknown]>): Fields => {
  const fields = {};
  for (const [name, each] of entries) Object.defineProperty(fields, name, { value: each, enumerable: true, configurable: true, writable: true });
  return fields;
};

interface Story {
  readonly base: ObjectSchema;
  readonly live: ObjectSchema;
  readonly filters: PlanFilters;
  readonly history: 'none' | 'record' | 'field';
  readonly records: readonly { readonly sides: readonly [Fields, Fields, Fields]; readonly told: boolean }[];
}

const story: fc.Arbitrary<Story> = fc.tuple(schema, fc.option(schema, { freq: 4, nil: undefined })).chain(([live, other]) => {
  const names = live.fields.map(({ name }) => name);
  const whole = fc
    .array(value, { minLength: names.length, maxLength: names.length })
    .map((values) => new Map(names.map((name, i) => [name, values[i]])));
  const change = fc.array(fc.tuple(fc.constantFrom(...names), fc.option(value, { nil: undefined })), { maxLength: 2 });
  const record = fc
    .tuple(whole, change, fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, change), fc.boolean())
    .map(([before, damage, edits, told]) => {
      const apply = (from: ReadonlyMap<string, unknown>, changes: readonly (readonly [string, unknown])[]): Map<string, unknown> => {
        const after = new Map(from);
        for (const [name, each] of changes) {
          if (each === undefined) after.delete(name);
          else after.set(name, each);
        }
        return after;
      };
      const damaged = apply(before, damage);
      return { sides: [fieldsOf(before), fieldsOf(damaged), fieldsOf(apply(damaged, edits))] as const, told };
    });
  const filters = fc
    .record(
      {
        fields: fc.subarray(names, { minLength: 1 }),
        exceptFields: fc.subarray(names),
        suspects: fc.constant(['sync:*']),
        since: fc.constantFrom('2026-11-21T00:00:00Z', '2026-11-19T00:00:00Z'),
      },
      { requiredKeys: [] },
    )
    .chain((some) =>
      fc
        .constantFrom('include', 'refuse', 'unknown')
        .map((unattributed): PlanFilters => ({ ...some, unattributed: unattributed as PlanFilters['unattributed'], deleteCreated: false })),
    );
  return fc.record({
    base: fc.constant(other ?? live),
    live: fc.constant(live),
    filters,
    history: fc.constantFrom('none' as const, 'record' as const, 'field' as const),
    records: fc.array(record, { minLength: 1, maxLength: 6 }),
  });
});

const TOLD: RecordHistory = {
  fields: Object.fromEntries(NAMES.map((name) => [name, [{ at: '2026-11-21T10:00:00Z', writer: 'sync:7', value: 'b' }]])),
};

/** What a batch comes to; `slow`: with a filter that lets everything through, so that each record is decided in the long way. */
async function decided({ base, live, filters, history, records }: Story, slow: boolean): ReturnType<typeof decideBatch> {
  const context: DecidingContext = {
    platform: { connector: {} } as Platform,
    filters,
    live: { objects: [live], links: [] },
    recreations: NO_RECREATIONS,
    where: slow ? () => () => true : undefined,
    suspicion: suspicionOf(filters, BASE_AT, history),
  };
  const differences = records.map(({ sides: [before, damaged] }, i): Difference => {
    return { key: String(i), base: before, damaged, record: { key: String(i), fields: before, meta: {} }, watched: {} };
  });
  const now: LiveRecords = {
    records: new Map(records.map(({ sides: [, , fields] }, i) => [String(i), { key: String(i), fields, meta: {} }])),
    history: new Map(records.flatMap(({ told }, i) => (told && history !== 'none' ? [[String(i), TOLD] as const] : []))),
    aliases: new Map(),
  };
  return await decideBatch(context, { base, live }, { differences, live: now }, {});
}

describe('records that nobody touched since the damage', () => {
  test('come to the very change that the long way comes to, whatever is known of their fields', async () => {
    await fc.assert(
      fc.asyncProperty(story, async (one) => {
        const [short, long] = [await decided(one, false), await decided(one, true)];
        expect(short.held.map(({ change }) => canonicalJson(change))).toEqual(long.held.map(({ change }) => canonicalJson(change)));
        expect(canonicalJson(short)).toBe(canonicalJson(long));
        const line = unnumbering();
        for (const { change } of short.held) expect(numbered(line(change), 7)).toBe(canonicalJson({ ...change, kind: 'change', n: 7 }));
      }),
      { numRuns: Number(process.env['RUNBACK_TEST_STORIES'] ?? 2000) },
    );
  });
});
