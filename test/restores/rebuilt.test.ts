import { describe, expect, it } from 'vitest';

import type { FieldChange, RecordHistory } from '../../src/connectors/index.js';
import type { Fields, ObjectSchema } from '../../src/records/index.js';
import { rebuildRecord } from '../../src/restores/decide/rebuilt.js';

/** A user would lose: the good value, for one that was guessed; or a colleague's edit. */

const SYNC = 'INTEGRATION:1';
const MAYA = 'CRM_UI:userId:7';
const at = (hour: number, ms = 0): string => new Date(Date.UTC(2026, 0, 5, hour, 0, 0, ms)).toISOString();
const HALF = 30 * 60_000;
const wrote = (value: FieldChange['value'] | undefined, hour: number, writer = SYNC, ms = 0): FieldChange => ({
  ...(value === undefined ? {} : { value }),
  at: at(hour, ms),
  writer,
});
/** Written in the hour that comes twice when clocks are set back: at half past `hour`, or an hour later. */
const twice = (value: string, hour: number, writer = SYNC): FieldChange => ({ value, at: at(hour, HALF), until: at(hour + 1, HALF), writer });
const field = (name: string, more: object = {}) => ({ name, type: 'string' as const, platformType: 'string/text', readOnly: false, ...more });
const schema = {
  object: 'contacts',
  fields: [
    field('phone'),
    field('street', { group: 'address' }),
    field('town', { group: 'address' }),
    field('optout', { readOnly: true, optedOut: ['true'] }),
  ],
} as unknown as ObjectSchema;

/** What stood in the phone before, and what the incident left there; a word where that is not known. */
function phone(entries: readonly FieldChange[], more: Partial<RecordHistory> = {}, kept = 20): unknown {
  const found = rebuild({ phone: entries }, { phone: entries[0]?.value ?? null }, more, kept);
  if (found.is !== 'written') return found.is;
  return found.unknown[0]?.why ?? [found.base['phone'], found.damaged['phone']];
}

function rebuild(fields: RecordHistory['fields'], live: Fields, more: Partial<RecordHistory> = {}, kept = 20) {
  const suspicion = { suspects: [SYNC], since: at(8), until: at(20), baseStartedAt: at(8), history: 'field' as const, rebuilt: true as const };
  const rules = { suspicion, schema, kept, fields: schema.fields.map(({ name }) => name) };
  return rebuildRecord(rules, { key: '1', fields: live, meta: {} }, { fields, ...more });
}

