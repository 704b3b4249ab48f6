import { expect, it } from 'vitest';

import { judge, type Open } from '../../../src/checks/parity/accept.js';

// A user would lose: a difference that somebody meant to bear for a month, and that nobody looked at ever again.

const open = (item: string, more: Partial<Open> = {}): Open => ({ item, area: 'fields', is: 'different', test: 'a', production: 'b', ...more });
const accept = (item: string, more: object = {}) => ({ item, reason: 'because', until: '2026-06-30', ...more });
const statusOf = (one: Open, ...accepted: readonly ReturnType<typeof accept>[]): string | undefined =>
  judge([one], accepted, '2026-06-30').items[0]?.status;

it('is in force through its last day, and fails from the next on', () => {
  const one = open('fields/contacts.a#length');
  expect(judge([one], [accept(one.item)], '2026-06-30').items).toMatchObject([{ status: 'accepted', reason: 'because', until: '2026-06-30' }]);
  expect(judge([one], [accept(one.item)], '2026-07-01').items).toMatchObject([
    { status: 'different', expired: true, reason: 'because', until: '2026-06-30' },
  ]);
  // Another one that is in force counts, whatever their order.
  const both = [accept(one.item, { until: '2026-01-01' }), accept(one.item, { until: '2027-01-01' })];
  expect(judge([one], both, '2026-07-01').items).toMatchObject([{ status: 'accepted', until: '2027-01-01' }]);
});

it('covers the item, what is said of it, or with a star all that begins so; nothing else', () => {
  const one = open('fields/contacts.a#length');
  for (const item of ['fields/contacts.a#length', 'fields/contacts.a', 'fields/contacts.*', 'fields/*'])
    expect(statusOf(one, accept(item)), item).toBe('accepted');
  for (const item of ['fields/contacts', 'fields/contacts.a#type', 'fields/contacts.aa', 'options/*', 'fields/contacts.b*'])
    expect(statusOf(one, accept(item)), item).toBe('different');
});

it('covers just the values that it names, and what cannot be read only where it says so', () => {
  const one = open('limits/calls#most', { test: '100', production: '500' });
  expect(statusOf(one, accept('limits/*', { test: '100' }))).toBe('accepted');
  expect(statusOf(one, accept('limits/*', { test: '100', production: '600' }))).toBe('different');
  expect(statusOf(one, accept('limits/*', { unreadable: true }))).toBe('different');
  const unread: Open = { item: 'scopes', area: 'scopes', is: 'unreadable', why: 'not told' };
  expect(statusOf(unread, accept('scopes'))).toBe('unreadable');
  expect(statusOf(unread, accept('scopes', { unreadable: true }))).toBe('accepted');
});

it('names acceptances that nothing came of', () => {
  expect(judge([open('fields/a.b')], [accept('fields/a.b'), accept('fields/a.c')], '2026-01-01').unneeded).toEqual(['fields/a.c']);
});
