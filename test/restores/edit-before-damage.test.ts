import { describe, expect, it } from 'vitest';

import type { FieldChange } from '../../src/connectors/index.js';
import type { Value } from '../../src/records/index.js';
import {
  attributeCreation,
  attributeField,
  attributeWorkedOut,
  beforeDamage,
  inWindow,
  type Suspicion,
} from '../../src/restores/decide/attribution.js';

const SYNC = 'INTEGRATION:1';
const MAYA = 'CRM_UI:userId:7';
const FLOW = 'AUTOMATION_PLATFORM:1';
const at = (hour: number): string => new Date(Date.UTC(2026, 0, 5, hour)).toISOString();
const rule: Suspicion = { suspects: [SYNC], baseStartedAt: at(2), history: 'field' };
/** Newest first, as connectors give it. */
const history = (...changes: FieldChange[]) => ({ fields: { phone: changes } });
const edit = (value: string, hour: number, writer: string): FieldChange => ({ value, at: at(hour), writer });

const OLD = edit('old', 1, MAYA);
/** What is known of the phone between its base value `old` and its damaged value `bad`. */
const before = (entries: readonly FieldChange[], more: Partial<Suspicion> = {}, base: Value = 'old') =>
  beforeDamage({ ...rule, ...more }, history(...entries), 'phone', base, 'bad');

describe('a legitimate edit between the base and the damage', () => {
  it('is what the field goes back to: the base snapshot does not know it', () => {
    expect(before([edit('bad', 10, SYNC), edit('right', 9, MAYA), OLD])).toMatchObject({ is: 'edit', value: 'right', by: { writer: MAYA } });
  });

  it('is found behind several writes of the incident', () => {
    expect(before([edit('bad', 11, SYNC), edit('worse', 10, SYNC), edit('right', 9, MAYA), OLD])).toMatchObject({ is: 'edit', value: 'right' });
  });

  it('is the last of several edits', () => {
    expect(before([edit('bad', 11, SYNC), edit('right', 9, MAYA), edit('typo', 8, MAYA), OLD])).toMatchObject({ is: 'edit', value: 'right' });
  });

  it('is none where the value before the damage is older than the base', () => {
    expect(before([edit('bad', 10, SYNC), OLD])).toEqual({ is: 'base' });
  });

  it('is none where the damaging write itself is not part of the incident', () => {
    expect(before([edit('bad', 10, MAYA), edit('right', 9, MAYA), OLD])).toEqual({ is: 'base' });
  });

  it('is not guessed from a history that tells the last change of a record only', () => {
    expect(before([edit('bad', 10, SYNC), edit('right', 9, MAYA)], { history: 'record' })).toEqual({ is: 'base' });
  });

  it("is not what an undo of ours has put there: that is nobody's edit", () => {
    const own = 'INTEGRATION:9';
    const entries = [edit('bad', 12, SYNC), edit('worse', 11, own), edit('old', 10, own), edit('worse', 9, SYNC), OLD];
    expect(before(entries, { own })).toEqual({ is: 'base' });
  });

  it('is found where runback writes under the name of the sync that did the damage', () => {
    const entries = [edit('bad', 10, SYNC), edit('right', 9, MAYA), OLD];
    expect(before(entries, { own: SYNC })).toMatchObject({ is: 'edit', value: 'right' });
    expect(before(entries, { own: SYNC, suspects: [], since: at(10) })).toMatchObject({ is: 'edit', value: 'right' });
    expect(before([edit('bad', 12, SYNC), edit('mine', 11, MAYA), ...entries], { own: SYNC })).toMatchObject({ is: 'between', value: 'mine' });
  });

  it('is what the suspect itself wrote before the window of the incident', () => {
    const entries = [edit('bad', 10, SYNC), edit('synced', 5, SYNC), OLD];
    expect(before(entries, { since: at(8) })).toMatchObject({ is: 'edit', value: 'synced' });
    expect(before(entries)).toEqual({ is: 'base' });
  });

  it('is asked about where nothing tells who wrote it: it may be the incident itself', () => {
    expect(before([edit('bad', 10, SYNC), { value: 'who knows', at: at(9) }, OLD])).toMatchObject({ is: 'between', value: 'who knows' });
    expect(before([edit('bad', 10, SYNC), { value: 'when', writer: MAYA }, OLD])).toMatchObject({ is: 'between', value: 'when' });
  });
});

