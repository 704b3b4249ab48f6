import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { type HubSpotSandbox, startHubSpotSandbox } from '../../src/sandbox/index.js';
import { type Operator, openOperator } from '../journeys/support/operator.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { runHere } from './support/here.js';
import { platformsOf } from './support/platforms.js';

/** A user would lose: weeks of records behind a change of a form that nobody told anybody of. */

const MAPPING = `version: 1
id: people
between: { store: warehouse/public.people, map: hubspot/contacts }
match: [{ store: email, map: email, as: email }]
fields:
  - { store: status, map: hs_lead_status, authority: store, values: { new: NEW, open: OPEN } }
  - { store: city, map: city, authority: store }
`;

let hubspot: HubSpotSandbox;
let server: TestPostgres;
let operator: Operator;
let database: string;
beforeAll(async () => {
  hubspot = await startHubSpotSandbox({ seed: 5 });
  server = await startPostgres();
  database = await server.createDatabase(
    `CREATE TYPE status AS ENUM ('new', 'open'); CREATE TABLE people (id serial PRIMARY KEY, email text NOT NULL UNIQUE, city text, status status)`,
  );
  const { text, secrets } = platformsOf({ hubspot, database: server.url(database) });
  operator = await openOperator(text, secrets);
  await mkdir(join(operator.dir, 'mappings'));
  await writeFile(join(operator.dir, 'mappings', 'people.yml'), MAPPING);
});
afterAll(async () => {
  await operator.close();
  await hubspot.stop();
});

interface Drifted {
  readonly state: string;
  readonly changes?: readonly {
    readonly severity: string;
    readonly field: string;
    readonly kind: string;
    readonly breaks?: readonly { readonly rule: string }[];
  }[];
}
const drift = async (): Promise<{ readonly code: number | null; readonly first: Drifted | undefined }> => {
  const { code, data } = await operator.run('mapping', 'drift');
  return { code, first: (data['mappings'] as Drifted[])[0] };
};

test('changes of either side are told against what a person accepted, the worst first, until they are accepted', async () => {
  expect(await drift()).toMatchObject({ code: 2, first: { state: 'never-accepted' } });
  await operator.done('mapping', 'accept');
  expect(await drift()).toMatchObject({ code: 0, first: { state: 'compared', changes: [] } });
  await server.sql(database, `ALTER TYPE status ADD VALUE 'lost'; ALTER TABLE people ADD COLUMN note text`);
  hubspot.setOptions?.('contacts', 'hs_lead_status', ['NEW', 'OPEN', 'FRESH']);
  const { code, first } = await drift();
  expect(code).toBe(2);
  expect(first?.changes?.[0]).toMatchObject({ severity: 'error', field: 'status', kind: 'options-added', breaks: [{ rule: 'option-unmapped' }] });
  expect(first?.changes?.map(({ field, kind }) => `${field} ${kind}`)).toContain('note field-added');
  const { stdout } = await runHere(['mapping', 'drift', '--no-input'], { cwd: operator.dir });
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(stdout).toContain('warehouse/public.people.status has more options: lost');
  expect(stdout.replaceAll(/\s+/gu, ' ')).toContain('values does not say what option of store.status is in map.hs_lead_status: "lost"');
  await operator.done('mapping', 'accept');
  expect(await drift()).toMatchObject({ code: 0, first: { changes: [] } });
});

test('a side that cannot be read is told, and never accepted', async () => {
  await writeFile(join(operator.dir, 'token'), 'no-such-token', { mode: 0o600 });
  const drifted = await drift();
  const accepted = await operator.run('mapping', 'accept');
  await writeFile(join(operator.dir, 'token'), hubspot.token, { mode: 0o600 });
  expect(drifted).toMatchObject({ code: 2, first: { state: 'unreadable' } });
  expect(accepted.ok).toBe(false);
  expect(await drift()).toMatchObject({ code: 0, first: { state: 'compared' } });
});
