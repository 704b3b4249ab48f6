import { expect, test } from 'vitest';

import type { RecordHistory } from '../../src/connectors/index.js';
import { type FieldProposal, findGroups, type KnownSync, proposeFields } from '../../src/investigations/index.js';
import { everyPoint, morePoints } from '../support/sweeps.js';
import { contactSchema, sampledPast } from './support/sampled.js';
import { playStory, STORIES, type Story } from './support/stories.js';
import { cellName, DAY, HOUR, type StoryWorld } from './support/story-world.js';
import { evidenceOf, SYNCS } from './support/views.js';

/** A user would lose: the damage of a night, declared to be what the sync is there for. */

const HISTORIES = STORIES.filter(({ view }) => view === 'history');
const THINNED = new Set([
  'phones emptied by the sync',
  'one first name on everyone',
  'right and wrong in one field',
  'a slow drip over a week',
  'quiet days',
]);
const played = everyPoint || morePoints ? HISTORIES : HISTORIES.filter(({ name }) => THINNED.has(name));

/** What each sync of the stories would declare, were all that is proposed put into runback.yml. */
function withFields(found: readonly FieldProposal[]): readonly KnownSync[] {
  return SYNCS.map((sync) => ({ ...sync, fields: found.find((one) => one.sync === sync.name)?.regular.map(({ field }) => field) ?? [] }));
}

/** Cells of groups of some verdicts. */
function cellsOf(groups: ReturnType<typeof findGroups>, verdicts: readonly string[]): ReadonlySet<string> {
  const found = groups.filter(({ verdict }) => verdicts.includes(verdict));
  return new Set(found.flatMap(({ members }) => members.map(({ object, key, field }) => cellName(object, key, field))));
}

/** Fields that a writer damaged and that it had not written on ordinary days. */
function foreignFields(world: StoryWorld): ReadonlySet<string> {
  const [damaged, ordinary] = [new Set<string>(), new Set<string>()];
  for (const [cell, log] of world.log) {
    const [object = '', , field = ''] = JSON.parse(cell) as string[];
    for (const { cause, writer } of log) (cause === undefined ? ordinary : damaged).add(`${writer} ${object}.${field}`);
  }
  return new Set([...damaged].filter((one) => !ordinary.has(one)));
}

test.each(played.map((story) => [story.name, story] as const))('%s: proposals clear no damage', (_name, story: Story) => {
  const { world, kept } = playStory(story, 77);
  const found = proposeFields(sampledPast(world, kept.at(-1)?.atMs ?? 0, SYNCS));
  const evidence = evidenceOf(world, kept, 'history');
  const [before, after] = [findGroups(evidence), findGroups({ ...evidence, syncs: withFields(found) })];
  for (const name of cellsOf(before, ['damage'])) expect(cellsOf(after, ['damage'])).toContain(name);
  for (const name of cellsOf(before, ['ask'])) expect(cellsOf(after, ['damage', 'ask'])).toContain(name);
  if (!story.damage) expect(cellsOf(after, ['damage']).size).toBe(0);
  const proposed = found.flatMap(({ writers, regular }) => writers.flatMap((writer) => regular.map(({ field }) => `${writer} ${field}`)));
  for (const one of foreignFields(world)) expect(proposed).not.toContain(one);
  expect(found.find(({ sync }) => sync === 'loyalty')?.regular).toMatchObject([{ field: 'contacts.loyalty_points' }]);
});

test('on quiet days, what the syncs are there for is proposed, and nobody else', () => {
  const { world, kept } = playStory(HISTORIES.find(({ name }) => name === 'quiet days') as Story, 5);
  const found = proposeFields(sampledPast(world, kept.at(-1)?.atMs ?? 0, SYNCS));
  const fields = Object.fromEntries(found.map(({ sync = '?', regular }) => [sync, regular.map(({ field }) => field)]));
  expect(Object.keys(fields).sort()).toEqual(['crm', 'erp', 'loyalty', 'mail']);
  expect(fields['crm']).toEqual(['city', 'company', 'jobtitle', 'lead_status', 'notes', 'owner', 'phone'].map((name) => `contacts.${name}`));
  expect(fields['erp']).toEqual(expect.arrayContaining(['companies.annualrevenue', 'companies.tier']));
});

const NOW = Date.parse('2026-11-29T12:00:00Z');

/** One writer that writes one field of records, each once, so many on each day before now. */
function proposed(perDay: (day: number) => number, value: (day: number) => string = (day) => `value ${day}`): FieldProposal | undefined {
  const histories = new Map<string, RecordHistory>();
  for (let day = 0; day < 30; day += 1)
    for (let n = 0; n < perDay(day); n += 1) {
      const at = new Date(NOW - day * DAY - (n + 1) * (HOUR / 12)).toISOString();
      const write = { value: value(day), at, writer: 'INTEGRATION:a', maker: 'program' as const };
      const made = { value: `made ${n}`, at: new Date(NOW - 90 * DAY).toISOString(), writer: 'IMPORT:1', maker: 'import' as const };
      histories.set(`${day}-${n}`, { fields: { city: [write, made] } });
    }
  const syncs = [{ name: 'a', writesAs: ['INTEGRATION:a'] }];
  return proposeFields({ objects: [{ schema: contactSchema(['city']), histories }], nowMs: NOW, syncs })[0];
}

const named = (day: number): string => `town ${(day * 7919) % 97}`;

test.each([
  ['every day', () => 3, undefined],
  ['on working days', (day: number) => (day % 7 < 5 ? 3 : 0), undefined],
  ['in one burst of a night', (day: number) => (day === 15 ? 90 : 0), 'irregular'],
  ['only in the last eight days', (day: number) => (day < 8 ? 3 : 0), 'irregular'],
  ['only since two weeks, which may be damage of long standing', (day: number) => (day < 20 ? 3 : 0), 'irregular'],
  ['no longer', (day: number) => (day > 20 ? 3 : 0), 'irregular'],
  ['every day, and far more on one', (day: number) => (day === 12 ? 90 : 2), 'burst'],
] as const)('a field that is written %s', (_when, perDay, why) => {
  const found = proposed(perDay, named);
  expect(found?.regular.map(({ field }) => field)).toEqual(why === undefined ? ['contacts.city'] : []);
  expect(found?.held.map((one) => one.why)).toEqual(why === undefined ? [] : [why]);
});

test('what a sync empties day by day is not what it is there to write', () => {
  expect(
    proposed(
      () => 3,
      () => '',
    ),
  ).toMatchObject({ regular: [], held: [{ field: 'contacts.city', days: 0 }] });
});
