import { afterEach, expect, test } from 'vitest';

import { type Account, openAccount } from './support/account.js';

let it: Account;
afterEach(() => it.close());

const SUCCEEDED = { code: 0, data: { state: 'succeeded' } };
/** The syncs as they were before the run. */
const AS_BEFORE = { feed: 'running', archive: 'paused' };

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
