import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { CreateMutation, UpdateMutation } from '../../src/connectors/index.js';
import type { Fields, ObjectSchema } from '../../src/records/index.js';
import { OWNERS } from '../../src/sandbox/hubspot/properties/owners.js';
import { type Body, type Instead, type Meddler, openProxyBench, type ProxyBench } from './hubspot-proxy.js';
import { all, people, seed, truth } from './hubspot-support.js';

/**
 * HubSpot stores values in its own form, and refuses single ones: what was written counts as written, what was refused
 * is named.
 */

let bench: ProxyBench;
let contacts: ObjectSchema;
beforeEach(async () => {
  bench = await openProxyBench();
  contacts = await bench.schema('contacts');
});
afterEach(() => bench.stop());

const update = (key: string, set: Fields, expect: Fields = {}): UpdateMutation => ({ action: 'update', schema: contacts, key, set, expect });
const create = (set: Fields): CreateMutation => ({ action: 'create', schema: contacts, key: 'old', set });
const live = async (key: string): Promise<Fields> => {
  const [batch] = await all(bench.connector.read({ schema: contacts, keys: [key] }));
  return batch?.records[0]?.fields ?? {};
};

/** Stores one property in another form than it was sent in. */
function storing(name: string, form: (sent: string) => string | undefined): Meddler {
  return {
    rewrite: ({ path, body }) => {
      if (!/batch\/(update|create)/.test(path) || !body?.inputs) return undefined;
      return {
        ...body,
        inputs: body.inputs.map(({ properties = {}, ...input }) => {
          const { [name]: sent, ...others } = properties;
          const stored = sent === undefined ? undefined : form(sent);
          return { ...input, properties: { ...others, ...(stored === undefined ? {} : { [name]: stored }) } };
        }),
      };
    },
  };
}

describe('empty', () => {
  it('is one value, whether it was never set or was set and cleared', async () => {
    bench.sandbox.setAccount({ stageOfNew: null });
    const [a = ''] = seed(bench.sandbox, 'contacts', people(1));
    bench.meddle({
      after: (_passing, answer, status) => ({
        status,
        body: {
          ...answer,
          results: answer.results.map((one) => ({
            ...one,
            properties: Object.fromEntries(
              Object.entries((one['properties'] ?? {}) as Record<string, string | null>).map(([name, value]) => [name, value ?? '']),
            ),
          })),
        },
      }),
    });
    expect(await live(a)).toMatchObject({ jobtitle: null, hs_buying_role: null, lifecyclestage: null, firstname: 'Person 0' });
    const [batch] = await all(bench.connector.read({ schema: contacts, keys: [a], history: ['jobtitle'] }));
    expect(batch?.records[0]?.fields['jobtitle']).toBeNull();
    expect(
      await bench.connector.write([update(a, { firstname: null, hs_buying_role: [] }, { firstname: 'Person 0', hs_buying_role: null })]),
    ).toEqual([{ status: 'applied', key: a }]);
  });
});

describe('a value in another form', () => {
  it.each([
    ['phone', '+1 (888) 482-7100', '+1', (sent: string) => sent.replaceAll(/[^+\d]/g, '')],
    ['jobtitle', '  Head  of sales ', 'x', (sent: string) => sent.trim()],
    ['jobtitle', 'R&D', 'x', () => 'R&amp;D'],
    ['jobtitle', 'line\r\nbreak', 'x', () => 'line\nbreak'],
  ])('%s %j counts as written, with the whole record as it stands', async (name, wanted, damaged, form) => {
    const [a = ''] = seed(bench.sandbox, 'contacts', [{ email: 'a@example.org', firstname: 'X', [name]: damaged }]);
    bench.meddle(storing(name, form));
    const mutation = update(a, { [name]: wanted, firstname: 'Ann' }, { [name]: damaged, firstname: 'X' });
    const [result] = await bench.connector.write([mutation]);
    expect(result).toMatchObject({
      status: 'applied',
      key: a,
      record: { key: a, fields: { [name]: form(wanted), firstname: 'Ann', email: 'a@example.org' } },
    });
    expect(result?.status === 'applied' ? result.record?.fields : {}).toEqual(await live(a));
  });

  it('is written too where it was the damage that took the form', async () => {
    const [a = ''] = seed(bench.sandbox, 'contacts', [{ email: 'a@example.org', phone: '+18884827100' }]);
    bench.meddle(storing('phone', (sent) => sent.replaceAll(/[^+\d]/g, '')));
    const back = update(a, { phone: '+1 (888) 482-7100' }, { phone: '+18884827100' });
    expect(await bench.connector.write([back])).toMatchObject([{ status: 'applied', record: { fields: { phone: '+18884827100' } } }]);
  });

  it('is not a value that stayed: that was not taken, and is named; the others were', async () => {
    const [a = '', b = ''] = seed(bench.sandbox, 'contacts', people(2));
    bench.meddle({ ...storing('jobtitle', () => undefined) });
    const before = { jobtitle: null, firstname: 'Person 0' };
    expect(await bench.connector.write([update(a, { jobtitle: 'CEO', firstname: 'Ann' }, before)])).toMatchObject([
      { status: 'rejected', reason: 'rejected', fields: ['jobtitle'] },
    ]);
    expect(truth(bench.sandbox, 'contacts', a)?.['firstname']).toBe('Ann');
    bench.meddle(storing('firstname', () => 'Person 1'));
    expect(await bench.connector.write([update(b, { firstname: 'person 1' }, { firstname: 'Person 1' })])).toMatchObject([
      { status: 'rejected', fields: ['firstname'] },
    ]);
  });

  it('lets a lost create be found, by its address and by its values', async () => {
    bench.meddle(storing('phone', (sent) => sent.replaceAll(/[^+\d]/g, '')));
    const since = bench.clock.now();
    for (const set of [
      { email: 'n@example.org', phone: '+49 (30) 1' },
      { firstname: 'No address', phone: '+49 (30) 2' },
    ]) {
      bench.sandbox.faults.add({ kind: 'drop-answer', path: '*batch/create' });
      expect(await bench.connector.write([create(set)])).toMatchObject([{ status: 'in_doubt' }]);
      expect(await bench.connector.findCreated([create(set)], since)).toMatchObject([{ state: 'created' }]);
    }
  });
});

