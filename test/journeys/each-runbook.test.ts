import { chmod } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { type Account, openAccount } from './support/account.js';

let it: Account;
afterEach(() => it.close());

const SUCCEEDED = { code: 0, data: { state: 'succeeded' } };
/** The syncs as they were before the run. */
const AS_BEFORE = { feed: 'running', archive: 'paused' };

test('accidental-delete: of a record that was merged away nothing is written, a person is told what to do about it, and the run is no success', async () => {
  it = await openAccount();
  const [merged = '', into = '', deleted = ''] = it.contacts;
  it.maya.apply({ action: 'merge', object: 'contacts', id: merged, into });
  const { email = '' } = it.sandbox.truth().record('contacts', deleted) ?? {};
  it.feed.remove('contacts', deleted);
  const remaining = it.sandbox.truth().record('contacts', into);
  const { ended, asked } = await it.follow('accidental-delete', {}, { review: (times) => (times === 1 ? 'again' : 'yes') });
  expect(ended, ended.stdout.slice(-2000)).toMatchObject({ code: 3, data: { state: 'partial' } });
  expect(ended.stdout).toContain('1 record that was merged into another');
  expect(asked).toEqual(['review', 'review', 'apply', 'new_ids', 'merges']);
  expect(it.sandbox.truth().record('contacts', into)).toEqual(remaining);
  const emails = [...it.sandbox.truth().records('contacts')].map(({ values }) => values['email']);
  expect(emails.filter((one) => one === email)).toHaveLength(1);
  expect(emails).toHaveLength(29);
  expect(await it.operator.run('restore', 'left', 'latest')).toMatchObject({ stdout: expect.stringContaining('merged-away') as string });
  expect(await it.operator.syncs()).toEqual(AS_BEFORE);
});

test('sync-storm: what two writers left is repaired, an edit since stays, and the other side is paused with the first', async () => {
  it = await openAccount();
  await it.operator.write('sync-archive', 'running');
  for (let round = 0; round < 3; round += 1)
    for (const id of it.contacts.slice(0, 6))
      it.feed.update('contacts', id, { jobtitle: round % 2 === 0 ? 'From A' : 'From B', city: `Storm ${round}` });
  const good = it.linesWith({ 10: { jobtitle: 'Edited by hand' } });
  const { ended, asked } = await it.follow(
    'sync-storm',
    { other_side: ' archive, feed ' },
    {
      tell: async () => {
        expect(await it.operator.syncs()).toEqual({ feed: 'paused', archive: 'paused' });
        it.maya.update('contacts', it.contacts[10] ?? '', { jobtitle: 'Edited by hand' });
      },
    },
  );
  expect(ended, ended.stdout.slice(-2000)).toMatchObject(SUCCEEDED);
  expect(asked).toEqual(['automations', 'tell', 'review', 'allow', 'apply', 'cause', 'watch']);
  expect(it.lines()).toEqual(good);
  expect(await it.operator.syncs()).toEqual({ feed: 'running', archive: 'running' });
});

test('sync-storm: where it wrote more than HubSpot remembers, nothing is written before a person says so', async () => {
  it = await openAccount();
  const good = it.linesWith({});
  for (let round = 0; round < 60; round += 1) it.feed.update('contacts', it.contacts[0] ?? '', { jobtitle: `Round ${round}` });
  const filter = { fields: ['jobtitle'], unattributed: 'include' };
  const { ended, asked } = await it.follow('sync-storm', {}, { review: (times) => (times === 1 ? { choice: 'narrow', inputs: { filter } } : 'yes') });
  expect(ended, ended.stdout.slice(-2000)).toMatchObject(SUCCEEDED);
  expect(asked.filter((question) => question === 'review')).toHaveLength(2);
  expect(it.lines()).toEqual(good);
});

