import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from 'vitest';

import type { TestPostgres } from '../support/postgres.js';
import { openPair, openServer, type Pair } from './support/pair.js';

/**
 * Reconciliation of HubSpot and a table, through the command line. A user would lose the trust in both directions: a
 * difference that is not found, or one that is none.
 */

let server: TestPostgres;
let pair: Pair;

const MAPPING = `version: 1
id: people
between: { crm: hubspot/contacts, store: warehouse/public.people }
match: [{ crm: email, store: email, as: email }]
settle: 1s
fields:
  - { crm: city, store: city, authority: crm }
  - { crm: phone, store: phone, authority: store, as: phone/US, blank: keep }
`;

interface Count {
  readonly class: string;
  readonly side?: number;
  readonly field?: number;
  readonly count: number;
}
const counted = (data: Record<string, unknown>): readonly string[] =>
  (data['counts'] as readonly Count[]).map((one) => `${one.class} ${String(one.side ?? one.field ?? '')} ${String(one.count)}`).sort();

beforeAll(async () => {
  server = await openServer();
});
afterAll(async () => {
  await server.stop();
});
beforeEach(async () => {
  pair = await openPair(server, 20);
  await mkdir(join(pair.dir, 'mappings'));
  await writeFile(join(pair.dir, 'mappings', 'people.yml'), MAPPING);
});
afterEach(async () => {
  await pair.close();
});

test('two sides that agree are said to agree, and nothing is written to either', async () => {
  // What platforms change when they store: spaces, punctuation, letter case of an address; a blank that keeps.
  const [a = '', b = '', c = ''] = pair.contacts;
  await pair.edit(a, { city: ' City  0 ' }, 'warehouse');
  await pair.edit(b, { phone: '(555) 000-1001' }, 'hubspot');
  await pair.edit(c, { phone: '' }, 'warehouse');
  await pair.sql(`UPDATE people SET email = upper(email) WHERE id = 7`);
  const before = await pair.sql('SELECT * FROM people ORDER BY id');
  pair.sandbox.resetCounts();
  const ended = await pair.run('reconcile', 'run', 'people');
  expect([ended.code, ended.data['matched'], ended.data['candidates'], ended.data['passed']], ended.out).toEqual([0, 20, 0, true]);
  expect(pair.sandbox.counts().writesPerRecord).toEqual({});
  expect(await pair.sql('SELECT * FROM people ORDER BY id')).toEqual(before);
});

test('each difference is found, told by class, and confirmed; the screen has 80 columns', async () => {
  const [a = '', b = '', c = '', d = ''] = pair.contacts;
  await pair.edit(a, { city: 'Elsewhere' }, 'warehouse');
  await pair.edit(b, { phone: '+15550009999' }, 'hubspot');
  await pair.sql(`DELETE FROM people WHERE email = '${pair.emailOf(c)}'`);
  await pair.sql(`INSERT INTO people (email, city) VALUES ('only-there@example.com', 'Nowhere')`);
  await pair.sql(`INSERT INTO people (email, city) VALUES (' ${pair.emailOf(d)}', 'Twin')`);
  const ended = await pair.run('reconcile', 'run', 'people', '--to', join(pair.dir, 'report.html'));
  expect([ended.code, ended.data['differences']], ended.out).toEqual([2, 5]);
  expect(counted(ended.data)).toEqual(['missing 0 1', 'missing 1 1', 'twice  1', 'value 0 1', 'value 1 1']);
  const html = await readFile(join(pair.dir, 'report.html'), 'utf8');
  expect(html).toContain('Elsewhere');
  const text = await pair.text('reconcile', 'run', 'people');
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(text).toContain('not in store');
  expect(text).toContain('runback reconcile plan people');
  expect(text).toContain(`crm city City 0, store city Elsewhere`);
  const history = await pair.text('reconcile', 'history');
  expect(history.trimEnd().split('\n')).toHaveLength(4);
});