describe('what stood in a field before the incident', () => {
  it.each<[string, readonly FieldChange[], unknown]>([
    ['is the value before its first write', [wrote('worse', 11), wrote('bad', 10), wrote('good', 7, MAYA)], ['good', 'worse']],
    ['is an edit in the window, before it', [wrote('bad', 10), wrote('new', 9, MAYA), wrote('old', 1, MAYA)], ['new', 'bad']],
    ['is what the suspect itself wrote before the window', [wrote('bad', 10), wrote('synced', 7)], ['synced', 'bad']],
    ['is not what the suspect wrote after the window', [wrote('later', 22), wrote('bad', 10), wrote('good', 1, MAYA)], ['good', 'bad']],
    ['is nothing where it was never set', [wrote('bad', 10)], [null, 'bad']],
    ['is nothing where it was cleared', [wrote('bad', 10), wrote(null, 7, MAYA), wrote('old', 1, MAYA)], [null, 'bad']],
    ['is not told where somebody else wrote only', [wrote('new', 10, MAYA), wrote('old', 1, MAYA)], 'untouched'],
    ['is not told without the value before', [wrote('bad', 10), wrote(undefined, 7, MAYA)], 'untold'],
    ['is not told without the time of a change', [wrote('bad', 10), { value: 'when', writer: MAYA }], 'untold'],
    ['is not told where two stood there at one time', [wrote('bad', 10), wrote('a', 7, MAYA), wrote('b', 7, 'FORM:1')], 'untold'],
    ['is told where two at one time are the same', [wrote('bad', 10), wrote('a', 7, MAYA), wrote('a', 7, 'FORM:1')], ['a', 'bad']],
    [
      'is what was there before an edit at the very time of the damage',
      [wrote('bad', 10), wrote('new', 10, MAYA), wrote('old', 7, MAYA)],
      ['old', 'bad'],
    ],
    ['is not told where clocks were set back as the window begins', [twice('bad', 7), wrote('good', 1, MAYA)], 'unsure'],
    ['is not told where they were set back as it ends', [twice('bad', 19), wrote('good', 1, MAYA)], 'unsure'],
    ['is told where they were set back within it', [twice('bad', 10), wrote('good', 1, MAYA)], ['good', 'bad']],
    ['is none of the incident where they were set back before it', [twice('synced', 5), wrote('good', 1, MAYA)], 'untouched'],
    ['is none of the incident where somebody else wrote as they were set back', [twice('new', 7, MAYA), wrote('old', 1, MAYA)], 'untouched'],
  ])('%s', (_what, entries, expected) => {
    expect(phone(entries)).toEqual(expected);
  });

  it('is not known where the platform keeps no more changes', () => {
    const many = Array.from({ length: 20 }, (_, n) => wrote(`bad ${n}`, 19, SYNC, 900 - n));
    expect([phone(many), phone(many, {}, 45), phone(many.slice(1))]).toEqual(['beyond', [null, 'bad 0'], [null, 'bad 1']]);
  });

  it('is not known where a full history begins within the window: an older write of the incident may be gone', () => {
    const duel = Array.from({ length: 20 }, (_, n) => wrote(n % 2 === 0 ? `bad ${n}` : 'reaction', 19, n % 2 === 0 ? SYNC : 'WORKFLOW:3', 900 - n));
    expect(phone(duel)).toBe('beyond');
    expect(phone([...duel.slice(0, 19), wrote('good', 7, MAYA)])).toEqual(['good', 'bad 0']);
    expect(phone([...duel.slice(0, 4), wrote('good', 7, MAYA)])).not.toBe('beyond');
  });

  it('is not what nobody is known to have written within the window: that may be the incident itself', () => {
    const unnamed = { value: 'whose', at: at(9) };
    expect(phone([wrote('bad', 10), unnamed, wrote('good', 1, MAYA)])).toBe('untold');
    expect(phone([wrote('bad', 10), { ...unnamed, at: at(7) }])).toEqual(['whose', 'bad']);
  });

  it('is not known of a merged record, but where the order of its history does not matter', () => {
    const mixed = [wrote('bad', 10), wrote('theirs', 6, MAYA), wrote('ours', 5, MAYA)];
    expect(phone(mixed, { merged: {} })).toBe('merged');
    expect(phone(mixed, { merged: { at: at(7) } })).toBe('merged');
    expect(phone(mixed, { merged: { at: at(5, 500) } })).toEqual(['theirs', 'bad']);
    expect(phone([wrote('bad', 10), wrote('same', 6, MAYA), wrote('same', 5, MAYA)], { merged: {} })).toEqual(['same', 'bad']);
  });

  it('is nothing that a plan speaks of where the incident created the record, or may have', () => {
    const entries = [wrote('bad', 10)];
    expect(phone(entries, { created: { at: at(10), writer: SYNC } })).toBe('created');
    expect(phone(entries, { created: { at: at(9) } })).toBe('created');
    expect(phone(entries, { created: { at: at(10), writer: 'API' } })).toBe('created');
    expect(phone(entries, { created: { at: at(9), writer: MAYA } })).toEqual([null, 'bad']);
    expect(phone(entries, { created: { at: at(2), writer: SYNC } })).toEqual([null, 'bad']);
  });
});

describe('fields that are decided together', () => {
  it('are as they were when the incident was through: what somebody made of them since is seen', () => {
    const found = rebuild(
      { street: [wrote('Bad road', 10), wrote('Elm 1', 1, MAYA)], town: [wrote('Bergen', 12, MAYA), wrote('Oslo', 1, MAYA)] },
      { street: 'Bad road', town: 'Bergen' },
    );
    expect(found).toMatchObject({ base: { street: 'Elm 1', town: 'Oslo' }, damaged: { street: 'Bad road', town: 'Oslo' } });
  });

  it('are left together where the earlier value of one is not known', () => {
    const found = rebuild(
      { street: [wrote('Bad road', 10), wrote('Elm 1', 1, MAYA)], town: [wrote('Bad town', 10), wrote(undefined, 1, MAYA)] },
      { street: 'Bad road', town: 'Bad town' },
    );
    expect(found).toMatchObject({ base: { street: 'Bad road' }, damaged: { street: 'Bad road' }, unknown: [{ field: 'town', why: 'untold' }] });
  });
});

it('an opt-out that cannot be written is told apart from what can be', () => {
  const found = rebuild({ optout: [wrote('false', 10), wrote('true', 1, MAYA)] }, {});
  expect(found).toMatchObject({ base: {}, watched: { base: { optout: 'true' }, damaged: { optout: 'false' } } });
});