test('consent-corruption: sends are frozen first, every opt-out is back, and nobody is opted in', async () => {
  const out = (n: number): boolean => n < 4;
  it = await openAccount(({ contacts, maya }) => {
    for (const [n, id] of contacts.entries())
      maya.update('contacts', id, { hs_email_optout: String(out(n)), hs_marketable_consent: n < 8 ? 'false' : n === 12 ? null : 'true' });
  });
  const id = (n: number): string => it.contacts[n] ?? '';
  // Between the base and the damage one person opts out: no comparison of snapshots can see it.
  it.maya.update('contacts', id(11), { hs_marketable_consent: 'false' });
  for (const n of [0, 1, 2]) it.feed.update('contacts', id(n), { hs_email_optout: 'false' });
  for (const n of [4, 5, 6, 11, 12]) it.feed.update('contacts', id(n), { hs_marketable_consent: 'true' });
  // What the damage turned into a no stays a no, and other damage is for another runbook.
  for (const n of [9, 10]) it.feed.update('contacts', id(n), { hs_marketable_consent: 'false', jobtitle: 'Wrong' });
  const good = it.linesWith({
    ...Object.fromEntries([0, 1, 2].map((n) => [n, { hs_email_optout: 'true' }])),
    ...Object.fromEntries([4, 5, 6, 11].map((n) => [n, { hs_marketable_consent: 'false' }])),
    ...Object.fromEntries([9, 10].map((n) => [n, { hs_marketable_consent: 'false', jobtitle: 'Wrong' }])),
    12: { hs_marketable_consent: null },
  });
  const inputs = { senders: 'feed' };
  const { ended, asked } = await it.follow('consent-corruption', inputs, {
    freeze: async () => {
      expect(await it.operator.syncs()).toEqual(AS_BEFORE);
    },
    fields: () => ({ choice: 'name', inputs: { opt_out_fields: '', opt_in_fields: 'hs_marketable_consent' } }),
    opt_outs: async () => {
      expect(await it.operator.syncs()).toEqual({ feed: 'paused', archive: 'paused' });
      for (const n of [0, 1]) it.maya.update('contacts', id(n), { hs_email_optout: 'true' });
      it.maya.update('contacts', id(11), { hs_marketable_consent: 'false' });
    },
    // One was forgotten: the verification finds it.
    'verify.failed': (times) => {
      expect(times).toBe(1);
      it.maya.update('contacts', id(2), { hs_email_optout: 'true' });
      return 'retry';
    },
  });
  expect(ended, ended.stdout.slice(-2000)).toMatchObject(SUCCEEDED);
  expect(asked).toEqual(['freeze', 'tell', 'fields', 'review', 'opt_outs', 'allow', 'apply', 'verify.failed', 'cause', 'release', 'unfreeze']);
  expect(it.lines()).toEqual(good);
  expect(await it.operator.syncs()).toEqual(AS_BEFORE);
});

test('wrong-send: the fields that chose the audience are put back and no others', async () => {
  it = await openAccount();
  const good = it.linesWith({ 9: { jobtitle: 'Wrong too' } });
  for (const id of it.contacts.slice(0, 6)) it.feed.update('contacts', id, { hs_lead_status: 'OPEN_DEAL' });
  it.feed.update('contacts', it.contacts[9] ?? '', { jobtitle: 'Wrong too' });
  const { ended, asked } = await it.follow(
    'wrong-send',
    { audience: 'hs_lead_status', senders: 'feed' },
    {
      recipients: async () => {
        expect(await it.operator.syncs()).toEqual({ feed: 'paused', archive: 'paused' });
      },
    },
  );
  expect(ended, ended.stdout.slice(-2000)).toMatchObject(SUCCEEDED);
  expect(asked).toEqual(['stop_sends', 'recipients', 'suppress', 'tell', 'fields', 'review', 'allow', 'apply', 'answer', 'cause', 'release']);
  expect(it.lines()).toEqual(good);
  expect(await it.operator.syncs()).toEqual(AS_BEFORE);
});

test('wrong-send: where no field was wrong nothing is written, and the syncs resume', async () => {
  it = await openAccount();
  it.feed.update('contacts', it.contacts[0] ?? '', { jobtitle: 'Something else' });
  const before = it.lines();
  const { ended, asked } = await it.follow('wrong-send', {}, {});
  expect(ended, ended.stdout.slice(-2000)).toMatchObject(SUCCEEDED);
  expect(asked).toEqual(['stop_sends', 'recipients', 'suppress', 'tell', 'fields', 'answer', 'cause', 'release']);
  expect(it.lines()).toEqual(before);
  expect(await it.operator.syncs()).toEqual(AS_BEFORE);
});

test('associations-lost: lost links are back, wrong ones are cut, and no field is touched', async () => {
  it = await openAccount();
  const linked = [...it.sandbox.truth().links()].filter(({ fromObject, toObject }) => fromObject === 'contacts' && toObject === 'companies');
  expect(linked.length).toBeGreaterThan(6);
  const good = it.linesWith({ 20: { jobtitle: 'Wrong too' } });
  for (const { from, to } of linked.slice(0, 4)) it.feed.unlink('contacts', from, 'companies', to);
  for (const { from, to } of linked.slice(-3)) {
    it.feed.unlink('contacts', from, 'companies', to);
    it.feed.link('contacts', from, 'companies', it.companies.find((id) => id !== to) ?? '');
  }
  it.feed.update('contacts', it.contacts[20] ?? '', { jobtitle: 'Wrong too' });
  expect(it.lines()).not.toEqual(good);
  const { ended, asked } = await it.follow('associations-lost', {}, {});
  expect(ended, ended.stdout.slice(-2000)).toMatchObject(SUCCEEDED);
  expect(asked).toEqual(['automations', 'review', 'allow', 'apply', 'cause', 'reopen']);
  expect(it.lines()).toEqual(good);
  expect(await it.operator.syncs()).toEqual(AS_BEFORE);
});