test('a plan writes the values that count to the other side, and afterwards both agree', async () => {
  const [a = '', b = '', c = ''] = pair.contacts;
  await pair.edit(a, { city: 'Elsewhere' }, 'warehouse');
  await pair.edit(b, { phone: '+14155550999' }, 'warehouse');
  await pair.edit(c, { city: 'Nowhere' }, 'warehouse');
  expect((await pair.run('reconcile', 'run', 'people')).data['differences']).toBe(3);
  // Somebody writes the table after the comparison: theirs stays, and is a conflict for a person.
  await pair.edit(c, { city: 'Since' }, 'warehouse');
  const { code, data, out } = await pair.run('reconcile', 'plan', 'people');
  expect(code, out).toBe(0);
  const plans = data['plans'] as readonly {
    readonly id: string;
    readonly platform: string;
    readonly counts: { readonly records: number; readonly cells: number; readonly conflicts: object };
  }[];
  expect(plans.map(({ platform, counts }) => [platform, counts.cells, counts.conflicts])).toEqual([
    ['hubspot', 1, {}],
    ['warehouse', 1, { 'edited-since': 1 }],
  ]);
  for (const { id, counts } of plans) await pair.done('restore', 'apply', id, '--confirm', `sandbox:${counts.records}`);
  expect([await pair.held(a, 'city'), await pair.held(b, 'phone'), await pair.held(c, 'city')]).toEqual([
    ['City 0', 'City 0'],
    ['+14155550999', '+14155550999'],
    ['City 2', 'Since'],
  ]);
  const after = await pair.run('reconcile', 'run', 'people');
  expect([after.code, counted(after.data)]).toEqual([2, ['value 0 1']]);
});

test('a person who is forgotten is in no result any more, and the counts stay', async () => {
  const [a = '', b = ''] = pair.contacts;
  for (const id of [a, b]) await pair.edit(id, { city: 'Elsewhere' }, 'warehouse');
  const { data } = await pair.run('reconcile', 'run', 'people');
  const path = join(pair.dir, '.runback', 'reconciliations', `${String(data['id'])}.ndjson`);
  expect(await readFile(path, 'utf8')).not.toContain('Elsewhere');
  expect(await readFile(path, 'utf8')).toContain(a);
  await pair.done('forget', '--platform', 'hubspot', '--object', 'contacts', '--key', a, '--confirm', 'forget:1');
  const left = await readFile(path, 'utf8');
  expect([left.includes(a), left.includes(b)]).toEqual([false, true]);
  const [kept] = (await pair.run('reconcile', 'history')).data as unknown as readonly { readonly differences: number }[];
  expect(kept?.differences).toBe(2);
});

test('a dashboard that counts wrong is told by its groups', async () => {
  const [a = '', b = ''] = pair.contacts;
  for (const id of [a, b]) await pair.edit(id, { city: 'Bern' }, 'warehouse');
  const rows = pair.contacts.slice(2).map((_, n) => `City ${n + 2},1`);
  await writeFile(join(pair.dir, 'cities.csv'), `City,People\nBern,2\n${rows.join('\n')}\n`);
  const view = [
    'reconcile',
    'view',
    'cities.csv',
    '--platform',
    'warehouse',
    '--object',
    'public.people',
    '--group',
    'City=city',
    '--count',
    'People',
  ];
  expect((await pair.run(...view)).code).toBe(0);
  await pair.edit(b, { city: 'City 5' }, 'warehouse');
  const { code, data } = await pair.run(...view);
  expect([code, data['differences']]).toEqual([
    2,
    [
      { class: 'value', group: ['Bern'], column: 'People', platform: '1', view: '2' },
      { class: 'value', group: ['City 5'], column: 'People', platform: '2', view: '1' },
    ],
  ]);
  const text = await pair.text(...view);
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect((await pair.run(...view, '--made', '1m ago')).code).toBe(0);
});
