import { expect, test } from 'vitest';

import type { Fields } from '../../src/records/index.js';
import { undoSteps } from '../../src/restores/apply/steps/undo-steps.js';
import { suspicionOf } from '../../src/restores/decide/attribution.js';
import { decideRecord, type RecordEvidence } from '../../src/restores/decide/decide.js';
import type { PlanFilters } from '../../src/restores/index.js';
import { Batches } from '../../src/restores/records/batches.js';
import type { AppliedItem } from '../../src/restores/records/items.js';
import { field, objectType } from '../support/restore-world.js';

/** What a user would lose: people who opted out get mail again, or a plan promises what the platform refuses. */

const SCHEMA = objectType('people', [
  field('name'),
  field('status', {
    type: 'enum',
    optedOut: ['out'],
    guarded: [
      { from: ['bounced'], to: ['in'], code: 'irreversible', never: true, why: 'The platform refuses it.' },
      { to: ['asked'], code: 'irreversible', why: 'It sends a mail.' },
      { to: ['in'], when: 'created', code: 'consent', why: 'Nobody knows whether they left.' },
      { to: ['bounced'], when: 'there', code: 'irreversible', why: 'There is no way back.' },
    ],
  }),
  field('permits', { type: 'set', guarded: [{ adds: true, code: 'consent', why: 'It is not given now.' }] }),
]);

function decide(base: Fields | undefined, damaged: Fields | undefined, live: Fields | undefined, evidence: RecordEvidence = {}) {
  const filters: PlanFilters = { suspects: [], unattributed: 'include', deleteCreated: false };
  const context = { baseSchema: SCHEMA, liveSchema: SCHEMA, filters, suspicion: suspicionOf(filters, '2026-11-20T00:00:00Z', 'none') };
  const { change, conflicts } = decideRecord(context, { object: 'people', key: '1', base, damaged, live }, evidence);
  return { written: change?.fields, told: conflicts.map(({ code, choices }) => [code, Object.keys(choices)]), message: conflicts[0]?.message ?? '' };
}
const both = ['keep', 'restore'];

test('what a platform always refuses is a conflict without a choice', () => {
  expect(decide({ status: 'in' }, { status: 'bounced' }, { status: 'bounced' })).toMatchObject({
    written: undefined,
    told: [['irreversible', ['keep']]],
  });
  expect(decide({ status: 'in' }, { status: 'bounced' }, { status: 'bounced' }).message).toContain('The platform refuses it.');
});

test('a value that does more than it says needs a yes, whatever it is written over', () => {
  expect(decide({ status: 'asked' }, { status: 'in' }, { status: 'in' })).toMatchObject({ written: undefined, told: [['irreversible', both]] });
  expect(decide({ status: 'bounced' }, { status: 'in' }, { status: 'in' }).told).toEqual([['irreversible', both]]);
  expect(decide({ status: 'asked' }, undefined, undefined).told).toEqual([['irreversible', both]]);
});

test('an opt-out goes before it: whose yes it takes is the question', () => {
  expect(decide({ status: 'asked' }, { status: 'out' }, { status: 'out' }).told).toEqual([['consent', both]]);
});

test('the rest of the record is put back all the same', () => {
  const decided = decide({ status: 'in', name: 'Ada' }, { status: 'bounced', name: 'x' }, { status: 'bounced', name: 'x' });
  expect(decided).toMatchObject({ written: { name: { to: 'Ada' } }, told: [['irreversible', ['keep']]] });
});

test('an opt-out that the damage removed comes back without a question', () => {
  expect(decide({ status: 'out' }, { status: 'in' }, { status: 'in' })).toMatchObject({ written: { status: { to: 'out' } }, told: [] });
});

test('a set that would gain what a person gives needs a yes, one that loses it does not', () => {
  expect(decide({ permits: ['mail', 'sms'] }, { permits: ['mail'] }, { permits: ['mail'] }).told).toEqual([['consent', both]]);
  expect(decide({ permits: ['mail'] }, { permits: ['mail', 'sms'] }, { permits: ['mail', 'sms'] })).toMatchObject({
    written: { permits: { to: ['mail'] } },
    told: [],
  });
});

test('a deleted record of somebody who may have left since is created again only after a yes, one who had left without', () => {
  expect(decide({ status: 'in', name: 'Ada' }, undefined, undefined).told).toEqual([['consent', both]]);
  expect(decide({ status: 'in', name: 'Ada' }, { status: 'in', name: 'x' }, undefined).told).toEqual([['consent', both]]);
  expect(decide({ status: 'out', name: 'Ada' }, undefined, undefined)).toMatchObject({ written: { status: { to: 'out' } }, told: [] });
});

test('what nobody can create again is a conflict without a choice, with the reason', () => {
  const decided = decide({ status: 'out' }, undefined, undefined, { neverAgain: { why: 'It was forgotten.' } });
  expect(decided.told).toEqual([['irreversible', ['keep']]]);
  expect(decided.message).toContain('It was forgotten.');
});

test('what may only be hidden is a conflict of its own, and nobody says that it was deleted', () => {
  const decided = decide({ status: 'out' }, undefined, undefined, { neverAgain: { why: 'Sharing may hide it.', perhapsThere: true } });
  expect(decided.told).toEqual([['perhaps-hidden', ['keep']]]);
  expect(decided.message).toContain('is not seen, and not created again. Sharing may hide it.');
  expect(decided.message).not.toContain('deleted');
});

test('who came back and has opted out is told as that, and never opted in by what is always refused', () => {
  expect(decide({ status: 'in' }, undefined, { status: 'out' }).told).toEqual([['consent', both]]);
  expect(decide({ status: 'in' }, undefined, { status: 'bounced' }).told).toEqual([]);
});

test('an undo opts nobody in again: that field is left, and the rest is put back', () => {
  const item = (set: Fields, replaced: Fields): AppliedItem => ({ id: '1', action: 'update', object: 'people', key: 'a', set, replaced, batch: 1 });
  const undone = (one: AppliedItem) =>
    [...undoSteps([one], new Batches(false), { links: [], records: [] }, () => {}, { objects: [SCHEMA], links: [] })][0]?.resolve();
  expect(undone(item({ status: 'out', name: 'Ada' }, { status: 'in', name: 'x' }))).toMatchObject({
    set: { name: 'x' },
    replaced: { name: 'Ada' },
    refused: [{ field: 'status', reason: 'consent' }],
  });
  expect(undone(item({ status: 'out' }, { status: 'in' }))).toMatchObject({ status: 'rejected', reason: 'consent', fields: ['status'] });
  expect(undone(item({ status: 'in' }, { status: 'out' }))).toMatchObject({ set: { status: 'out' } });
});

test('an undo brings nobody back with a value that takes a yes: a record that the restore deleted stays away', () => {
  const deleted = (replaced: Fields): AppliedItem =>
    ({ id: 'people/1', action: 'delete', object: 'people', key: '1', replaced, links: [] }) as AppliedItem;
  const undone = (one: AppliedItem) =>
    [...undoSteps([one], new Batches(false), { links: [], records: [] }, () => {}, { objects: [SCHEMA], links: [] })][0]?.resolve();
  expect(undone(deleted({ status: 'in', name: 'Ada' }))).toMatchObject({ status: 'rejected', reason: 'consent', fields: ['status'], byRule: true });
  expect(undone(deleted({ status: 'out', name: 'Ada' }))).toMatchObject({ action: 'create', set: { status: 'out', name: 'Ada' } });
});
