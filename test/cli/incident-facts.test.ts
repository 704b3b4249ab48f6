import { expect, test } from 'vitest';

import { incidentFacts } from '../../src/cli/flows/investigations/incident-facts.js';
import type { Investigation, KeptGroup } from '../../src/investigations/index.js';
import type { Environment } from '../../src/workspace/index.js';

/** A user would lose: the right people, called too late or for nothing, and values of records in messages that pass through other hands. */

const SEVERITIES = ['sev1', 'sev2', 'sev3'];
const header = { id: 'inv-1', platform: 'hubspot', from: '2026-11-01T00:00:00.000Z', to: '2026-11-02T12:00:00.000Z' };
const group = (more: Partial<KeptGroup> = {}): KeptGroup => ({
  n: 1,
  verdict: 'damage',
  object: 'contacts',
  fields: ['firstname'],
  label: 'one-value',
  detail: 'Valued Customer',
  what: '40 values became Valued Customer',
  why: [],
  points: 4,
  from: '2026-11-02T09:13:07.000Z',
  to: '2026-11-02T09:13:34.000Z',
  exact: true,
  cells: 40,
  records: 40,
  examples: [{ object: 'contacts', key: '51', name: 'Ann Lee', field: 'firstname', before: 'Ann', after: 'Valued Customer' }],
  writer: 'INTEGRATION:1',
  ...more,
});
const factsOf = (groups: readonly KeptGroup[], environment: Environment = 'production', severities = SEVERITIES): ReturnType<typeof incidentFacts> =>
  incidentFacts({ header } as unknown as Investigation, groups, { environment, severities });

test.each<readonly [string, Partial<KeptGroup>, Environment, string]>([
  ['damage that stands still', {}, 'production', 'sev2'],
  ['a writer that wrote just before the present state was read', { to: '2026-11-02T11:55:00.000Z' }, 'production', 'sev1'],
  ['the same where only the snapshots around it are known', { to: header.to, exact: false }, 'production', 'sev2'],
  ['people who were opted in', { label: 'opted-in' }, 'production', 'sev1'],
  ['records that are gone', { label: 'deleted', fields: [] }, 'production', 'sev1'],
  ['a test account, whatever it is', { label: 'deleted', fields: [] }, 'sandbox', 'sev3'],
])('%s is routed by its severity', (_name, more, environment, severity) => {
  expect(factsOf([group(more)], environment).severity).toBe(severity);
});

test('with one severity, that is it', () => {
  expect(factsOf([group()], 'production', ['only']).severity).toBe('only');
});

test('window, writers and groups are told, and no value of a record', () => {
  const facts = factsOf([
    group(),
    group({ n: 2, label: 'emptied', records: 5 }),
    group({ n: 4, label: 'deleted', fields: [], records: 12, sync: 'crm-to-map', from: '2026-11-02T09:00:00.000Z' }),
  ]);
  expect(facts).toEqual({
    // Who is paged reads the worst of it first, however few records it is on.
    title: 'Record deleted: contacts (12 records), and 1 more on hubspot',
    impact: 'Record deleted: contacts (12 records); Values changed: contacts firstname (45 records)',
    summary:
      'Began 2026-11-02 09:00:00 UTC, last seen 2026-11-02 09:13:34 UTC. Written by INTEGRATION:1; crm-to-map. Found by inv-1, groups 1, 2, 4.',
    beganAt: '2026-11-02T09:00:00.000Z',
    severity: 'sev1',
  });
  expect(JSON.stringify(facts)).not.toMatch(/Valued|Ann/u);
});

test('of writers who are not known it is said that they are not, and that something still writes', () => {
  const unknown = ({ writer: _writer, ...rest }: KeptGroup): KeptGroup => rest;
  expect(factsOf([unknown(group())]).summary).toContain('Nobody knows who wrote it. Found by');
  const some = factsOf([group({ to: '2026-11-02T11:55:00.000Z' }), unknown(group({ n: 2 }))]);
  expect(some.summary).toContain(
    'Written by INTEGRATION:1; of a part nobody knows who wrote it. It was still being written when this was found. Found by',
  );
});

test('where only the snapshots are known, no beginning is claimed', () => {
  const facts = factsOf([group({ exact: false })]);
  expect(facts).not.toHaveProperty('beganAt');
  expect(facts.summary).toContain('Began some time after 2026-11-02 09:13:07 UTC');
});