// A user would lose: the good value, for a reformatting of the bad one; or a colleague's edit, without a word.
describe('what was written between two passes of the incident', () => {
  const passes = [edit('bad', 12, SYNC), edit('BAD', 11, FLOW), edit('bad', 10, SYNC)];

  it('never stands in for the base: it may descend from the damage', () => {
    expect(before([...passes, OLD])).toEqual({ is: 'between', value: 'BAD', by: { state: 'unattributed', writer: FLOW, at: at(11) } });
  });

  it('is a question also where an edit from before the first pass is known', () => {
    expect(before([...passes, edit('right', 9, MAYA), OLD])).toMatchObject({ is: 'between', value: 'BAD' });
  });

  it('is no question where it is what the field goes back to', () => {
    expect(before([edit('bad', 12, SYNC), edit('old', 11, MAYA), edit('bad', 10, SYNC), OLD])).toEqual({ is: 'base' });
    const right = [edit('bad', 12, SYNC), edit('right', 11, MAYA), edit('bad', 10, SYNC), edit('right', 9, MAYA), OLD];
    expect(before(right)).toMatchObject({ is: 'edit', value: 'right' });
  });

  it('is a question also where the incident had written the base value back before it', () => {
    const entries = [edit('bad', 13, SYNC), edit('new', 12, MAYA), edit('old', 11, SYNC), edit('bad', 10, SYNC), OLD];
    expect(before(entries)).toMatchObject({ is: 'between', value: 'new' });
  });

  it('is not what runback itself wrote', () => {
    const own = 'INTEGRATION:9';
    expect(before([edit('bad', 12, SYNC), edit('mine', 11, own), edit('bad', 10, SYNC), OLD], { own })).toEqual({ is: 'base' });
  });

  it('counts what bears the very time of the first pass: nothing tells which came first', () => {
    expect(before([edit('bad', 12, SYNC), edit('worse', 10, SYNC), edit('new', 10, MAYA), OLD])).toMatchObject({ is: 'between', value: 'new' });
  });

  it('is looked for within the window only: the suspect before it is innocent', () => {
    const entries = [edit('bad', 12, SYNC), edit('new', 9, MAYA), edit('synced', 5, SYNC), OLD];
    expect(before(entries, { since: at(10) })).toMatchObject({ is: 'edit', value: 'new' });
    expect(before(entries)).toMatchObject({ is: 'between', value: 'new' });
  });
});

describe('a history that the platform has cut short', () => {
  const many = Array.from({ length: 20 }, (_, i) => edit(i % 2 === 0 ? 'bad' : 'worse', 23 - i * 0.5, SYNC));

  it('cannot tell what was there before the first write of the incident', () => {
    expect(before(many)).toEqual({ is: 'cut', oldest: many.at(-1)?.at });
    expect(before([...many, edit('BAD', 5, FLOW)])).toMatchObject({ is: 'cut' });
  });

  it('is whole where it goes back to before the base, or to the base value', () => {
    expect(before([...many, OLD])).toEqual({ is: 'base' });
    expect(before([...many, edit('old', 3, MAYA)])).toEqual({ is: 'base' });
  });

  it('is not seen where a field that was empty has few changes: the first of them is the first there ever was', () => {
    expect(before([edit('bad', 10, SYNC)], {}, null)).toEqual({ is: 'base' });
    expect(before(many, {}, null)).toMatchObject({ is: 'cut' });
  });
});