/**
 * Refuses every batch in which one of these holds, as HubSpot does: whole, for one value, without naming the record.
 */
function refusing(
  problem: { readonly name: string; readonly error: string; readonly message: (value: string) => string },
  bad: (value: string) => boolean,
): Meddler {
  const culprit = (body: Body | undefined): string | undefined =>
    body?.inputs?.map(({ properties }) => properties?.[problem.name]).find((value) => value !== undefined && bad(value));
  return {
    instead: ({ path, body }): Instead | undefined => {
      const value = /batch\/(update|create)/.test(path) ? culprit(body) : undefined;
      if (value === undefined) return undefined;
      const list = [{ isValid: false, message: problem.message(value), error: problem.error, name: problem.name }];
      return {
        status: 400,
        body: { status: 'error', category: 'VALIDATION_ERROR', message: `Property values were not valid: ${JSON.stringify(list)}` },
      };
    },
  };
}

it('tells options of a minute ago at most, and those of now once somebody may have changed them', async () => {
  const { connector, sandbox, clock, schema } = bench;
  const statuses = async (): Promise<readonly string[] | undefined> =>
    (await schema('contacts')).fields.find(({ name }) => name === 'hs_lead_status')?.options;
  const before = await statuses();
  sandbox.setOptions('contacts', 'hs_lead_status', ['NEW']);
  expect(await statuses()).toEqual(before);
  connector.settingsMayHaveChanged?.();
  expect(await statuses()).toEqual(['NEW']);
  sandbox.setOptions('contacts', 'hs_lead_status', ['OPEN']);
  clock.advance(60_000);
  expect(await statuses()).toEqual(['OPEN']);
});

/** Lets these own records, so that the sandbox itself takes them. */
function hire(...ids: readonly string[]): void {
  const [someone] = OWNERS;
  if (someone === undefined) throw new Error('nobody owns anything');
  for (const id of ids) bench.sandbox.portal.owners.set(id, { ...someone, id });
}

const PROBLEMS = [
  {
    name: 'hubspot_owner_id',
    error: 'INVALID_OWNER_ID',
    value: '990001',
    message: (value: string) => `Owner ${value} is not valid`,
    reason: 'option-removed',
  },
  {
    name: 'lifecyclestage',
    error: 'INVALID_OPTION',
    value: 'gone',
    message: (value: string) => `${value} was not one of the allowed options: [lead, customer]`,
    reason: 'option-removed',
  },
  { name: 'jobtitle', error: 'PROPERTY_DOESNT_EXIST', value: 'x', message: () => 'Property "jobtitle" does not exist', reason: 'field-removed' },
  { name: 'jobtitle', error: 'READ_ONLY_VALUE', value: 'x', message: () => 'is a read only property', reason: 'read-only' },
  {
    name: 'loyalty_points',
    error: 'INVALID_LONG',
    value: 'many',
    message: (value: string) => `${value} was not a valid long.`,
    reason: 'type-changed',
  },
  { name: 'date_of_birth', error: 'INVALID_DATE', value: 'soon', message: () => 'was not a valid date', reason: 'type-changed' },
  { name: 'email', error: 'INVALID_EMAIL', value: 'nobody', message: (value: string) => `Email address ${value} is invalid`, reason: 'rejected' },
] as const;

