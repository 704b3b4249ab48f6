import { createHash } from 'node:crypto';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { type MailchimpSandbox, startMailchimpSandbox } from '../../src/sandbox/index.js';
import { confirmation, openOperator, type Operator } from './support/operator.js';

/**
 * The whole way of a rollback on Mailchimp, in the real program: snapshot, a bad sync, plan, apply, proof, undo. A user would lose
 * people who opted out and get mail again, or records, tags and groups that the sync overwrote.
 */

const LIST = '8a1f0c2d3e';
const MEMBERS = `members-${LIST}`;
const COUNT = 400;
const email = (n: number): string => `m${String(n).padStart(3, '0')}@example.com`;
const hash = (address: string): string => createHash('md5').update(address).digest('hex');

let sandbox: MailchimpSandbox;
let operator: Operator;
const sync = () => sandbox.writeAs({ kind: 'integration', id: '9', label: 'Sync' });
const person = () => sandbox.writeAs({ kind: 'person', id: '7' });
const member = (n: number): Readonly<Record<string, string | undefined>> => sandbox.truth().record(MEMBERS, hash(email(n))) ?? {};
const contact = (n: number): string => sandbox.member(LIST, hash(email(n)))?.contactId ?? '';
const statusOf = (n: number): string | undefined => member(n)['status'];

/** 3 % had opted out; of these some opted in again by themselves, and others opted out, before and after the damage. */
const OUT = Array.from({ length: COUNT }, (_, n) => n).filter((n) => n % 33 === 5);
const [REALLY_IN = 0, OUT_AGAIN = 0] = OUT;
const NEWLY_OUT = [1, 2, 3];
const ARCHIVED = [11, 12];
const [FORGOTTEN, BOUNCED, MOVED] = [20, 21, 22];

beforeAll(async () => {
  sandbox = await startMailchimpSandbox({
    audiences: [
      { id: LIST, mergeFields: [{ tag: 'LEVEL', type: 'dropdown', choices: ['New', 'Open'] }], groups: [{ title: 'Topics', interests: ['News'] }] },
    ],
  });
  for (let n = 0; n < COUNT; n += 1)
    person().create(MEMBERS, {
      email_address: email(n),
      FNAME: `First ${String(n)}`,
      LEVEL: n % 2 === 0 ? 'New' : 'Open',
      tags: n % 5 === 0 ? 'gold' : null,
    });
  // Unsubscribed by a program: those Mailchimp lets a program subscribe again.
  for (const n of OUT) sync().update(MEMBERS, hash(email(n)), { status: 'unsubscribed' });
  operator = await openOperator(
    `version: 1
platforms:
  mail:
    connector: mailchimp
    environment: sandbox
    account: ${JSON.stringify(sandbox.account)}
    url: ${sandbox.url}
    credentials: { token: file:token }
    objects: [${MEMBERS}]
    options: { settle: 0s }
restores: { limits: { percent: 100 } }
backups: { storage: backups }
`,
    { token: sandbox.token },
  );
});
afterAll(async () => {
  await operator.close();
  await sandbox.stop();
});

let base = '';
let damaged = '';

test('a bad sync opts people in, overwrites names and tags, archives and deletes; people go on with their own', async () => {
  base = String((await operator.done('snapshot', 'create', '--platform', 'mail'))['id']);
  person().update(MEMBERS, hash(email(NEWLY_OUT[0] ?? 0)), { status: 'unsubscribed' });
  person().update(MEMBERS, hash(email(REALLY_IN)), { status: 'subscribed' });
  for (const n of OUT) sync().update(MEMBERS, hash(email(n)), { status: 'subscribed' });
  for (let n = 40; n < 140; n += 1) sync().update(MEMBERS, hash(email(n)), { FNAME: 'Valued Customer', tags: 'imported' });
  for (const n of ARCHIVED) sync().remove(MEMBERS, hash(email(n)));
  sandbox.writeAs({ kind: 'person', id: '7' }).purge(MEMBERS, hash(email(FORGOTTEN)));
  sync().update(MEMBERS, hash(email(BOUNCED)), { status: 'cleaned' });
  damaged = String((await operator.done('snapshot', 'create', '--platform', 'mail'))['id']);
  // After the damage: people opt out, one opts out once more, one edits, one changes the address.
  for (const n of NEWLY_OUT.slice(1)) person().update(MEMBERS, hash(email(n)), { status: 'unsubscribed' });
  person().update(MEMBERS, hash(email(OUT_AGAIN)), { status: 'unsubscribed' });
  person().update(MEMBERS, hash(email(50)), { FNAME: 'Really Ann' });
  person().update(MEMBERS, hash(email(60)), { status: 'unsubscribed' });
  person().update(MEMBERS, hash(email(MOVED)), { email_address: 'moved@example.com' });
  expect(OUT.length / COUNT).toBeCloseTo(0.03, 2);
  expect(statusOf(REALLY_IN)).toBe('subscribed');
});