describe('suspects and a window, where both are given', () => {
  const verdict = (more: Partial<Suspicion>, entry: FieldChange): string =>
    attributeField({ ...rule, ...more }, history(entry, OLD), 'phone', 'bad', false).state;

  it.each([
    ['the suspect in the window', {}, edit('bad', 10, SYNC), 'attributed'],
    ['the suspect before it', { since: at(11) }, edit('bad', 10, SYNC), 'unattributed'],
    ['the suspect after it', { until: at(9) }, edit('bad', 10, SYNC), 'unattributed'],
    ['somebody else in it', { since: at(9), until: at(11) }, edit('bad', 10, MAYA), 'unattributed'],
    ['nobody named, in it', { since: at(9) }, { value: 'bad', at: at(10) }, 'unknown'],
    ['nobody named, outside it', { since: at(11) }, { value: 'bad', at: at(10) }, 'unattributed'],
    ['the suspect at no time', { since: at(9) }, { value: 'bad', writer: SYNC }, 'unknown'],
    ['anybody in it, where nobody is suspected', { suspects: [], since: at(9) }, edit('bad', 10, MAYA), 'attributed'],
    ['neither', { suspects: [] }, edit('bad', 10, MAYA), 'unknown'],
  ] as const)('%s', (_, more, entry, expected) => {
    expect(verdict(more, entry)).toBe(expected);
  });

  it('place a change of unknown time by the two snapshots it lies between', () => {
    const within = (since: number, until: number) => inWindow({ ...rule, damagedBy: at(12), since: at(since), until: at(until) }, undefined);
    expect([within(1, 13), within(13, 14), within(0, 1), within(5, 13)]).toEqual(['inside', 'outside', 'outside', 'unknown']);
  });
});

describe('a record of which only the last change is kept', () => {
  const record: Suspicion = { ...rule, history: 'record' };
  const last = (writer: string, hour: number) => ({ fields: { phone: [{ writer, at: at(hour) }] } });

  it('tells nothing where that change is older than the base: whoever made this one left no trace', () => {
    expect(attributeField(record, last(SYNC, 1), 'phone', 'bad', false)).toEqual({ state: 'unknown' });
    expect(attributeField(record, last(SYNC, 3), 'phone', 'bad', false)).toMatchObject({ state: 'attributed' });
    expect(attributeCreation(record, last(SYNC, 1))).toEqual({ state: 'unknown' });
  });
});

describe('damage that an undo of ours has put back', () => {
  it('is still tied to who made it', () => {
    const own = 'INTEGRATION:9';
    const entries = history(edit('bad', 12, own), edit('old', 11, own), edit('bad', 10, SYNC));
    expect(attributeField({ ...rule, own }, entries, 'phone', 'bad', false)).toMatchObject({ state: 'attributed', writer: SYNC });
    expect(attributeField(rule, entries, 'phone', 'bad', false)).toMatchObject({ state: 'unattributed', writer: own });
  });
});

describe('who moved a field that cannot be written', () => {
  const worked: FieldChange = { value: 'bad', at: at(10), writer: 'CALCULATED', byPlatform: true };
  const verdict = (entry: FieldChange, more: Partial<Suspicion> = {}) =>
    attributeWorkedOut({ ...rule, ...more }, history(entry, OLD), 'phone', 'bad').state;

  // A user would lose: opt-outs, since the platform itself passes them on to the field.
  it('is not known where the platform worked it out: that may follow from the incident', () => {
    expect(verdict(worked)).toBe('unknown');
    expect(verdict(worked, { since: at(9) })).toBe('unknown');
  });

  it('is somebody else where somebody did it, and outside the window', () => {
    expect(verdict(edit('bad', 10, MAYA))).toBe('unattributed');
    expect(verdict(edit('bad', 10, SYNC))).toBe('attributed');
    expect(verdict(worked, { since: at(11) })).toBe('unattributed');
  });
});
