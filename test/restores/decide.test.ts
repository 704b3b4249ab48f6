import { expect, test } from 'vitest';

import type { RecordHistory } from '../../src/connectors/index.js';
import type { Fields, ObjectSchema } from '../../src/records/index.js';
import { suspicionOf } from '../../src/restores/decide/attribution.js';
import { decideRecord, type RecordEvidence } from '../../src/restores/decide/decide.js';
import type { ConflictCode, PlanFilters } from '../../src/restores/index.js';
import { field, objectType } from '../support/restore-world.js';

const BASE_AT = '2026-11-20T00:00:00Z';
const SCHEMA = objectType('contacts', [
  field('name'),
  field('city'),
  field('tags', { type: 'set', options: ['a', 'b', 'c'] }),
  field('status', { type: 'enum', options: ['new', 'open'] }),
  field('age', { type: 'integer' }),
  field('score', { readOnly: true }),
  field('optout', { type: 'boolean', optedOut: [true] }),
  field('stage', { forwardOnly: true }),
  field('street', { group: 'address' }),
  field('zip', { group: 'address' }),
]);
/** From before the base: the history is whole. */
const FIRST = { at: '2026-11-19T10:00:00Z', writer: 'ui:42' };
const BY_SYNC: RecordHistory = {
  fields: Object.fromEntries(SCHEMA.fields.map(({ name }) => [name, [{ at: '2026-11-21T10:00:00Z', writer: 'sync:7' }, FIRST]])),
  created: { at: '2026-11-21T10:00:00Z', writer: 'sync:7' },
};

interface Case {
  readonly title: string;
  readonly base?: Fields;
  readonly damaged?: Fields;
  readonly live?: Fields;
  readonly schema?: ObjectSchema;
  readonly baseSchema?: ObjectSchema;
  readonly filters?: Partial<PlanFilters>;
  readonly evidence?: RecordEvidence;
  readonly history?: 'field' | 'record' | 'none';
  /** Field values written, by name; or `delete`, `create`, `undelete` with them. */
  readonly writes?: Fields;
  readonly action?: 'update' | 'create' | 'undelete' | 'delete';
  readonly conflicts?: readonly ConflictCode[];
  /** The choices that the first conflict offers. */
  readonly choices?: readonly string[];
  readonly nothing?: number;
}

function decide(one: Case): ReturnType<typeof decideRecord> {
  const filters: PlanFilters = { suspects: ['sync:*'], unattributed: 'refuse', deleteCreated: true, ...one.filters };
  const context = {
    baseSchema: one.baseSchema ?? SCHEMA,
    liveSchema: one.schema ?? SCHEMA,
    filters,
    suspicion: suspicionOf(filters, BASE_AT, one.history ?? 'field'),
  };
  const sides = { object: 'contacts', key: '1', base: one.base, damaged: one.damaged, live: one.live };
  return decideRecord(context, sides, { history: BY_SYNC, ...one.evidence });
}

const without = (name: string): ObjectSchema => ({ ...SCHEMA, fields: SCHEMA.fields.filter((one) => one.name !== name) });
const changed = (name: string, more: Partial<ObjectSchema['fields'][number]>): ObjectSchema => ({
  ...SCHEMA,
  fields: SCHEMA.fields.map((one) => (one.name === name ? { ...one, ...more } : one)),
});
const history = (entries: RecordHistory['fields'][string]): RecordEvidence => ({
  history: { fields: { name: [...entries, { ...FIRST, value: 'good' }] } },
});
const NAME = { base: { name: 'good' }, damaged: { name: 'bad' }, live: { name: 'bad' } };

