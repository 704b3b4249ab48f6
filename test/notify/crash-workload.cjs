// Puts pages into an outbox and sends them, until none is left on the agenda. Says on stdout what it was promised.
// Arguments: state folder, or address of a database; address of the recording server; first page; number of pages; targets; caps as JSON.
'use strict';
const { writeSync } = require('node:fs');
const { setTimeout: pause } = require('node:timers/promises');

const { built } = require('../support/built.cjs');
const { openChannel, openOutbox } = built('notify');
const { openFileStore, openStore } = built('store');
const { Redactor, systemClock } = built('lib');

const [, , dir, url, first, count, targets, caps] = process.argv;
void (async () => {
  const redactor = new Redactor();
  const isShared = dir.startsWith('postgres:');
  const store = isShared ? await openStore(dir, { clock: systemClock, redactor }) : openFileStore({ dir, clock: systemClock, redactor });
  const deps = { secret: () => Promise.reject(new Error('none')), redact: (text) => text, clock: systemClock, root: '.', environment: {} };
  const channel = await openChannel({ name: 'hook', type: 'webhook', options: { url } }, deps);
  // For the sweep: a channel that people read, over the same wire.
  const chat = { name: 'chat', type: 'slack', send: (page, options) => channel.send(page, options), close: async () => undefined };
  const outbox = openOutbox({
    store,
    clock: systemClock,
    by: 'daemon',
    caps: JSON.parse(caps),
    channel: (name) => Promise.resolve(name === 'chat' ? chat : channel),
    concurrency: 24,
  });

  const pageOf = (n) => ({
    key: `page-${n}`,
    kind: 'alert',
    incident: { id: `inc-${n}`, title: `Damage ${n}`, severity: 'sev2', means: 'wrong data', openedAt: '2026-03-02T09:00:00.000Z' },
    to: { channel: Number(targets) === 1 ? 'chat' : 'hook', medium: 'channel', value: `person-${n % Number(targets)}` },
    subject: `Damage ${n}`,
    text: 'Some text.',
    facts: [],
    links: {},
    at: new Date(Date.UTC(2026, 2, 2, 9) + n).toISOString(),
  });

  const state = { putting: true };
  const CHUNK = 50;
  const filling = (async () => {
    for (let n = Number(first); n < Number(count); n += CHUNK) {
      const some = Array.from({ length: Math.min(CHUNK, Number(count) - n) }, (_, i) => n + i);
      await Promise.all(some.map((each) => outbox.put(pageOf(each))));
      writeSync(1, `put ${n + some.length}\n`);
    }
    state.putting = false;
  })();
  // The pages of one person are put in before any is sent, so that they find each other.
  if (Number(targets) === 1) await filling;
  const isQueued = async (key) => (await outbox.read(key))?.state === 'queued';
  // Of few pages each is looked at, since a settled bundle stays on the agenda for an hour; of many, the agenda tells.
  const rest = async () => {
    if (Number(targets) !== 1) return (await store.agenda('pages').next()) !== undefined;
    for (const key of await store.list('pages')) if (await isQueued(key)) return true;
    return false;
  };
  while (state.putting || (await rest())) {
    await outbox.tick();
    if (state.putting) await pause(200);
    else await outbox.idle();
    await pause(5);
  }
  await filling;
  await outbox.close();
  await channel.close();
  await store.close();
  writeSync(1, 'settled\n');
})();
