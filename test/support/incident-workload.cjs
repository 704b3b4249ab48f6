// The life of one incident in a process of its own, for crash sweeps: it is opened, nobody answers the first level,
// somebody takes it, says nothing for a while, and ends it. Goes on where another process has died. Arguments: root
// folder, JSON file with the policy. Every page that is sent is a line of `pages.log`.
'use strict';
const { appendFileSync, mkdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const { built } = require('./built.cjs');
const { Redactor, systemClock } = built('lib');
const { openFileStore } = built('store');
const { acknowledge, Incidents, resolve } = built('incidents');
const { openOutbox } = built('notify');

const [, , root, policy] = process.argv;
void (async () => {
  const MINUTE = 60_000;
  const BEGAN = Date.UTC(2026, 10, 25, 15);
  mkdirSync(root, { recursive: true });
  let skipped = BEGAN - Date.now();
  const clock = { ...systemClock, now: () => new Date(Date.now() + skipped) };
  /** Time only moves forward, also over a crash. */
  const until = (ms) => (skipped = Math.max(skipped, ms - Date.now()));
  const store = openFileStore({ dir: join(root, '.runback'), clock, redactor: new Redactor() });
  const escalation = JSON.parse(readFileSync(policy, 'utf8'));
  const log = {
    name: 'ops',
    type: 'webhook',
    send: (page, { attempt }) => {
      appendFileSync(
        join(root, 'pages.log'),
        `${JSON.stringify({ key: page.key, kind: page.kind, to: page.to.value ?? page.to.channel, attempt })}\n`,
      );
      return Promise.resolve({ state: 'accepted', receipt: {} });
    },
    close: () => Promise.resolve(),
  };
  let incidents;
  const outbox = openOutbox({
    store,
    clock,
    by: 'daemon',
    caps: { burst: 0, everyMs: 0 },
    channel: () => Promise.resolve(log),
    wanted: (page) => incidents.wanted(page),
    beforeSettled: (record) => incidents.pageSettles(record),
    afterSettled: (record) => incidents.pageSettles(record),
  });
  incidents = new Incidents({ store, clock, escalation, outbox });

  const openOnes = async () => {
    const read = await Promise.all((await incidents.list()).map((id) => incidents.read(id).catch(() => undefined)));
    return read.filter((one) => one !== undefined);
  };
  /** As the daemon: what is due, and what that makes due, until nothing is. */
  const work = async () => {
    for (let busy = true; busy;) {
      await outbox.tick();
      await outbox.idle();
      busy = (await incidents.tick()).looked > 0;
    }
  };

  const [before] = await openOnes();
  if (before) until(Date.parse(before.timeline.at(-1).at));
  const { id } = before ?? (await incidents.open({ title: 'Wrong names', severity: 'sev1', platforms: ['hubspot'], source: 'cli' }, 'root'));
  const maya = { by: 'maya', source: 'cli' };
  const now = async () => (await incidents.read(id)).status;
  await work();
  // The half minute: a page whose entry a killed process put down before the page itself is tried again only after a
  // moment.
  for (const minute of [3, 6, 6.5]) {
    until(BEGAN + minute * MINUTE);
    await work();
  }
  if ((await now()) === 'open') await acknowledge(incidents, id, maya);
  await work();
  for (const minute of [40, 40.5]) {
    until(BEGAN + minute * MINUTE);
    await work();
  }
  if ((await now()) === 'acknowledged') await resolve(incidents, id, 'verified', maya);
  await work();
  // A day later nothing is left to do, and nobody is told anything.
  until(BEGAN + 24 * 60 * MINUTE);
  await work();
  await outbox.close();
  console.log(JSON.stringify({ id, incidents: (await openOnes()).length }));
})();
