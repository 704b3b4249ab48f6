import { afterEach, describe, expect, it } from 'vitest';

import type { ObjectSchema } from '../../src/records/index.js';
import { openProxyBench } from './hubspot-proxy.js';
import { type Bench, openBench } from './hubspot-support.js';

/**
 * A user would believe that a snapshot holds the passport numbers of the contacts: HubSpot lists properties for sensitive data only to
 * whoever asks for them, and leaves their values out without a word.
 */

let bench: Bench;
afterEach(async () => await bench.stop());

async function addProperty(name: string, dataSensitivity: string): Promise<void> {
  const answer = await fetch(`${bench.sandbox.url}/crm/v3/properties/contacts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.sandbox.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name, label: name, type: 'string', fieldType: 'text', groupName: 'contactinformation', dataSensitivity }),
  });
  expect(answer.status).toBe(201);
}

/** As a snapshot asks for it. */
async function whole(object: string): Promise<ObjectSchema> {
  const { objects } = await bench.connector.describe([object], { withheld: true });
  const [schema] = objects;
  if (schema === undefined) throw new Error(`no schema of ${object}`);
  return schema;
}

describe('properties for sensitive data', () => {
  it('are named as what is not read, and as what a record loses that is created again', async () => {
    bench = await openBench();
    await addProperty('passport', 'sensitive');
    await addProperty('diagnosis', 'highly_sensitive');
    await addProperty('seat', 'non_sensitive');
    const key = bench.sandbox.writeAs({ kind: 'person', id: '7' }).create('contacts', { email: 'a@example.com', passport: 'DE4711', seat: '12A' });
    const contacts = await whole('contacts');
    expect(contacts.withheld).toEqual(['diagnosis', 'passport']);
    expect(contacts.lostOnCreate?.always.join('; ')).toMatch(/diagnosis.*not read.*passport.*not read/u);
    const fields = contacts.fields.map(({ name }) => name);
    expect(fields).toContain('seat');
    expect(fields).not.toContain('passport');
    for await (const { records } of bench.connector.read({ schema: contacts, keys: [key] }))
      for (const record of records) expect(JSON.stringify(record)).not.toContain('DE4711');
    expect((await whole('companies')).withheld).toBeUndefined();
  });

  it.each([
    ['refuses the question', { status: 403, body: { status: 'error', message: 'This account has no sensitive data', category: 'FORBIDDEN' } }],
    ['takes no notice of it', { status: 200, body: { results: [{ name: 'city', type: 'string', dataSensitivity: 'non_sensitive' }] } }],
  ])('are none in an account that %s', async (_, answer) => {
    const proxied = await openProxyBench();
    bench = proxied;
    await addProperty('passport', 'sensitive');
    proxied.meddle({ instead: ({ path }) => (path.includes('dataSensitivity') ? answer : undefined) });
    const contacts = await whole('contacts');
    expect(contacts.withheld).toBeUndefined();
    expect(contacts.fields.length).toBeGreaterThan(50);
  });
});