const cases: readonly Case[] = [
  {
    title: 'a field that base and damaged share is no damage: a later edit stays',
    base: { name: 'x', city: 'a' },
    damaged: { name: 'x', city: 'b' },
    live: { name: 'edit', city: 'b' },
    writes: { city: 'a' },
  },
  { title: 'a damaged field that nobody touched gets its base value', ...NAME, writes: { name: 'good' } },
  { title: 'a field that was repaired already needs nothing', ...NAME, live: { name: 'good' }, nothing: 1 },
  {
    title: 'a damaged field that was edited since is for a person',
    ...NAME,
    live: { name: 'edit' },
    conflicts: ['edited-since'],
    choices: ['keep', 'restore'],
  },
  { title: 'a value that the damage emptied comes back', base: { name: 'x' }, damaged: { name: null }, live: { name: null }, writes: { name: 'x' } },
  {
    title: 'a value that the damage filled in is emptied',
    base: { name: null },
    damaged: { name: 'x' },
    live: { name: 'x' },
    writes: { name: null },
  },
  { title: 'empty text and nothing are two things', base: { name: '' }, damaged: { name: null }, live: { name: null }, writes: { name: '' } },
  {
    title: 'a field that came after the base says nothing',
    baseSchema: without('name'),
    base: {},
    damaged: { name: 'x' },
    live: { name: 'x' },
    nothing: 0,
  },

  {
    title: 'a set gets back what was taken, loses what was added, keeps what was added since',
    base: { tags: ['a'] },
    damaged: { tags: ['b'] },
    live: { tags: ['b', 'c'] },
    writes: { tags: ['a', 'c'] },
  },
  { title: 'a set that was repaired by hand needs nothing', base: { tags: ['a'] }, damaged: { tags: ['b'] }, live: { tags: ['a', 'c'] }, nothing: 1 },
  { title: 'a set that was empty is empty again', base: { tags: null }, damaged: { tags: ['b'] }, live: { tags: ['b'] }, writes: { tags: null } },

  {
    title: 'fields of a group are written together',
    base: { street: 'a', zip: '1' },
    damaged: { street: 'b', zip: '2' },
    live: { street: 'b', zip: '2' },
    writes: { street: 'a', zip: '1' },
  },
  {
    title: 'an edit of one field of a group keeps the whole group',
    base: { street: 'a', zip: '1' },
    damaged: { street: 'b', zip: '2' },
    live: { street: 'b', zip: '3' },
    conflicts: ['edited-since'],
  },
  {
    title: 'an edit of an undamaged field of a group keeps the whole group',
    base: { street: 'a', zip: '1' },
    damaged: { street: 'b', zip: '1' },
    live: { street: 'b', zip: '3' },
    conflicts: ['edited-since'],
  },

  { title: 'a field that is gone cannot be restored', ...NAME, schema: without('name'), live: {}, conflicts: ['field-removed'], choices: ['keep'] },
  {
    title: 'a field that may not be written any more cannot be restored',
    base: { score: '1' },
    damaged: { score: '2' },
    live: { score: '2' },
    conflicts: ['read-only'],
    choices: ['keep'],
  },
  {
    title: 'a field of another type cannot be restored',
    base: { age: 1 },
    damaged: { age: 2 },
    live: { age: '2' },
    schema: changed('age', { type: 'string' }),
    conflicts: ['type-changed'],
    choices: ['keep'],
  },
  {
    title: 'an option that is gone cannot be restored',
    base: { status: 'new' },
    damaged: { status: 'open' },
    live: { status: 'open' },
    schema: changed('status', { options: ['open'] }),
    conflicts: ['option-removed'],
    choices: ['keep'],
  },
  {
    title: 'an element that is no option any more cannot be restored',
    base: { tags: ['a'] },
    damaged: { tags: [] },
    live: { tags: [] },
    schema: changed('tags', { options: ['b'] }),
    conflicts: ['option-removed'],
  },
  {
    title: 'other fields of a record with an impossible one are restored',
    base: { score: '1', name: 'x' },
    damaged: { score: '2', name: 'y' },
    live: { score: '2', name: 'y' },
    writes: { name: 'x' },
    conflicts: ['read-only'],
  },
  {
    title: 'an opt-out is never undone silently',
    base: { optout: false },
    damaged: { optout: true },
    live: { optout: true },
    conflicts: ['consent'],
    choices: ['keep', 'restore'],
  },
  {
    title: 'an opt-out after the damage is never undone silently',
    base: { optout: false },
    damaged: { optout: null },
    live: { optout: true },
    conflicts: ['consent'],
  },
  {
    title: 'an opt-out that the damage removed comes back',
    base: { optout: true },
    damaged: { optout: false },
    live: { optout: false },
    writes: { optout: true },
  },
  {
    title: 'a field that only moves forwards is written',
    base: { stage: 'lead' },
    damaged: { stage: 'customer' },
    live: { stage: 'customer' },
    writes: { stage: 'lead' },
  },

  {
    title: 'a deleted record is created again',
    base: { name: 'x', city: null },
    action: 'create',
    writes: { name: 'x', city: null },
    filters: { unattributed: 'unknown' },
  },
  {
    title: 'a deleted record is undeleted where the platform can',
    base: { name: 'x' },
    schema: { ...SCHEMA, undelete: true },
    action: 'undelete',
    writes: { name: 'x' },
    filters: { unattributed: 'unknown' },
  },
  {
    title: 'a deleted record needs a yes where only attributed changes are wanted',
    base: { name: 'x' },
    conflicts: ['unattributed'],
    choices: ['keep', 'restore'],
  },
  {
    title: 'a deleted record is created without what cannot be written',
    base: { name: 'x', score: '1' },
    action: 'create',
    writes: { name: 'x' },
    conflicts: ['read-only'],
    filters: { unattributed: 'unknown' },
  },
  { title: 'a record that was created again already needs nothing', base: { name: 'x' }, evidence: { recreatedAs: '9' }, nothing: 1 },
  {
    title: 'a record that an unfinished restore may have created is left alone',
    base: { name: 'x' },
    evidence: { inDoubtIn: 'restore-1' },
    conflicts: ['unique-taken'],
    choices: ['keep'],
  },
  {
    title: 'a record that was merged away is not created again',
    base: { name: 'x' },
    evidence: { mergedInto: '9' },
    conflicts: ['merged-away'],
    choices: ['keep'],
  },
  {
    title: 'a damaged record that was merged away is not created again',
    base: NAME.base,
    damaged: NAME.damaged,
    evidence: { mergedInto: '9' },
    conflicts: ['merged-away'],
  },
  {
    title: 'a record that came back differently is for a person',
    base: { name: 'x' },
    live: { name: 'y' },
    conflicts: ['came-back'],
    choices: ['keep', 'restore'],
  },
  { title: 'a record that came back as it was needs nothing', base: { name: 'x' }, live: { name: 'x' }, nothing: 1 },
  {
    title: 'a damaged record that somebody deleted stays deleted',
    base: { name: 'x' },
    damaged: { name: 'y' },
    conflicts: ['deleted-later'],
    choices: ['keep', 'restore'],
  },
  { title: 'a record that the damage created is deleted where asked for', damaged: { name: 'x' }, live: { name: 'x' }, action: 'delete' },
  {
    title: 'a record that the damage created stays where not asked for',
    damaged: { name: 'x' },
    live: { name: 'x' },
    filters: { deleteCreated: false },
    nothing: 1,
  },
  { title: 'a record that the damage created and that is gone needs nothing', damaged: { name: 'x' }, nothing: 1 },
  {
    title: 'a record that the damage created and somebody edited is for a person',
    damaged: { name: 'x' },
    live: { name: 'y' },
    conflicts: ['created-then-edited'],
    choices: ['keep', 'restore'],
  },
  // A base that could not see it (archived then, hidden by sharing) would have it deleted.
  ...(['refuse', 'unknown', 'include'] as const).map((unattributed): Case => ({
    title: `a record that is older than the base, which does not hold it, is for a person: ${unattributed}`,
    damaged: { name: 'x' },
    live: { name: 'x' },
    evidence: { history: { fields: {}, created: { writer: 'sync:1', at: '2023-05-01T00:00:00Z' } } },
    filters: { unattributed },
    conflicts: ['unattributed'],
    choices: ['keep', 'restore'],
  })),
  {
    title: 'a record that a person created is not deleted',
    damaged: { name: 'x' },
    live: { name: 'x' },
    evidence: { history: { fields: {}, created: { writer: 'ui:1' } } },
    conflicts: ['unattributed'],
  },
  { title: 'a record that nobody knew before and after is left', live: { name: 'x' }, nothing: 1 },

  {
    title: 'a change by a person is not damage without a yes',
    ...NAME,
    evidence: history([{ value: 'bad', writer: 'ui:1' }]),
    conflicts: ['unattributed'],
    choices: ['keep', 'restore'],
  },
  {
    title: 'a change by a person is not damage where only unknown ones are included',
    ...NAME,
    evidence: history([{ value: 'bad', writer: 'ui:1' }]),
    filters: { unattributed: 'unknown' },
    conflicts: ['unattributed'],
  },
  {
    title: 'a change by a person is restored where everything is included',
    ...NAME,
    evidence: history([{ value: 'bad', writer: 'ui:1' }]),
    filters: { unattributed: 'include' },
    writes: { name: 'good' },
  },
  {
    title: 'the writer of the damaged value counts, not the latest',
    ...NAME,
    live: { name: 'bad' },
    evidence: history([
      { value: 'other', writer: 'ui:1' },
      { value: 'bad', writer: 'sync:1' },
    ]),
    writes: { name: 'good' },
  },
  {
    title: 'a write before the base made no damage',
    ...NAME,
    evidence: history([{ value: 'bad', writer: 'sync:1', at: '2026-11-19T00:00:00Z' }]),
    conflicts: ['unattributed'],
  },
  {
    title: 'a suspect is named exactly or by its beginning',
    ...NAME,
    evidence: history([{ value: 'bad', writer: 'sync:77' }]),
    filters: { suspects: ['sync:7'] },
    conflicts: ['unattributed'],
  },
  {
    title: 'a suspect outside the window made no damage of this incident',
    ...NAME,
    evidence: history([{ value: 'bad', writer: 'sync:1', at: '2026-11-21T10:00:00Z' }]),
    filters: { since: '2026-11-21T11:00:00Z', unattributed: 'unknown' },
    conflicts: ['unattributed'],
    choices: ['keep', 'restore'],
  },
  {
    title: 'a window holds although everything that nothing ties to the incident is to be included',
    ...NAME,
    evidence: history([{ value: 'bad', writer: 'ui:1', at: '2026-11-21T10:00:00Z' }]),
    filters: { until: '2026-11-21T09:00:00Z', unattributed: 'include' },
    conflicts: ['unattributed'],
  },
  {
    title: 'what has no time is not taken to lie in a window',
    ...NAME,
    history: 'none',
    evidence: { history: { fields: {} } },
    filters: { since: '2026-11-21T09:00:00Z', unattributed: 'include' },
    conflicts: ['unattributed'],
  },
  {
    title: 'a deletion has no time: it is not taken to lie in a window',
    base: { name: 'x' },
    filters: { since: '2026-11-21T09:00:00Z', unattributed: 'include' },
    conflicts: ['unattributed'],
    choices: ['keep', 'restore'],
  },
  {
    title: 'a value between two passes of the sync is for a person, whatever is to be included',
    ...NAME,
    evidence: history([
      { value: 'bad', writer: 'sync:1', at: '2026-11-21T10:30:00Z' },
      { value: 'BAD', writer: 'flow:1', at: '2026-11-21T10:20:00Z' },
      { value: 'bad', writer: 'sync:1', at: '2026-11-21T10:15:00Z' },
    ]),
    filters: { unattributed: 'include' },
    conflicts: ['edited-since'],
    choices: ['keep', 'restore'],
  },
  {
    title: 'a history that is cut short is for a person',
    ...NAME,
    evidence: { history: { fields: { name: [{ value: 'bad', writer: 'sync:1', at: '2026-11-21T10:30:00Z' }] } } },
    filters: { unattributed: 'unknown' },
    conflicts: ['unattributed'],
    choices: ['keep', 'restore'],
  },
  {
    title: 'the window counts where no suspect is named',
    ...NAME,
    evidence: history([{ value: 'bad', writer: 'ui:1', at: '2026-11-21T10:00:00Z' }]),
    filters: { suspects: [], since: '2026-11-21T09:00:00Z', until: '2026-11-21T11:00:00Z' },
    writes: { name: 'good' },
  },
  {
    title: 'a change outside the window is not part of the incident',
    ...NAME,
    evidence: history([{ value: 'bad', at: '2026-11-21T12:00:00Z' }]),
    filters: { suspects: [], since: '2026-11-21T09:00:00Z', until: '2026-11-21T11:00:00Z' },
    conflicts: ['unattributed'],
  },
  {
    title: 'suspects go before the window',
    ...NAME,
    evidence: history([{ value: 'bad', writer: 'ui:1', at: '2026-11-21T10:00:00Z' }]),
    filters: { since: '2026-11-21T09:00:00Z' },
    conflicts: ['unattributed'],
  },
  { title: 'without suspects and window nothing is attributed', ...NAME, filters: { suspects: [] }, conflicts: ['unattributed'] },
  {
    title: 'where the platform keeps no history, unknown changes can be included',
    ...NAME,
    evidence: { history: { fields: {} } },
    history: 'none',
    filters: { unattributed: 'unknown' },
    writes: { name: 'good' },
  },
  {
    title: 'the last writer of a record attributes its changes',
    ...NAME,
    history: 'record',
    evidence: history([{ writer: 'sync:1' }]),
    writes: { name: 'good' },
  },
  {
    title: 'the last writer of a record does not speak for damage before a later edit',
    base: { name: 'good', city: 'a' },
    damaged: { name: 'bad', city: 'a' },
    live: { name: 'bad', city: 'b' },
    history: 'record',
    evidence: history([{ writer: 'ui:1' }]),
    filters: { unattributed: 'unknown' },
    writes: { name: 'good' },
  },
  {
    title: 'the last writer of a record speaks for its creation: what the incident created is deleted',
    damaged: { name: 'new' },
    live: { name: 'new' },
    history: 'record',
    evidence: history([{ writer: 'sync:1' }]),
    filters: { deleteCreated: true, unattributed: 'refuse' },
    action: 'delete',
  },
  {
    title: 'the last writer of a record speaks for its creation: what a colleague created stays',
    damaged: { name: 'new' },
    live: { name: 'new' },
    history: 'record',
    evidence: history([{ writer: 'ui:1' }]),
    filters: { deleteCreated: true, unattributed: 'unknown' },
    conflicts: ['unattributed'],
  },
  {
    title: 'only the fields of the filter are written',
    base: { name: 'x', city: 'a' },
    damaged: { name: 'y', city: 'b' },
    live: { name: 'y', city: 'b' },
    filters: { fields: ['city'] },
    writes: { city: 'a' },
  },
  { title: 'a filter on fields creates nothing', base: { name: 'x' }, filters: { fields: ['name'], unattributed: 'include' }, nothing: 1 },
];

