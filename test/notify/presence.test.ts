import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { systemClock } from '../../src/lib/index.js';
import { Presence } from '../../src/notify/outbox/presence.js';
import { temporaryStore } from '../support/store.js';

/** A user would lose: a page that is sent twice, by two processes of which each takes the other for gone. */

test('a sign that was lost is shown again, under another name', async () => {
  const { store, dir } = await temporaryStore(systemClock);
  const presence = new Presence(store, 'maya');
  await presence.show();
  const { holder } = presence;
  await presence.show();
  expect(presence.holder).toBe(holder);
  await rm(join(dir, 'locks', `${holder}.lock`));
  // Two pages that are sent at the same time show it at the same time.
  await Promise.all([presence.show(), presence.show()]);
  expect(presence.holder).not.toBe(holder);
  expect((await store.locks()).map(({ name }) => name)).toEqual([presence.holder]);
  expect(await presence.isGone(holder), 'a lease of the old name is waited for by nobody').toBe(true);
  await presence.hide();
  expect(await store.locks()).toEqual([]);
});
