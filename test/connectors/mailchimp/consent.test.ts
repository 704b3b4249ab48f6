import { expect, test } from 'vitest';

import type { Fields } from '../../../src/records/index.js';
import { suspicionOf } from '../../../src/restores/decide/attribution.js';
import { decideRecord } from '../../../src/restores/decide/decide.js';
import type { PlanFilters } from '../../../src/restores/index.js';
import { bench, LIST, MEMBERS, PERSON } from './support.js';

/** What a user would lose: a plan that mails people, opts them in, or promises what Mailchimp refuses (docs/mailchimp.md, Consent). */

const STATUSES = ['subscribed', 'unsubscribed', 'cleaned', 'pending', 'transactional'] as const;
type Status = (typeof STATUSES)[number];

async function decider(): Promise<{ readonly decide: (base: Fields, live: Fields | undefined) => string; readonly permission: string }> {
  const b = await bench({ audiences: [{ id: LIST, permissions: ['Post'] }] });
  b.sandbox.writeAs(PERSON).create(MEMBERS, { email_address: 'a@example.com' });
  b.connector.settingsMayHaveChanged?.();
  const [schema = b.schema] = (await b.connector.describe([MEMBERS])).objects;
  const filters: PlanFilters = { suspects: [], unattributed: 'include', deleteCreated: false };
  const context = { baseSchema: schema, liveSchema: schema, filters, suspicion: suspicionOf(filters, '2026-11-20T00:00:00Z', 'none') };
  const [permission = ''] = schema.fields.find(({ name }) => name === 'marketing_permissions')?.options ?? [];
  const decide = (base: Fields, live: Fields | undefined): string => {
    const sides = { object: MEMBERS, key: '1', base, damaged: live, live };
    const { change, conflicts } = decideRecord(context, sides);
    const [conflict] = conflicts;
    if (conflict === undefined) return change === undefined ? 'nothing' : change.action;
    return `${conflict.code}${conflict.choices.restore === undefined ? ', no choice' : ''}`;
  };
  return { decide, permission };
}

test('every status over every other: who opted out stays so unasked, who bounced always, and nobody is mailed unasked', async () => {
  const { decide } = await decider();
  const table = Object.fromEntries(
    STATUSES.map((live) => [
      live,
      Object.fromEntries(STATUSES.map((base) => [base, base === live ? '' : decide({ status: base }, { status: live })])),
    ]),
  ) as Record<Status, Record<Status, string>>;
  const asks = 'irreversible';
  expect(table).toEqual({
    subscribed: { subscribed: '', unsubscribed: 'update', cleaned: asks, pending: asks, transactional: 'update' },
    unsubscribed: { subscribed: 'consent', unsubscribed: '', cleaned: 'consent', pending: 'consent', transactional: 'consent' },
    cleaned: {
      subscribed: 'irreversible, no choice',
      unsubscribed: 'update',
      cleaned: '',
      pending: 'irreversible, no choice',
      transactional: 'irreversible, no choice',
    },
    pending: { subscribed: 'consent', unsubscribed: 'update', cleaned: asks, pending: '', transactional: 'update' },
    transactional: { subscribed: 'consent', unsubscribed: 'update', cleaned: asks, pending: asks, transactional: '' },
  });
});

test('from the archive nobody comes back as subscribed, or with a mail, unasked', async () => {
  const { decide } = await decider();
  const email_address = 'b@example.com';
  expect(STATUSES.map((status) => [status, decide({ email_address, status }, undefined)])).toEqual([
    ['subscribed', 'consent'],
    ['unsubscribed', 'create'],
    ['cleaned', 'create'],
    ['pending', 'irreversible'],
    ['transactional', 'create'],
  ]);
});

test('a marketing permission is taken away unasked, and given only by a yes', async () => {
  const { decide, permission } = await decider();
  expect(decide({ marketing_permissions: [] }, { marketing_permissions: [permission] })).toBe('update');
  expect(decide({ marketing_permissions: [permission] }, { marketing_permissions: [] })).toBe('consent');
});
