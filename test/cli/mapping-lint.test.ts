import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { type HubSpotSandbox, type SalesforceSandbox, startHubSpotSandbox, startSalesforceSandbox } from '../../src/sandbox/index.js';
import { type Operator, openOperator } from '../journeys/support/operator.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { runHere } from './support/here.js';
import { platformsOf } from './support/platforms.js';

/** A user would lose: a sync that is switched on although it cannot work, and data that it cuts, drops or turns round. */

const EXAMPLE = await readFile(fileURLToPath(new URL('../../mappings/salesforce-hubspot-contacts.yml', import.meta.url)), 'utf8');
const STORE = `version: 1
id: people
between: { store: warehouse/public.people, map: hubspot/contacts }
match: [{ store: email, map: email, as: email }]
fields:
  - { store: city, map: industry, authority: store }
  - { store: points, map: loyalty_points, authority: store }
  - { store: status, map: hs_lead_status, authority: store, values: { new: NEW, open: OPEN, done: CONNECTED } }
  - { store: since, map: member_since, authority: store }
`;
const TABLE = `
  CREATE TYPE status AS ENUM ('new', 'open', 'done');
  CREATE TABLE people (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email text NOT NULL UNIQUE, city text, points integer,
    status status NOT NULL DEFAULT 'new', since date, updated_at timestamptz NOT NULL DEFAULT now())`;

let hubspot: HubSpotSandbox;
let salesforce: SalesforceSandbox;
let server: TestPostgres;
let database: string;
let operator: Operator;
const mapping = (name: string, text: string): Promise<void> => writeFile(join(operator.dir, 'mappings', name), text);
interface Found {
  readonly rule: string;
  readonly severity: string;
  readonly line: number;
  readonly message: string;
  readonly options?: readonly { readonly option: string; readonly records?: number }[];
  readonly counted?: string;
}
const lint = async (
  ...more: readonly string[]
): Promise<{ readonly code: number | null; readonly findings: readonly Found[]; readonly counted: readonly string[] }> => {
  const { code, data } = await operator.run('mapping', 'lint', ...more);
  return { code, findings: data['findings'] as Found[], counted: data['counted'] as string[] };
};
const writes = (): number =>
  [hubspot, salesforce].reduce((sum, sandbox) => sum + Object.values(sandbox.counts().writesPerRecord).reduce((all, each) => all + each, 0), 0);

beforeAll(async () => {
  hubspot = await startHubSpotSandbox({ seed: 5 });
  salesforce = await startSalesforceSandbox({ limits: { perDay: 100_000 } });
  server = await startPostgres();
  database = await server.createDatabase(TABLE);
  await server.sql(
    database,
    `INSERT INTO people (email, city, status) SELECT 'p' || n || '@example.com', 'City', CASE WHEN n < 3 THEN 'open' ELSE 'new' END::status FROM generate_series(1, 9) n`,
  );
  const { text, secrets } = platformsOf({ hubspot, salesforce, database: server.url(database) });
  operator = await openOperator(
    `${text}syncs:
  crm-to-map:
    controller: command
    writes_to: [hubspot, salesforce, warehouse]
    status: { run: ["true"], paused: "exit == 3" }
    pause: { run: ["true"] }
    resume: { run: ["true"] }
`,
    secrets,
  );
  await mkdir(join(operator.dir, 'mappings'));
  await mapping('contacts.yml', EXAMPLE);
});
afterAll(async () => {
  await operator.close();
  await Promise.all([hubspot.stop(), salesforce.stop()]);
});

test('the mapping that comes with runback fits fresh accounts of both platforms: nothing is found, nothing is written', async () => {
  const before = writes();
  expect(await lint()).toEqual({ code: 0, findings: [], counted: [] });
  expect(writes()).toBe(before);
});

test('a table and HubSpot fit: nothing is found, and what records hold is looked up where a snapshot has it', async () => {
  await mapping('people.yml', STORE);
  expect(await lint('people')).toEqual({ code: 0, findings: [], counted: [] });
  const snapshot = String((await operator.done('snapshot', 'create', '--platform', 'warehouse'))['id']);
  const again = await lint('people');
  expect(again.findings).toEqual([]);
  expect(again.counted[0]).toContain(snapshot);
});

