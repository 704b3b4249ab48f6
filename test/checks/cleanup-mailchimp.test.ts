import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it, onTestFinished } from 'vitest';

import { cleanUp, type Cleaned, uncleaned } from '../../src/checks/index.js';
import type { Platform } from '../../src/connectors/index.js';
import { Redactor, systemClock } from '../../src/lib/index.js';
import { openFileStore } from '../../src/store/index.js';
import { bench, MEMBERS, PERSON, SYNC } from '../connectors/mailchimp/support.js';

/** A user would lose: a customer of theirs whom a colleague gave the place of an invented one, or invented people who stay. */

const MARK = 'rb4k2m9q';
const COUNT = 5;

it('leaves and names who was given another address, which is another subscriber id, and takes the others away', async () => {
  const { sandbox, connector, clock } = await bench();
  const sync = sandbox.writeAs(SYNC);
  const keys = Array.from({ length: COUNT }, (_, n) =>
    sync.create(MEMBERS, { email_address: `${MARK}-${n}@example.com`, LNAME: `${MARK}-${n}x`, status: 'subscribed' }),
  );
  const real = sync.create(MEMBERS, { email_address: 'ada@example.org', LNAME: 'Lovelace', status: 'subscribed' });
  const dir = await mkdtemp(join(tmpdir(), 'runback-clean-'));
  onTestFinished(async () => await rm(dir, { recursive: true, force: true }));
  const store = openFileStore({ dir, clock: systemClock, redactor: new Redactor() });
  const identity = await connector.identify();
  await store.document('checks', 'test-1').update(() => ({
    version: 1,
    id: 'test-1',
    test: 'people',
    by: 'test',
    startedAt: clock.now().toISOString(),
    mark: MARK,
    submissions: { count: COUNT, twice: 0, domain: 'example.com' },
    places: [{ platform: 'mail', connector: 'mailchimp', account: identity.account, object: MEMBERS, address: 'email_address', nonce: 'LNAME' }],
  }));
  const person = sandbox.writeAs(PERSON);
  const [renamed = '', taken = '', away = ''] = keys;
  // A colleague gives an invented one the address of a customer; of another only the name stays; a third is archived by hand.
  person.update(MEMBERS, renamed, { email_address: 'grace@example.org' });
  person.update(MEMBERS, taken, { email_address: 'mary@example.org', LNAME: 'Somerville', FNAME: `was ${MARK}-1@example.com` });
  person.remove(MEMBERS, away);
  const clean = async (): Promise<Cleaned> => {
    const [note] = await uncleaned(store);
    if (note === undefined) throw new Error('nothing was written down');
    const platform = { name: 'mail', connector, identity, objects: [MEMBERS] } as unknown as Platform;
    return await cleanUp(note, { store, clock, by: 'test', openPlatform: async () => await Promise.resolve(platform), call: {} });
  };
  const cleaned = await clean();
  expect(cleaned.places.map(({ deleted, kept }) => [deleted, kept.map(({ key, because }) => [key, because])])).toEqual([
    [
      2,
      [
        [renamed, 'half-marked'],
        [taken, 'half-marked'],
      ],
    ],
  ]);
  // Whoever is left is still to be looked at by people.
  expect(cleaned.done).toBe(false);
  expect([...sandbox.truth().records(MEMBERS)].map(({ key }) => key).sort()).toEqual([renamed, taken, real].sort());
  expect((await clean()).places.map(({ deleted }) => deleted)).toEqual([0]);
});
