import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { runDaemon } from '../../../src/daemon/index.js';
import { Incidents } from '../../../src/incidents/index.js';
import { Redactor, systemClock } from '../../../src/lib/index.js';
import { type Channel, openOutbox, type Page } from '../../../src/notify/index.js';
import { openStore } from '../../../src/store/index.js';
import { freshUrl } from '../../store/postgres-support.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { startProxy } from '../../support/tcp-proxy.js';

/** A user would lose: a page, or the alarm that nobody is paged any more, where the database of the state goes away in the middle. */

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
};

/** A dead man's switch that counts what it hears. */
async function deadMansSwitch(): Promise<{ readonly url: string; heard: () => number }> {
  let heard = 0;
  const listener = createServer((_, response) => {
    heard += 1;
    response.end();
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    listener.closeAllConnections();
    listener.close();
  });
  return { url: `http://127.0.0.1:${String((listener.address() as AddressInfo).port)}/`, heard: () => heard };
}

const page = (key: string): Page => ({
  key,
  kind: 'alert',
  incident: { id: 'inc-1', title: 'Wrong titles', severity: 'sev2', means: 'wrong data', openedAt: '2026-03-02T09:00:00.000Z' },
  to: { channel: 'hook', medium: 'channel', value: 'ops' },
  subject: 'Wrong titles',
  text: 'Some text.',
  facts: [],
  links: {},
  at: '2026-03-02T09:00:00.000Z',
});

test('while the database is away, a page that is on its way goes out under its key, no other one does, and no ping is sent', async () => {
  const proxy = await startProxy(server);
  onTestFinished(async () => await proxy.stop());
  const url = freshUrl(server, await server.createDatabase(), proxy.port);
  const store = await openStore(url, { clock: systemClock, redactor: new Redactor() });
  onTestFinished(async () => await store.close());
  const sent: { readonly key: string; readonly repeated: boolean }[] = [];
  let arrived = (): void => {};
  let held: Promise<void> | undefined = new Promise((resolve) => (arrived = resolve));
  const channel: Channel = {
    name: 'hook',
    type: 'webhook',
    send: async ({ key }, { attempt }) => {
      // Begun before the database goes, done after.
      const waits = held;
      held = undefined;
      await waits;
      sent.push({ key, repeated: attempt > 1 });
      return { state: 'accepted', receipt: {} };
    },
    close: () => Promise.resolve(),
  };
  const outbox = openOutbox({ store, clock: systemClock, by: 'daemon', caps: { burst: 0, everyMs: 0 }, channel: () => Promise.resolve(channel) });
  const stop = new AbortController();
  const ping = await deadMansSwitch();
  const daemon = runDaemon({
    store,
    clock: systemClock,
    signal: stop.signal,
    incidents: new Incidents({ store, clock: systemClock, escalation: undefined, outbox: undefined, links: {} }),
    outbox,
    by: 'daemon',
    log: () => {},
    ping: { url: ping.url, everyMs: 50 },
    runs: () => Promise.resolve([]),
    pauses: () => Promise.resolve([]),
  });
  await until(() => ping.heard() > 2);
  await outbox.put(page('page-1'));
  await until(() => held === undefined);
  proxy.cutOff();
  // Those that were on their way may still arrive: five times as long as there is between two of them without one says that none is.
  let heard = ping.heard();
  for (let quiet = 0; quiet < 5; quiet += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (ping.heard() !== heard) [heard, quiet] = [ping.heard(), 0];
  }
  arrived();
  await until(() => sent.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(ping.heard(), 'withheld').toBe(heard);
  expect(sent).toEqual([{ key: 'page-1', repeated: false }]);
  proxy.heal();
  await until(() => ping.heard() > heard);
  await outbox.put(page('page-2'));
  await until(() => sent.some(({ key }) => key === 'page-2'));
  await outbox.idle();
  expect(await outbox.read('page-1')).toMatchObject({ state: 'accepted' });
  expect(
    sent.filter(({ key, repeated }, n) => !repeated && sent.findIndex((one) => one.key === key) !== n),
    'repeated without a mark',
  ).toEqual([]);
  stop.abort();
  await daemon;
  await outbox.close();
});