test('schema-drift: values come back once the option is back, and not before', async () => {
  it = await openAccount();
  const options = async (...values: readonly string[]): Promise<void> => {
    const response = await fetch(`${it.sandbox.url}/crm/v3/properties/contacts/hs_lead_status`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${it.sandbox.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ options: values.map((value) => ({ label: value, value })) }),
    });
    expect(response.status).toBe(200);
  };
  const kept = ['NEW', 'OPEN', 'IN_PROGRESS', 'OPEN_DEAL', 'UNQUALIFIED', 'BAD_TIMING'];
  const connected = it.contacts.filter((id) => it.sandbox.truth().record('contacts', id)?.['hs_lead_status'] === 'CONNECTED');
  expect(connected.length).toBeGreaterThan(0);
  const good = it.linesWith({ 20: { jobtitle: 'Wrong too' } });
  await options(...kept, 'connected');
  for (const id of connected) it.feed.update('contacts', id, { hs_lead_status: 'connected' });
  it.feed.update('contacts', it.contacts[20] ?? '', { jobtitle: 'Wrong too' });
  const { ended, asked } = await it.follow(
    'schema-drift',
    { fields: 'hs_lead_status' },
    {
      gone: async () => {
        await options(...kept, 'CONNECTED', 'connected');
        return 'again';
      },
    },
  );
  expect(ended, ended.stdout.slice(-2000)).toMatchObject(SUCCEEDED);
  expect(asked.filter((question) => question !== 'allow')).toEqual(['tell', 'definition', 'gone', 'review', 'apply', 'new_option', 'cause']);
  expect(it.lines()).toEqual(good);
  expect(await it.operator.syncs()).toEqual(AS_BEFORE);
});

test('schema-drift: where the option stays gone nothing is written, and the run does not end as a success', async () => {
  it = await openAccount();
  const connected = it.contacts.filter((id) => it.sandbox.truth().record('contacts', id)?.['hs_lead_status'] === 'CONNECTED');
  it.sandbox.setOptions('contacts', 'hs_lead_status', ['NEW', 'OPEN']);
  for (const id of connected) it.feed.update('contacts', id, { hs_lead_status: null });
  const before = it.lines();
  const { ended, asked } = await it.follow('schema-drift', { fields: 'hs_lead_status' }, { gone: () => 'go on' });
  expect(asked).toEqual(['tell', 'definition', 'gone', 'review', 'new_option', 'cause']);
  expect(ended, ended.stdout.slice(-2000)).toMatchObject({ code: 3, data: { state: 'partial' } });
  const words = new RegExp(`${String(connected.length)} values whose field or option is no longer there as it was`, 'u');
  expect(ended.stdout).toMatch(words);
  expect(it.lines()).toEqual(before);
  expect(await it.operator.run('restore', 'left', 'latest')).toMatchObject({ stdout: expect.stringContaining('option-removed') as string });
  expect(await it.operator.syncs()).toEqual(AS_BEFORE);
});

test('misrouting: owners and stages go back, also backwards; what a colleague assigned and other fields stay', async () => {
  it = await openAccount(({ contacts, maya }) => {
    for (const id of contacts) maya.update('contacts', id, { lifecyclestage: null });
    for (const id of contacts) maya.update('contacts', id, { lifecyclestage: 'lead', hubspot_owner_id: '77160411' });
  });
  const good = it.linesWith({ 8: { hubspot_owner_id: '77160413' }, 20: { jobtitle: 'Wrong too' } });
  for (const id of it.contacts.slice(0, 8)) it.feed.update('contacts', id, { lifecyclestage: 'customer', hubspot_owner_id: '77160415' });
  it.maya.update('contacts', it.contacts[8] ?? '', { hubspot_owner_id: '77160413' });
  it.feed.update('contacts', it.contacts[20] ?? '', { jobtitle: 'Wrong too' });
  const { ended, asked } = await it.follow('misrouting', {}, {});
  expect(ended, ended.stdout.slice(-2000)).toMatchObject(SUCCEEDED);
  expect(asked).toEqual(['automations', 'tell', 'review', 'allow', 'apply', 'handover', 'cause']);
  expect(it.lines()).toEqual(good);
  expect(await it.operator.syncs()).toEqual(AS_BEFORE);
});