describe.each(PROBLEMS)('$error of $name', ({ name, error, value, message, reason }) => {
  it('is named with its field, for updates and creates, at few requests, and takes no other record with it', async () => {
    hire('7');
    const ids = seed(bench.sandbox, 'contacts', people(60));
    const schema: ObjectSchema = {
      ...contacts,
      fields: contacts.fields.map((field) => (field.name === name ? { ...field, readOnly: false } : field)),
    };
    const bad = (n: number): boolean => n % 6 === 0;
    const good =
      name === 'jobtitle'
        ? undefined
        : name === 'email'
          ? 'ok@example.net'
          : name === 'lifecyclestage'
            ? 'lead'
            : name === 'date_of_birth'
              ? '1990-01-01'
              : '7';
    bench.meddle(refusing({ name, error, message }, (sent) => sent === value));
    const set = (n: number): Fields => ({
      firstname: 'New',
      ...(bad(n) ? { [name]: value } : n === 1 && good !== undefined ? { [name]: good } : {}),
    });
    const updates = await bench.connector.write(ids.map((key, n) => ({ ...update(key, set(n)), schema })));
    expect(updates.map((result) => result.status)).toEqual(ids.map((_, n) => (bad(n) ? 'rejected' : 'applied')));
    expect(updates[0]).toMatchObject({ status: 'rejected', reason, fields: [name] });
    expect(bench.asked.length).toBeLessThanOrEqual(8);
    const [one] = await bench.connector.write([{ ...create({ firstname: 'A', [name]: value }), schema }]);
    expect(one).toMatchObject({ status: 'rejected', reason, fields: [name] });
  });
});

describe('which record it is, where a refusal names a property only', () => {
  it('is found by its values: many bad ones of a kind cost few requests', async () => {
    hire('7', '40', '41', '42', '43');
    const ids = seed(bench.sandbox, 'contacts', people(100));
    const gone = new Set(['41', '42']);
    bench.meddle(refusing({ name: 'hubspot_owner_id', error: 'INVALID_OWNER_ID', message: () => 'Owner is not valid' }, (value) => gone.has(value)));
    const owner = (n: number): string => (n < 60 ? String(40 + (n % 4)) : '7');
    const results = await bench.connector.write(ids.map((key, n) => update(key, { hubspot_owner_id: owner(n), firstname: 'New' })));
    expect(results.map(({ status }) => status)).toEqual(ids.map((_, n) => (gone.has(owner(n)) ? 'rejected' : 'applied')));
    expect(bench.asked.filter(({ path }) => path.includes('batch/update')).length).toBeLessThanOrEqual(12);
  });

  it('is not guessed from a number that stands among the words', async () => {
    hire('7', '12', '990');
    const ids = seed(bench.sandbox, 'contacts', people(4));
    const message = (): string => 'Owner 990001 is not valid, see rule 7 of 12';
    bench.meddle(refusing({ name: 'hubspot_owner_id', error: 'INVALID_OWNER_ID', message }, (value) => value === '990001'));
    const results = await bench.connector.write(ids.map((key, n) => update(key, { hubspot_owner_id: ['7', '990001', '12', '990'][n] ?? '' })));
    expect(results.map(({ status }) => status)).toEqual(['applied', 'rejected', 'applied', 'applied']);
  });
});

describe('taken and unknown fields', () => {
  it('a taken address is named, also as one of the other addresses of a contact', async () => {
    const [a = '', b = ''] = seed(bench.sandbox, 'contacts', people(2));
    expect(await bench.connector.write([update(a, { email: 'person1@example.com' }), update(b, { firstname: 'B' })])).toMatchObject([
      { status: 'rejected', reason: 'unique-taken', fields: ['email'] },
      { status: 'applied' },
    ]);
    expect(await bench.connector.write([create({ email: 'person1@example.com' })])).toMatchObject([
      { status: 'rejected', reason: 'unique-taken', fields: ['email'] },
    ]);
    bench.meddle({
      instead: ({ path }) =>
        path.includes('batch/create')
          ? { status: 409, body: { status: 'error', message: 'Contact already exists. Existing ID: 7', category: 'CONFLICT' } }
          : undefined,
    });
    expect(await bench.connector.write([create({ email: 'other@example.com', firstname: 'B' })])).toMatchObject([
      { status: 'rejected', reason: 'unique-taken', fields: ['email'] },
    ]);
  });

  it('every field that cannot be written is named, without asking', async () => {
    const [a = ''] = seed(bench.sandbox, 'contacts', people(1));
    bench.meddle({});
    expect(
      await bench.connector.write([update(a, { lastmodifieddate: 'x', gone_by_now: 'x', firstname: '\ud800', jobtitle: 'kept' })]),
    ).toMatchObject([{ status: 'rejected', fields: ['lastmodifieddate', 'gone_by_now', 'firstname'] }]);
    expect(bench.asked).toEqual([]);
  });
});
