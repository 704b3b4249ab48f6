import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { type HubSpotSandbox, type SalesforceSandbox, startHubSpotSandbox, startSalesforceSandbox } from '../../src/sandbox/index.js';
import { type Operator, openOperator } from '../journeys/support/operator.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { runHere } from './support/here.js';
import { platformsOf } from './support/platforms.js';

/** A user would lose: a loop that was never declared, and writes on production for months. */

const HOUR = 3_600_000;
let hubspot: HubSpotSandbox;
let salesforce: SalesforceSandbox;
let server: TestPostgres;
let operator: Operator;
const keys: string[] = [];
beforeAll(async () => {
  hubspot = await startHubSpotSandbox({ seed: 5 });
  const now = Date.now();
  const [sync, crm] = [
    hubspot.writeAs({ kind: 'integration', id: '4711', label: 'Sync' }),
    hubspot.writeAs({ kind: 'integration', id: '4712', label: 'CRM' }),
  ];
  for (let n = 0; n < 12; n += 1)
    keys.push(hubspot.writeAs({ kind: 'person', id: '9' }).create('contacts', { email: `p${n}@example.com`, city: 'Bern' }, now - 40 * HOUR));
  // Of four contacts the phone goes to and fro; of the others it is written as often, by one of them.
  for (let turn = 0; turn < 10; turn += 1)
    for (const [n, key] of keys.entries()) {
      const writer = n < 4 && turn % 2 === 1 ? crm : sync;
      writer.update('contacts', key, { phone: turn % 2 === 0 ? '+14155550123' : '(415) 555-0123' }, now - (20 - turn) * HOUR);
    }
  salesforce = await startSalesforceSandbox({ limits: { perDay: 100_000 }, description: { tracked: { Contact: ['Title'] } } });
  const [first, second] = [salesforce.writeAs({ kind: 'integration', id: 'sync' }), salesforce.writeAs({ kind: 'integration', id: 'crm' })];
  for (let n = 0; n < 3; n += 1) {
    const key = first.create('Contact', { LastName: `Last ${n}`, Title: 'Head' }, now - 30 * HOUR);
    for (let turn = 0; turn < 10; turn += 1)
      (n === 0 && turn % 2 === 1 ? second : first).update('Contact', key, { Title: turn % 2 === 0 ? 'CEO' : 'Chief' }, now - (20 - turn) * HOUR);
  }
  server = await startPostgres();
  const database = await server.createDatabase('CREATE TABLE people (id serial PRIMARY KEY, email text NOT NULL UNIQUE, phone text)');
  const { text, secrets } = platformsOf({ hubspot, salesforce, database: server.url(database) });
  operator = await openOperator(text, secrets);
  await mkdir(join(operator.dir, 'mappings'));
  await writeFile(
    join(operator.dir, 'mappings', 'people.yml'),
    `version: 1
id: people
between: { store: warehouse/public.people, map: hubspot/contacts }
match: [{ store: email, map: email, as: email }]
fields:
  - { store: phone, map: phone, authority: store, as: phone/US }
`,
  );
});
afterAll(async () => {
  await operator.close();
  await Promise.all([hubspot.stop(), salesforce.stop()]);
});

test('values that two writers keep changing back are found with their writers, nothing is written, and nothing else is accused', async () => {
  hubspot.resetCounts();
  const { code, data } = await operator.run('mapping', 'ping-pong');
  expect(code).toBe(2);
  expect(data['looked']).toMatchObject([
    { platform: 'warehouse', untold: 'it keeps no history of fields' },
    {
      platform: 'hubspot',
      records: 12,
      fields: 1,
      more: false,
      found: [{ field: 'phone', records: 4, mappings: ['people'], writers: [{ records: 4 }] }],
    },
  ]);
  const [field] =
    (
      data['looked'] as readonly {
        readonly found: readonly {
          readonly examples: readonly { readonly key: string }[];
          readonly writers: readonly { readonly writers: readonly string[] }[];
        }[];
      }[]
    )[1]?.found ?? [];
  expect(field?.examples.map(({ key }) => key).sort()).toEqual(keys.slice(0, 4).sort());
  expect(field?.writers[0]?.writers.every((writer) => /471[12]/u.test(writer))).toBe(true);
  expect(JSON.stringify(data)).not.toContain('555');
  expect(hubspot.counts().writesPerRecord).toEqual({});
  const { stdout } = await runHere(['mapping', 'ping-pong', '--no-input'], { cwd: operator.dir });
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(stdout).toContain('phone goes to and fro on 4 records');
  expect(stdout).not.toContain('555-0123');
});

test('on Salesforce too, where a field that is not tracked is told as one of which nothing is known', async () => {
  await writeFile(
    join(operator.dir, 'mappings', 'crm.yml'),
    `version: 1
id: crm
between: { crm: salesforce/Contact, store: warehouse/public.people }
match: [{ crm: Email, store: email, as: email }]
fields: [{ crm: Title, store: phone, authority: crm }, { crm: Department, store: email, authority: crm }]
`,
  );
  salesforce.resetCounts();
  const { code, data } = await operator.run('mapping', 'ping-pong', 'crm');
  expect(code).toBe(2);
  expect(data['looked']).toMatchObject([
    { platform: 'salesforce', records: 3, silent: ['Department'], found: [{ field: 'Title', records: 1 }] },
    { platform: 'warehouse', untold: 'it keeps no history of fields' },
  ]);
  expect(salesforce.counts().writesPerRecord).toEqual({});
  await rm(join(operator.dir, 'mappings', 'crm.yml'));
});

test('a shorter time, and fewer records, are looked at where that is asked for, and it is said', async () => {
  expect((await operator.run('mapping', 'ping-pong', '--since', '12h')).data['looked']).toMatchObject([{}, { found: [] }]);
  expect((await operator.run('mapping', 'ping-pong', '--records', '2')).data['looked']).toMatchObject([{}, { records: 2, more: true }]);
});

test('where no history can be read, that is no pass', async () => {
  await writeFile(join(operator.dir, 'token'), 'no-such-token', { mode: 0o600 });
  const { code, data } = await operator.run('mapping', 'ping-pong');
  await writeFile(join(operator.dir, 'token'), hubspot.token, { mode: 0o600 });
  expect(code).toBe(2);
  expect((data['looked'] as readonly Record<string, unknown>[]).every((one) => 'untold' in one)).toBe(true);
});