test('an option that is gone is told with the number of records that hold it, and where they were counted', async () => {
  await mapping('people.yml', STORE.replace(', done: CONNECTED', '').replace('open: OPEN', 'open: OPENED'));
  const { code, findings, counted } = await lint('people');
  expect(code).toBe(2);
  expect(findings.map(({ rule, line }) => [rule, line])).toEqual([
    ['option-missing', 8],
    ['option-unmapped', 8],
    ['option-unknown', 8],
  ]);
  expect(findings[0]).toMatchObject({ options: [{ option: 'open', records: 2 }] });
  expect(findings[0]?.counted).toMatch(/^counted in snapshot /u);
  expect(counted).toHaveLength(1);
  const live = await lint('people', '--read');
  expect(live.findings[0]?.counted).toBe('counted in a read of warehouse/public.people');
  await mapping('people.yml', STORE);
});

test('a column that may never be empty is told where nobody fills it, and not where the table does by itself', async () => {
  const back = `version: 1
id: back
between: { map: hubspot/contacts, store: warehouse/public.orders }
match: [{ map: key, store: contact }]
fields: [{ map: email, store: email, authority: map, blank: refuse }]
`;
  await server.sql(
    database,
    `CREATE TABLE orders (id serial PRIMARY KEY, contact text NOT NULL UNIQUE, email text NOT NULL, made timestamptz NOT NULL DEFAULT now(), number bigint GENERATED ALWAYS AS IDENTITY NOT NULL, total text NOT NULL)`,
  );
  await mapping('back.yml', back);
  const { code, findings } = await lint('back');
  await rm(join(operator.dir, 'mappings', 'back.yml'));
  expect(code).toBe(2);
  expect(findings.map(({ rule, message }) => `${rule} ${message.split(' ')[0]}`)).toEqual(['required-unfilled store.total']);
});

test('what cannot be read is a finding, and the other mappings are checked all the same', async () => {
  await writeFile(join(operator.dir, 'token'), 'no-such-token', { mode: 0o600 });
  const { code, findings } = await lint();
  await writeFile(join(operator.dir, 'token'), hubspot.token, { mode: 0o600 });
  expect(code).toBe(2);
  expect(findings.map(({ rule }) => rule)).toEqual(['unreadable', 'unreadable']);
});

test('a file that cannot be read is told with its line, beside what is found in the others', async () => {
  await mapping('broken.yml', EXAMPLE.replace('authority: crm }', 'autority: crm }'));
  const { code, findings } = await lint();
  await writeFile(join(operator.dir, 'mappings', 'broken.yml'), EXAMPLE.replace('id: salesforce', 'id: broken').replace('map: city', 'map: cty'));
  const other = await lint('broken');
  expect(code).toBe(65);
  expect(findings.map(({ rule, line, message }) => `${rule} ${line} ${message}`)[1]).toContain('did you mean "authority"?');
  expect(other.findings.filter(({ rule }) => rule !== 'written-twice')).toMatchObject([{ rule: 'field-unknown', line: 25 }]);
  await mapping('broken.yml', 'version: 1\n');
  const text = await runHere(['mapping', 'lint', '--no-input'], { cwd: operator.dir });
  const lines = text.stdout.split('\n');
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(text.stdout).toContain('mappings/broken.yml:1:1');
  await mapping('broken.yml', EXAMPLE.replace('id: salesforce', 'id: broken'));
  const twice = await lint('salesforce');
  expect(twice.findings.every(({ rule }) => rule === 'written-twice')).toBe(true);
  expect(twice.findings).toHaveLength(12);
});

test('a mapping that is not there, and a workspace without one, say what to type', async () => {
  const { code, error } = await operator.run('mapping', 'lint', 'contcts');
  expect([code, error.code]).toEqual([10, 'not-found']);
  await rm(join(operator.dir, 'mappings'), { recursive: true });
  expect((await operator.run('mapping', 'lint')).error).toMatchObject({
    code: 'not-found',
    next: expect.stringContaining('runback mapping init') as string,
  });
});
