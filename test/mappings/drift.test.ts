import { expect, test } from 'vitest';

import { type AcceptedSchemas, driftOf, parseMapping } from '../../src/mappings/index.js';
import type { FieldSchema, ObjectSchema } from '../../src/records/index.js';
import { CRM, field, MAP, MAPPING } from './support/pair.js';

/** A user would lose: an option that somebody added on Friday, and every record that holds it since. */

const mapping = parseMapping(MAPPING, 'contacts.yml');
const accepted: AcceptedSchemas = {
  mapping: 'contacts',
  at: '2026-11-29T12:00:00.000Z',
  by: 'maya',
  sides: [
    { platform: 'salesforce', schema: CRM },
    { platform: 'hubspot', schema: MAP },
  ],
};
const changed = (schema: ObjectSchema, name: string, more: Partial<FieldSchema>): ObjectSchema => ({
  ...schema,
  fields: schema.fields.map((one) => (one.name === name ? { ...one, ...more } : one)),
});
const removed = (schema: ObjectSchema, name: string): ObjectSchema => ({ ...schema, fields: schema.fields.filter((one) => one.name !== name) });
const added = (schema: ObjectSchema, more: FieldSchema): ObjectSchema => ({ ...schema, fields: [...schema.fields, more] });
const drift = (crm: ObjectSchema, map: ObjectSchema): readonly string[] =>
  driftOf(mapping, accepted, [crm, map]).map(
    ({ severity, side, field: name, kind, breaks }) =>
      `${severity} ${mapping.sides[side].name}.${name} ${kind}${breaks === undefined ? '' : ` ${breaks.map(({ rule }) => rule).join()}`}`,
  );

test('nothing has changed where nothing has', () => {
  expect(drift(CRM, MAP)).toEqual([]);
});

test.each<[string, ObjectSchema, ObjectSchema, readonly string[]]>([
  [
    'an option that is new where the value counts breaks the other side',
    changed(CRM, 'Status__c', { options: ['New', 'Working', 'Gone', 'Lost'] }),
    MAP,
    ['error crm.Status__c options-added option-unmapped'],
  ],
  [
    'an option that is new where it is only written to is a note',
    CRM,
    changed(MAP, 'topics', { options: ['a', 'b', 'c', 'd'] }),
    ['note map.topics options-added'],
  ],
  [
    'an option that is gone where it is written to',
    CRM,
    changed(MAP, 'topics', { options: ['a', 'c'] }),
    ['error map.topics options-removed option-missing'],
  ],
  ['an option that is gone where nothing leads to it', CRM, changed(MAP, 'topics', { options: ['a', 'b'] }), ['warning map.topics options-removed']],
  ['an option that is gone where the value counts', changed(CRM, 'Topics__c', { options: ['a'] }), MAP, ['warning crm.Topics__c options-removed']],
  ['a new option on both sides', changed(CRM, 'Topics__c', { options: ['a', 'b', 'c'] }), MAP, ['note crm.Topics__c options-added']],
  ['a field that is gone', CRM, removed(MAP, 'jobtitle'), ['error map.jobtitle field-removed field-unknown']],
  ['a field that is gone and that nobody maps', CRM, removed(MAP, 'hs_object_id'), ['note map.hs_object_id field-removed']],
  ['a way of matching that is gone', removed(CRM, 'HubSpotId__c'), MAP, ['error crm.HubSpotId__c field-removed match-unknown']],
  [
    'a way of matching that is unique no longer',
    changed(CRM, 'HubSpotId__c', { unique: false }),
    MAP,
    ['error crm.HubSpotId__c not-unique match-not-unique'],
  ],
  [
    'a new field that may never be empty',
    CRM,
    added(MAP, field('source', 'string', { required: true })),
    ['error map.source field-added required-unfilled'],
  ],
  ['a new field', CRM, added(MAP, field('source', 'string')), ['note map.source field-added']],
  ['a text that became shorter than what comes', CRM, changed(MAP, 'jobtitle', { maxLength: 50 }), ['error map.jobtitle length too-long']],
  ['a text that became shorter than what may come', CRM, changed(MAP, 'jobtitle', { maxLength: 500 }), ['warning map.jobtitle length']],
  ['a text that became longer than what fits there', changed(CRM, 'Title', { maxLength: 70_000 }), MAP, ['error crm.Title length too-long']],
  ['a field that cannot be written now', CRM, changed(MAP, 'jobtitle', { readOnly: true }), ['error map.jobtitle read-only field-read-only']],
  ['a field that cannot be written now, and never was', changed(CRM, 'Title', { readOnly: true }), MAP, ['warning crm.Title read-only']],
  ['another type', CRM, changed(MAP, 'born', { type: 'datetime', platformType: 'datetime' }), ['warning map.born type']],
  ['another type that does not fit', CRM, changed(MAP, 'born', { type: 'boolean' }), ['error map.born type type-mismatch']],
  ['fewer digits', CRM, changed(MAP, 'score', { platformType: 'number(16,1)' }), ['error map.score form digits-lost,never-settles']],
  ['another name for people', changed(CRM, 'Title', { label: 'Job' }), MAP, ['note crm.Title label']],
  [
    'two changes, of which one breaks',
    changed(changed(CRM, 'Title', { label: 'Job' }), 'Phone', { maxLength: 39 }),
    changed(MAP, 'jobtitle', { maxLength: 9 }),
    ['error map.jobtitle length too-long', 'warning crm.Phone length', 'note crm.Title label'],
  ],
])('%s', (_, crm, map, expected) => {
  expect(drift(crm, map)).toEqual(expected);
});

test('what was broken when it was accepted, and is mended in part, is no new break', () => {
  const options = ['New', 'Working', 'Gone', 'X', 'Y'];
  const was: AcceptedSchemas = {
    ...accepted,
    sides: [{ platform: 'salesforce', schema: changed(CRM, 'Status__c', { options }) }, accepted.sides[1]],
  };
  const now = driftOf(mapping, was, [changed(CRM, 'Status__c', { options: options.slice(0, 4) }), MAP]);
  expect(now).toMatchObject([{ severity: 'warning', kind: 'options-removed', before: 'Y' }]);
});