test.each(cases)('$title', (one) => {
  const decision = decide(one);
  const { change } = decision;
  const written =
    change === undefined || change.action === 'delete'
      ? undefined
      : Object.fromEntries(Object.entries(change.fields).map(([name, move]) => [name, move.to]));
  expect(written).toEqual(one.writes);
  expect(change?.action).toBe(one.action ?? (one.writes === undefined ? undefined : 'update'));
  expect(decision.conflicts.map(({ code }) => code)).toEqual(one.conflicts ?? []);
  const [first] = decision.conflicts;
  if (one.choices !== undefined) expect(first === undefined ? undefined : Object.keys(first.choices)).toEqual(one.choices);
  if (one.nothing !== undefined) expect(decision.nothing).toBe(one.nothing);
  for (const conflict of decision.conflicts) {
    expect(conflict.change !== undefined).toBe('restore' in conflict.choices);
    expect(conflict.message).toMatch(/\w.*\.$|resume /);
  }
});

test('every conflict tells where it is, so that a decision can name it', () => {
  const { conflicts } = decide({ title: '', ...NAME, live: { name: 'edit' } });
  expect(conflicts[0]).toMatchObject({
    id: 'contacts/1/name',
    base: 'good',
    damaged: 'bad',
    live: 'edit',
    change: { action: 'update', fields: { name: { from: 'edit', to: 'good' } } },
  });
});

