// A little of everything the store can do, for the crash sweep. Says on stdout what it was promised: each line is
// printed only after the call has resolved. Argument: state folder.
'use strict';
const { writeSync } = require('node:fs');

const { built } = require('./built.cjs');
const { openFileStore } = built('store');
const { Redactor, systemClock } = built('lib');

const [, , dir] = process.argv;
void (async () => {
  const store = openFileStore({ dir, clock: systemClock, redactor: new Redactor() });
  const promised = (what) => writeSync(1, `${what}\n`);

  const lock = await store.lock('platform-crm', { by: 'maya', holder: 'run-1', purpose: 'a test' }, { breakDead: true });
  promised('lock');
  const counter = store.document('counters', 'one');
  for (const _ of [1, 2]) {
    const { n } = await counter.update((current) => ({ n: (current?.n ?? 0) + 1, filler: 'x'.repeat(500) }));
    promised(`document ${n}`);
  }
  const writer = await store.journal('runs', 'run-1').open({ by: 'maya', holder: 'run-1', purpose: 'a test' });
  for (const _ of [1, 2]) {
    const { seq } = await writer.append({ by: 'maya', type: 'step.intent', data: { text: 'größe'.repeat(20) } });
    promised(`journal ${seq}`);
  }
  await writer.close();
  const ledger = store.ledger('plans', `plan-${process.pid}`);
  await ledger.write(['{"n":1}', '{"n":2}']);
  promised(`ledger plan-${process.pid}`);
  await lock.release();
  promised('released');
})();
