import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Platform, ReadRequest, RecordBatch, RecordHistory } from '../../src/connectors/index.js';
import { canonicalJson } from '../../src/lib/index.js';
import { differingCells, type Fields, type FieldSchema, type ObjectSchema, type PlatformRecord, recordLine } from '../../src/records/index.js';
import { suspicionOf } from '../../src/restores/decide/attribution.js';
import type { PlanFilters } from '../../src/restores/index.js';
import type { PlanContext } from '../../src/restores/plan/context.js';
import { numbered, unnumbering } from '../../src/restores/plan/facts/draft-lines.js';
import { decideBatch } from '../../src/restores/plan/objects/decide-batch.js';
import type { Difference } from '../../src/restores/plan/objects/differences.js';
import type { LiveRecords } from '../../src/restores/plan/objects/live.js';
import { readPlain } from '../../src/restores/plan/objects/plain.js';
import { NO_RECREATIONS } from '../../src/restores/records/journal.js';
import { field, objectType } from '../support/restore-world.js';

/** Names that objects inherit, and one that sorts before its place among numbers. */
const NAMES = ['name', 'city', '__proto__', 'toString', '10', '9'] as const;
const VALUES = ['a', 'b', '', '1.5', '1.50', 'x ', 'x', 1, 2, true, false, null, '2026-01-01 00:00:00', '2026-01-01 00:00:00.0'] as const;
const BASE_AT = '2026-11-20T00:00:00Z';

const value = fc.oneof({ weight: 25, arbitrary: fc.constantFrom(...VALUES) }, { weight: 1, arbitrary: fc.constantFrom(['a'], ['a', 'b'], []) });

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
    filters: fc.oneof(fc.constant<PlanFilters>({ unattributed: 'include', deleteCreated: false }), filters),
    history: fc.constantFrom('none' as const, 'record' as const, 'field' as const),
    records: fc.array(record, { minLength: 1, maxLength: 6 }),
  });
});

const TOLD: RecordHistory = {
  fields: Object.fromEntries(NAMES.map((name) => [name, [{ at: '2026-11-21T10:00:00Z', writer: 'sync:7', value: 'b' }]])),
};

/** What is planned with; `all`: with a filter that lets everything through. `asked`: gets what is read of the platform. */
function contextOf({ live, filters, history, records }: Story, all: boolean, asked: ReadRequest[] = []): PlanContext {
  const now = liveOf(records);
  const read = async function* (request: ReadRequest): AsyncGenerator<RecordBatch> {
    asked.push(request);
    const { keys = [], schema: asks } = request;
    const names = new Set(asks.fields.map(({ name }) => name));
    const some = (fields: Fields): Fields => fieldsOf(Object.entries(fields).filter(([name]) => names.has(name)));
    yield { records: keys.flatMap((key) => now.get(key) ?? []).map((record) => ({ ...record, fields: some(record.fields) })) };
  };
  return {
    platform: { connector: { capabilities: { readsFields: true, batch: { read: 1000, history: 1000 } }, read } } as unknown as Platform,
    filters,
    live: { objects: [live], links: [] },
    recreations: NO_RECREATIONS,
    where: all ? () => () => true : undefined,
    suspicion: suspicionOf(filters, BASE_AT, history),
  } as unknown as PlanContext;
}

const liveOf = (records: Story['records']): Map<string, PlatformRecord> =>
  new Map(records.map(({ sides: [, , fields] }, i) => [String(i), { key: String(i), fields, meta: {} }]));

function differencesOf(records: Story['records'], asLines: boolean): readonly Difference[] {
  return records.map(({ sides: [before, damaged] }, i): Difference => {
    const record = { key: String(i), fields: before, meta: {} };
    const cells = asLines ? differingCells(recordLine(record), recordLine({ ...record, fields: damaged })) : undefined;
    return { key: record.key, base: before, damaged, record, watched: {}, cells };
  });
}

/** Stories in which fields were read alone: of records that nobody had touched, and with some that somebody had. */
const met = { untouched: 0, touched: 0 };

/**
 * What a batch comes to: `long`, with a filter that lets everything through, so that each record is decided in the long way; `short`;
 * `lines`, the short way of what two lines tell; `some`, with a platform that reads fields alone.
 */