let plan = '';
let confirm = '';
test('the plan asks before it brings somebody back as subscribed, and promises nothing that Mailchimp refuses', async () => {
  const planned = await operator.run('restore', 'plan', '--platform', 'mail', '--base', base, '--damaged', damaged, '--unattributed', 'include');
  const { conflicts } = planned.data['counts'] as { readonly conflicts: Readonly<Record<string, number>> };
  // Two from the archive and one who opted out; one who was deleted permanently and one whose mail bounced; one name that was edited.
  expect(conflicts).toEqual({ consent: 3, irreversible: 2, 'edited-since': 1 });
  const left = await operator.done('restore', 'left', String(planned.data['id']));
  expect(JSON.stringify(left)).toMatch(/deleted permanently, and Mailchimp lets no program add it again/u);
  expect(JSON.stringify(left)).toMatch(/Mail to this address bounced, and Mailchimp lets no program subscribe it again/u);
  const decided = await operator.done(
    'restore',
    'show',
    String(planned.data['id']),
    ...ARCHIVED.flatMap((n) => ['--choose', `${MEMBERS}/${contact(n)}=restore`]),
  );
  plan = String(decided['id']);
  confirm = await confirmation(operator);
});

test('nobody who opted out ends up mailable, and what was overwritten is put back', async () => {
  const members = [...ARCHIVED, BOUNCED, 45].map(contact);
  sandbox.resetCounts();
  const applied = await operator.run('restore', 'apply', plan, '--confirm', confirm);
  expect([applied.code, applied.data['failed'], applied.data['inDoubt'], applied.data['rejected']]).toEqual([0, 0, 0, 0]);
  for (const n of [...OUT, ...NEWLY_OUT, 60]) expect([n, statusOf(n)]).toEqual([n, 'unsubscribed']);
  for (const n of ARCHIVED) expect(member(n)).toMatchObject({ status: 'subscribed', FNAME: `First ${String(n)}` });
  for (const n of [45, 60, 139]) expect(member(n)).toMatchObject({ FNAME: `First ${String(n)}` });
  expect([member(45)['tags'], member(46)['tags']]).toEqual(['gold', undefined]);
  expect([member(50)['FNAME'], member(BOUNCED)['status']]).toEqual(['Really Ann', 'cleaned']);
  expect(sandbox.member(LIST, 'moved@example.com')).toMatchObject({ status: 'subscribed' });
  expect(sandbox.member(LIST, hash(email(FORGOTTEN)))).toBeUndefined();
  // The same contacts as before, and nobody was asked or told anything by mail.
  expect([...ARCHIVED, BOUNCED, 45].map(contact)).toEqual(members);
  expect(sandbox.effects()).toEqual([]);
  expect(sandbox.counts().repeatedCreates).toEqual({});
  expect((await operator.run('restore', 'verify', plan)).code).toBe(0);
});

test('an undo puts the damage back and opts nobody in again', async () => {
  // Whose name was overwritten too.
  const both = OUT.filter((n) => n >= 40 && n < 140);
  const undone = await operator.run('restore', 'undo', 'latest');
  expect([undone.code, undone.data['state'], undone.data['undo']]).toMatchObject([
    3,
    'undone',
    { failed: 0, inDoubt: 0, rejected: OUT.length - 1 - both.length, fieldsLeft: both.length },
  ]);
  expect(member(45)).toMatchObject({ FNAME: 'Valued Customer', tags: 'imported' });
  for (const n of [...OUT, ...NEWLY_OUT, 60]) expect([n, statusOf(n)]).toEqual([n, 'unsubscribed']);
  for (const n of ARCHIVED) expect(member(n)).toEqual({});
  expect(JSON.stringify(await operator.done('restore', 'left', 'latest'))).toContain('nobody is opted in again by an undo');
});
