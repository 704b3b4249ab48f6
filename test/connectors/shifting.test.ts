import { fileURLToPath } from 'node:url';

import { expect, it, onTestFinished } from 'vitest';

import { checked } from '../../src/connectors/index.js';
import { openConnector } from '../../src/connectors/rest/index.js';
import { ZoomStub } from '../webinars/zoom.js';
import { SharedClock } from './hubspot-support.js';
import { bench as mailchimp, MEMBERS, SYNC } from './mailchimp/support.js';
import { all, refTo, schemaOf } from './rest/support.js';

/** Lists that shift while their pages are turned. A user would lose: people whom nobody compared, backed up or cleaned up, without a word. */

it('Mailchimp: who moved over the edge of a page is found by going back in the list, and nobody is told twice', async () => {
  const { sandbox, connector, schema } = await mailchimp();
  for (let n = 0; n < 1100; n += 1) sandbox.writeAs(SYNC).create(MEMBERS, { email_address: `p${n}@example.com`, status: 'subscribed' });
  // The first page counts, and is as it was.
  sandbox.faults.add({ kind: 'shift', by: 3, times: 2, path: '*/members', name: 'moves' });
  expect(new Set((await all(connector.read({ schema }))).map(({ key }) => key)).size).toBe(1100);
  expect(sandbox.faults.list()[0]?.struck).toBe(2);
  sandbox.faults.add({ kind: 'shift', by: -3, times: null, path: '*/members', name: 'moves' });
  expect(await all(connector.read({ schema }))).toHaveLength(1100);
});

it('a webinar tool: nobody is left out without a word, and nobody is told twice', async () => {
  const clock = new SharedClock(Date.parse('2026-11-30T09:00:00Z'));
  const zoom = await new ZoomStub({ clock }).start();
  const folder = fileURLToPath(new URL('../../docs/descriptions/', import.meta.url));
  const config = {
    name: 'webinar',
    connector: 'rest',
    environment: 'sandbox' as const,
    url: zoom.url,
    credentials: { token: refTo('TOKEN') },
    limits: { requests_per_10s: 1000 },
    options: { description: 'zoom-webinars.yml' },
  };
  const connector = checked(await openConnector(config, { secret: async () => await Promise.resolve(zoom.token), clock, environment: {}, folder }));
  onTestFinished(async () => {
    await connector.close();
    await zoom.stop();
  });
  const schema = await schemaOf(connector, 'registrants');
  for (let n = 0; n < 650; n += 1) zoom.register({ email: `p${n}@example.com`, first_name: 'Ada' });
  zoom.shiftBy = -2;
  expect(new Set((await all(connector.read({ schema }))).map(({ key }) => key)).size).toBe(650);
  zoom.shiftBy = 1;
  const came = new Set<string>();
  let total: number | undefined;
  for await (const batch of connector.read({ schema })) {
    for (const { key } of batch.records) came.add(key);
    total = batch.total ?? total;
  }
  // Its cursors cannot be gone back over: whoever counts sees that some are missing.
  expect([came.size, total]).toEqual([648, 650]);
});
