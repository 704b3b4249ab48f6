import { describe, expect, it } from 'vitest';

import type { FieldChange } from '../../src/connectors/index.js';
import { attributeField, editBeforeDamage, type Suspicion } from '../../src/restores/attribution.js';

const SYNC = 'INTEGRATION:1';
const MAYA = 'CRM_UI:userId:7';
const at = (hour: number): string => new Date(Date.UTC(2026, 0, 5, hour)).toISOString();
const rule: Suspicion = { suspects: [SYNC], baseStartedAt: at(2), history: 'field' };
/** Newest first, as connectors give it. */
const history = (...changes: FieldChange[]) => ({ fields: { phone: changes } });
const edit = (value: string, hour: number, writer: string): FieldChange => ({ value, at: at(hour), writer });

describe('a legitimate edit between the base and the damage', () => {
  it('is what the field goes back to: the base snapshot does not know it', () => {
    const found = editBeforeDamage(rule, history(edit('bad', 10, SYNC), edit('right', 9, MAYA), edit('old', 1, MAYA)), 'phone', 'bad');
    expect(found).toMatchObject({ value: 'right', by: { writer: MAYA } });
  });

  it('is found behind several writes of the incident', () => {
    const found = editBeforeDamage(rule, history(edit('bad', 11, SYNC), edit('worse', 10, SYNC), edit('right', 9, MAYA)), 'phone', 'bad');
    expect(found?.value).toBe('right');
  });

  it('is none where the value before the damage is older than the base', () => {
    expect(editBeforeDamage(rule, history(edit('bad', 10, SYNC), edit('old', 1, MAYA)), 'phone', 'bad')).toBeUndefined();
  });

  it('is none where the damaging write itself is not part of the incident', () => {
    expect(editBeforeDamage(rule, history(edit('bad', 10, MAYA), edit('right', 9, MAYA)), 'phone', 'bad')).toBeUndefined();
  });

  it('is not guessed from a history that tells the last change of a record only', () => {
    expect(editBeforeDamage({ ...rule, history: 'record' }, history(edit('bad', 10, SYNC), edit('right', 9, MAYA)), 'phone', 'bad')).toBeUndefined();
  });

  it("is not what an undo of ours has put there: that is nobody's edit", () => {
    const own = 'INTEGRATION:9';
    const entries = [edit('bad', 12, SYNC), edit('worse', 11, own), edit('old', 10, own), edit('worse', 9, SYNC), edit('old', 1, MAYA)];
    expect(editBeforeDamage({ ...rule, own }, history(...entries), 'phone', 'bad')).toBeUndefined();
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
