import { afterEach, describe, expect, test } from 'vitest';

import type { Fields, ObjectSchema } from '../../../src/records/index.js';
import { type Bench, openBench, PERSON, recordsOf, schemaOf } from './support.js';

/**
 * A user would lose the number of an identity card: Salesforce shows a mask in place of an encrypted text, and takes the mask as a
 * new text from who may not see the old one.
 */

const WHOLE = 'DE-4711-0815';
const MASK = '********0815';

let bench: Bench;
afterEach(async () => await bench.stop());

async function openOn(seesEncrypted: boolean) {
  bench = await openBench({ description: { seesEncrypted, fields: { Contact: [{ name: 'Card__c', type: 'encryptedstring' }] } } });
  const connector = await bench.open();
  const schema = await schemaOf(connector, 'Contact');
  const key = bench.sandbox.writeAs(PERSON).create('Contact', { LastName: 'a', Card__c: WHOLE });
  const cardOf = (id: string) => bench.sandbox.truth().record('Contact', id)?.['Card__c'];
  return { connector, schema, key, cardOf, card: schema.fields.find(({ name }) => name === 'Card__c') };
}

const update = (schema: ObjectSchema, key: string, set: Fields) => ({ action: 'update' as const, schema, key, set, expect: {} });

describe('a user who is shown masks', () => {
  test('keeps them apart from what can be restored, and writes none', async () => {
    const { connector, schema, key, cardOf, card } = await openOn(false);
    expect(card).toMatchObject({ masked: true, readOnly: true, byHand: expect.stringContaining('View Encrypted Data') as string });
    expect(card).not.toHaveProperty('givenOnCreate');
    expect(schema.lostOnCreate?.fields.map(({ field }) => field)).toContain('Card__c');
    const [record] = await recordsOf(connector.read({ schema, keys: [key] }));
    expect(record?.meta).toMatchObject({ Card__c: MASK });
    expect(record?.fields).not.toHaveProperty('Card__c');
    expect(await connector.write([update(schema, key, { Card__c: MASK })])).toMatchObject([{ status: 'rejected', reason: 'read-only' }]);
    expect(cardOf(key)).toBe(WHOLE);
  });

  test('a description of before, by which the field could be written, does not write a mask either', async () => {
    const { connector, schema, key, cardOf } = await openOn(false);
    const before = { ...schema, fields: schema.fields.map((field) => (field.name === 'Card__c' ? { ...field, readOnly: false } : field)) };
    expect(await connector.write([update(before, key, { Card__c: MASK })])).toMatchObject([{ status: 'rejected', fields: ['Card__c'] }]);
    const made = { action: 'create' as const, schema: before, key: 'a00000000000000AAA', set: { LastName: 'b', Card__c: MASK } };
    expect(await connector.write([made])).toMatchObject([{ status: 'rejected', fields: ['Card__c'] }]);
    expect(cardOf(key)).toBe(WHOLE);
  });

  test('doctor says what is masked', async () => {
    const { connector, schema } = await openOn(false);
    expect(await connector.lacks?.([schema])).toMatchObject([{ object: '', may: 'read', why: expect.stringContaining('Contact.Card__c') as string }]);
  });
});

describe('a user who sees them', () => {
  test('restores them, and no mask that an earlier snapshot holds in their place', async () => {
    const { connector, schema, key, cardOf, card } = await openOn(true);
    expect(card).toMatchObject({ masked: true, readOnly: false });
    const [record] = await recordsOf(connector.read({ schema, keys: [key] }));
    expect(record?.fields).toMatchObject({ Card__c: WHOLE });
    for (const mask of [MASK, '****', 'XXXX-XXXX-XXXX-0815', '***-**-0815', 'XX XX XX XX X', '*'])
      expect(await connector.write([update(schema, key, { Card__c: mask })]), mask).toMatchObject([{ status: 'rejected', fields: ['Card__c'] }]);
    expect(cardOf(key)).toBe(WHOLE);
    for (const text of ['4711', 'X-RAY-12', 'DE-1', '*star*name'])
      expect(await connector.write([update(schema, key, { Card__c: text })]), text).toMatchObject([{ status: 'applied' }]);
    expect(cardOf(key)).toBe('*star*name');
    expect(await connector.lacks?.([schema])).toEqual([]);
  });
});