async function decided(story: Story, way: 'long' | 'short' | 'lines' | 'some'): ReturnType<typeof decideBatch> {
  const { base, live, history, records } = story;
  const context = contextOf(story, way === 'long');
  const differences = differencesOf(records, way === 'lines' || way === 'some');
  const type = { base, live };
  if (way === 'some') {
    const some = await readPlain(context, type, differences, {});
    if (some !== undefined) met[some.plain?.size === records.length ? 'untouched' : 'touched'] += 1;
    if (some !== undefined) return await decideBatch(context, type, { differences, ...some }, {});
  }
  const whole: LiveRecords = {
    records: liveOf(records),
    history: new Map(records.flatMap(({ told }, i) => (told && history !== 'none' ? [[String(i), TOLD] as const] : []))),
    aliases: new Map(),
  };
  return await decideBatch(context, type, { differences, live: whole }, {});
}

describe('records that nobody touched since the damage', () => {
  test('come to the very change that the long way comes to, whatever is known of their fields', async () => {
    await fc.assert(
      fc.asyncProperty(story, async (one) => {
        const [short, long] = [await decided(one, 'short'), await decided(one, 'long')];
        expect(short.held.map(({ change }) => canonicalJson(change))).toEqual(long.held.map(({ change }) => canonicalJson(change)));
        expect(canonicalJson(short)).toBe(canonicalJson(long));
        expect(canonicalJson(await decided(one, 'lines'))).toBe(canonicalJson(long));
        // What else was told of a record is asked for with its history: then whole records are read.
        for (const record of one.records) {
          const alone = { ...one, records: [{ ...record, told: false }] };
          const [some, all] = [await decided(alone, 'some'), await decided(alone, 'long')];
          expect(canonicalJson({ ...some, held: some.held.map(({ change }) => change) })).toBe(
            canonicalJson({ ...all, held: all.held.map(({ change }) => change) }),
          );
        }
        const line = unnumbering();
        for (const { change } of short.held) expect(numbered(line(change), 7)).toBe(canonicalJson({ ...change, kind: 'change', n: 7 }));
      }),
      { numRuns: Number(process.env['RUNBACK_TEST_STORIES'] ?? 2000) },
    );
    expect(met.untouched).toBeGreaterThan(50);
    expect(met.touched).toBeGreaterThan(3);
  });

  test('are read in part only where that is enough', async () => {
    const people = objectType('people', [field('name'), field('city'), field('company')]);
    const record = (...[base, damaged, live]: readonly [object, object, object]): Story['records'][number] => ({
      sides: [base as Fields, damaged as Fields, live as Fields],
      told: false,
    });
    const was = { name: 'Ada', city: 'Rome', company: '1' };
    const story: Story = {
      base: people,
      live: people,
      filters: { unattributed: 'include', deleteCreated: false },
      history: 'none',
      records: [
        record(was, { ...was, name: 'x' }, { ...was, name: 'x', city: 'Oslo' }),
        record(was, { ...was, name: 'x' }, { ...was, name: 'Eve' }),
        record(was, { ...was, city: 'x' }, { ...was, city: 'x' }),
      ],
    };
    const asked: ReadRequest[] = [];
    const context = contextOf(story, false, asked);
    const type = { base: people, live: people };
    const read = await readPlain(context, type, differencesOf(story.records, true), {});
    expect([...(read?.plain ?? [])].map(([key, { change }]) => [key, change.fields])).toEqual([
      ['0', { name: { from: 'x', to: 'Ada' } }],
      ['2', { city: { from: 'x', to: 'Rome' } }],
    ]);
    // Of the one that somebody has changed since, everything.
    expect(asked.map(({ keys, schema: { fields } }) => [keys, fields.map(({ name }) => name)])).toEqual([
      [
        ['0', '1', '2'],
        ['name', 'city'],
      ],
      [['1'], ['name', 'city', 'company']],
    ]);
    expect(read?.live.records.get('1')?.fields).toEqual({ ...was, name: 'Eve' });

    const none = async (other: Partial<PlanContext>): Promise<unknown> =>
      await readPlain({ ...context, ...other }, type, differencesOf(story.records, true), {});
    const link = { kind: 'works', from: 'people', to: 'companies', viaFields: ['city'] };
    expect(
      await none({ live: { objects: [people], links: [{ ...link, viaFields: ['company'] }] } } as unknown as Partial<PlanContext>),
    ).toBeDefined();
    expect(await none({ live: { objects: [people], links: [link] } } as unknown as Partial<PlanContext>)).toBeUndefined();
    const { connector } = context.platform;
    const whole = { ...connector, capabilities: { ...connector.capabilities, readsFields: undefined } };
    expect(await none({ platform: { ...context.platform, connector: whole } } as unknown as Partial<PlanContext>)).toBeUndefined();
    expect(await readPlain(context, type, differencesOf(story.records, false), {})).toBeUndefined();
  });
});
