import { expect, test } from 'vitest';

import { confirm } from '../../../src/checks/reconcile/confirm/confirm.js';
import type { LiveSide } from '../../../src/checks/reconcile/confirm/live-side.js';
import { liveSide } from '../../../src/checks/reconcile/confirm/live-side.js';
import { type Candidate, Join } from '../../../src/checks/reconcile/join/join.js';
import { comparisonOf } from '../../../src/checks/reconcile/rows/columns.js';
import { parseMapping } from '../../../src/mappings/index.js';
import type { FieldSchema, ObjectSchema, PlatformRecord, Value } from '../../../src/records/index.js';
import { MemoryConnector } from '../../support/memory-connector.js';
import { SettlingClock } from '../../support/settling-clock.js';

/** What real platforms do that makes two sides look different, or the same. A user would lose hours to each false alarm. */

const field = (name: string, type: FieldSchema['type'] = 'string'): FieldSchema => ({ name, type, platformType: 'text', readOnly: false });
const schema = (...fields: readonly FieldSchema[]): ObjectSchema => ({
  object: 'people',
  keyFields: [],
  fields,
  createWithKey: false,
  undelete: false,
  sideEffects: [],
});
const HEAD =
  'version: 1\nid: people\nbetween: { crm: crm/people, map: map/people }\nmatch: [{ crm: email, map: email, as: email }]\nsettle: 5m\ncreates: [map]\n';

async function joined(
  fields: string,
  schemas: readonly [ObjectSchema, ObjectSchema],
  left: readonly PlatformRecord[],
  right: readonly PlatformRecord[],
): Promise<{ readonly comparison: ReturnType<typeof comparisonOf>; readonly candidates: readonly Candidate[] }> {
  const comparison = comparisonOf(parseMapping(`${HEAD}fields:\n${fields}`, 'people.yml'), schemas);
  const join = new Join(comparison, { scratch: () => Promise.reject(new Error('it fits into memory')) });
  await join.add(0, left);
  await join.add(1, right);
  const candidates: Candidate[] = [];
  for await (const candidate of join.candidates()) candidates.push(candidate);
  return { comparison, candidates };
}

test.each<readonly [string, string, readonly [FieldSchema['type'], FieldSchema['type']], Value | undefined, Value | undefined, boolean]>([
  ['null and nothing', '', ['string', 'string'], null, undefined, true],
  ['null and the empty text', '', ['string', 'string'], null, '', true],
  ['null and spaces', '', ['string', 'string'], null, '  ', true],
  ['spaces at the end, which a database keeps and a CRM cuts', '', ['string', 'string'], 'Head ', 'Head', true],
  ['letters as one character and as two', '', ['string', 'string'], 'Jos\u00e9', 'Jose\u0301', true],
  ['line ends', '', ['string', 'string'], 'a\r\nb', 'a\nb', true],
  ['letter case of a text', '', ['string', 'string'], 'Head', 'head', false],
  ['letter case of an option', ', values: { New: NEW }', ['enum', 'enum'], 'New', 'new', false],
  ['an option by two names', ', values: { New: [NEW, FRESH] }', ['enum', 'enum'], 'New', 'FRESH', true],
  ['a moment in two zones', '', ['datetime', 'datetime'], '2026-11-22T23:30:00.000Z', '2026-11-23T00:30:00+01:00', true],
  ['milliseconds that one side does not keep', '', ['datetime', 'datetime'], '2026-11-22T23:30:00.123Z', '2026-11-22T23:30:00Z', true],
  ['the day of a moment where people are', ', as: date/America/New_York', ['datetime', 'date'], '2026-11-23T03:00:00.000Z', '2026-11-22', true],
  ['the day of a moment in UTC', ', as: date', ['datetime', 'date'], '2026-11-23T03:00:00.000Z', '2026-11-22', false],
  ['yes as text and as a checkbox', '', ['boolean', 'string'], true, 'true', true],
  ['a checkbox that was never set, which one side calls false', '', ['boolean', 'boolean'], null, false, true],
  ['a checkbox that was never set, and one that is ticked', '', ['boolean', 'boolean'], null, true, false],
  ['zeros of a decimal', '', ['number', 'string'], '1.50', '1.5', true],
  ['cents that one side rounds away', ', as: number/2', ['number', 'number'], '2.345', '2.35', true],
  ['digits beyond what a double holds', '', ['number', 'number'], '12345678901234567890', '12345678901234567891', false],
  ['a list in another order', ', as: list', ['string', 'string'], 'b;a', 'a;b', false],
  ['a set, which each side sorts by its own codes', ', values: { A: z, B: y }', ['set', 'set'], ['A', 'B'], ['y', 'z'], true],
])('%s', async (_what, more, [a, b], left, right, isSame) => {
  const of = (key: string, value: Value | undefined): PlatformRecord => ({
    key,
    fields: { email: 'p@example.com', ...(value === undefined ? {} : { what: value }) },
    meta: {},
  });
  const schemas = [schema(field('email'), field('what', a)), schema(field('email'), field('what', b))] as const;
  const { candidates } = await joined(`  - { crm: what, map: what, authority: crm${more} }\n`, schemas, [of('1', left)], [of('2', right)]);
  expect(candidates.length).toBe(isSame ? 0 : 1);
});

test('a record that a list skipped is found again where nothing proves that the list held all, and accuses nobody', async () => {
  const both = schema(field('email'), field('title'));
  const clock = new SettlingClock();
  const sides = [new MemoryConnector({ objects: [both], clock }), new MemoryConnector({ objects: [both], clock })] as const;
  for (let n = 0; n < 9; n += 1) for (const side of sides) side.put('people', `${n}`, { email: `p${n}@example.com`, title: 'Head' }, 'sync');
  sides[1].put('people', '8', null, 'person');
  const all = async (connector: MemoryConnector): Promise<PlatformRecord[]> => {
    const records: PlatformRecord[] = [];
    for await (const batch of connector.read({ schema: both })) records.push(...batch.records);
    return records;
  };
  const skipped = (await all(sides[1])).filter(({ key }) => key !== '3');
  const { comparison, candidates } = await joined('  - { crm: title, map: title, authority: crm }\n', [both, both], await all(sides[0]), skipped);
  expect(candidates).toHaveLength(2);
  const live = ([0, 1] as const).map((side): LiveSide =>
    liveSide({
      platform: sides[side].platform(),
      schema: both,
      since: clock.now(),
      census: side === 0,
      wasThere: (key) => Promise.resolve(side === 0 || skipped.some((one) => one.key === key)),
    }),
  ) as [LiveSide, LiveSide];
  const { differences, settled } = await confirm(candidates, { comparison, sides: live, clock, settleMs: 1000, readAt: clock.now() }, {});
  expect(differences.map(({ class: name, keys }) => [name, keys])).toEqual([['missing', [['8'], []]]]);
  expect(settled).toBe(1);
});