test('what was written between two passes is told with who wrote it and when', () => {
  const { conflicts } = decide({
    title: '',
    ...NAME,
    evidence: history([
      { value: 'bad', writer: 'sync:1', at: '2026-11-21T10:30:00Z' },
      { value: 'BAD', writer: 'flow:1', at: '2026-11-21T10:20:00Z' },
      { value: 'bad', writer: 'sync:1', at: '2026-11-21T10:15:00Z' },
    ]),
  });
  expect(conflicts[0]?.message).toContain('flow:1 wrote "BAD" to name at 2026-11-21T10:20:00Z');
});

test('a value that cannot be written is told as it was and as it is: an empty one as empty', () => {
  const out = field('optout', { type: 'boolean', readOnly: true, optedOut: [true] });
  const schema = objectType('contacts', [field('name'), out]);
  const filters: PlanFilters = { suspects: [], unattributed: 'refuse', deleteCreated: false };
  const context = { baseSchema: schema, liveSchema: schema, filters, suspicion: suspicionOf(filters, BASE_AT, 'none'), watched: [out] };
  const sides = { object: 'contacts', key: '1', base: {}, damaged: {}, live: {} };
  const messageOf = (watched: NonNullable<RecordEvidence['watched']>): string | undefined =>
    decideRecord(context, sides, { watched }).conflicts[0]?.message;
  expect(messageOf({ base: { optout: true }, damaged: { optout: false }, live: { optout: false } })).toContain('was true and is false');
  expect(messageOf({ base: { optout: true }, damaged: { optout: '' }, live: { optout: '' } })).toContain('was true and is empty');
});

test('of fields that go back as a whole, one that was not chosen makes it a question', () => {
  const filters: PlanFilters = { suspects: ['sync:*'], unattributed: 'refuse', deleteCreated: false };
  const decideWith = (chosen: readonly string[]): ReturnType<typeof decideRecord> =>
    decideRecord(
      {
        baseSchema: SCHEMA,
        liveSchema: SCHEMA,
        filters,
        suspicion: suspicionOf(filters, BASE_AT, 'field'),
        where: (name) => chosen.includes(name),
        isChosen: (_key, name) => chosen.includes(name),
      },
      {
        object: 'contacts',
        key: '1',
        base: { street: 'a', zip: '1' },
        // The sync emptied the street, and changed the zip rightly before.
        damaged: { street: '', zip: '2' },
        live: { street: '', zip: '2' },
      },
      { history: BY_SYNC },
    );
  const asked = decideWith(['street']);
  expect(asked.change).toBeUndefined();
  expect(asked.conflicts).toMatchObject([{ code: 'unattributed', message: expect.stringContaining('zip is in none of the groups') as string }]);
  expect(decideWith(['street', 'zip']).change).toMatchObject({ fields: { street: { to: 'a' }, zip: { to: '1' } } });
});