test('credentials-outage: access is restored, what was missed is filled in, nothing is rolled back, and the syncs resume last', async () => {
  it = await openAccount();
  const gone = it.contacts[29] ?? '';
  it.feed.remove('contacts', gone);
  it.feed.update('contacts', it.contacts[0] ?? '', { jobtitle: 'Came before the outage' });
  const before = it.lines();
  it.sandbox.faults.add({ kind: 'expire-token' });
  expect((await it.operator.run('doctor')).code).not.toBe(0);
  const { ended, asked } = await it.follow(
    'credentials-outage',
    { since: '1h', syncs: 'feed' },
    {
      access: () => it.sandbox.renewToken(),
      backfill: (times) => {
        it.feed.create('contacts', { email: `missed-${times}@example.com` });
      },
      agree: async (times) => {
        expect(await it.operator.syncs()).toEqual({ feed: 'paused', archive: 'paused' });
        return times === 1 ? 'again' : 'yes';
      },
      review: () => 'leave',
    },
  );
  expect(ended, ended.stdout.slice(-2000)).toMatchObject(SUCCEEDED);
  expect(asked).toEqual(['tell', 'access', 'missed', 'backfill', 'agree', 'backfill', 'agree', 'review', 'cause']);
  expect(it.lines().filter((line) => !line.includes('missed-'))).toEqual(before);
  expect(it.lines().filter((line) => line.includes('missed-'))).toHaveLength(2);
  expect(await it.operator.syncs()).toEqual(AS_BEFORE);
});

test('credentials-outage: a program fills in what was missed, and what the outage deleted comes back on request', async () => {
  it = await openAccount();
  const deleted = it.contacts.slice(0, 2);
  const emails = deleted.map((id) => it.sandbox.truth().record('contacts', id)?.['email']);
  for (const id of deleted) it.feed.remove('contacts', id);
  const program = `const [platform, since] = process.argv.slice(2);
const headers = { authorization: 'Bearer ${it.sandbox.token}', 'content-type': 'application/json' };
const body = JSON.stringify({ properties: { email: 'filled@example.com', firstname: platform, lastname: since } });
const { status } = await fetch('${it.sandbox.url}/crm/v3/objects/contacts', { method: 'POST', headers, body });
process.exit(status === 201 ? 0 : 1);
`;
  await it.operator.write('fill.mjs', program);
  // The first line of a script names no program whose path has a space.
  await it.operator.write('fill', `#!/bin/sh\nexec '${process.execPath}' '${join(it.operator.dir, 'fill.mjs')}' "$@"\n`);
  await chmod(join(it.operator.dir, 'fill'), 0o700);
  const { ended, asked } = await it.follow(
    'credentials-outage',
    { since: '1h', syncs: 'feed', backfill_program: join(it.operator.dir, 'fill') },
    {
      review: (times) => (times === 1 ? { choice: 'restore', inputs: { filter: { unattributed: 'include' } } } : 'leave'),
    },
  );
  expect(ended, ended.stdout.slice(-2000)).toMatchObject(SUCCEEDED);
  expect(asked).toEqual(['tell', 'access', 'missed', 'agree', 'review', 'review', 'allow', 'apply', 'cause']);
  const now = [...it.sandbox.truth().records('contacts')].map(({ values }) => values);
  expect(now).toHaveLength(31);
  expect(now.map(({ email }) => email)).toEqual(expect.arrayContaining(emails));
  const filled = now.find(({ email }) => email === 'filled@example.com');
  expect(filled).toMatchObject({ firstname: 'hubspot' });
  expect(Date.parse(filled?.['lastname'] ?? '')).toBeLessThan(Date.now());
  expect(await it.operator.syncs()).toEqual(AS_BEFORE);
});

test.each([
  ['misrouting', { fields: 'hubspot_ownr_id' }, 'hubspot_owner_id'],
  ['wrong-send', { audience: 'hs_lead_status, jobtitel' }, 'jobtitle'],
  ['consent-corruption', { opt_in_fields: 'hs_marketable_consnt' }, 'hs_marketable_consent'],
])('%s: a field that is not there is refused with the nearest name, and never dropped', async (runbook, inputs, near) => {
  it = await openAccount();
  it.feed.update('contacts', it.contacts[0] ?? '', { jobtitle: 'Wrong' });
  const before = it.lines();
  const { ended, asked } = await it.follow(runbook, inputs, {});
  expect(ended.code).not.toBe(0);
  expect(ended.error.message).toContain(`did you mean "${near}"`);
  expect(asked).not.toContain('review');
  expect(it.lines()).toEqual(before);
  expect(await it.operator.syncs()).toEqual({ feed: 'paused', archive: 'paused' });
});
