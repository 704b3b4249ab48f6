// A process that takes locks and the journal `run-1`, says `holding`, and answers every line it is given until it is
// ended: `intent` appends a line to the journal, `check` checks the first lock, `held` and `signal` ask what is known of it here: `ok` or the code of the error; `update`
// begins an update of the document `notes/a`, says `updating` in the middle of it, and stays there. Arguments: URL of
// the built store, of the built lib, state folder, options as JSON: `{locks, leaseMs, identity}`.
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [, , storeUrl, libUrl, place, options] = process.argv;
const { openStore } = await import(storeUrl);
const { Redactor, systemClock } = await import(libUrl);
const { locks, leaseMs, identity } = JSON.parse(options);
const here = identity === undefined ? {} : { process: { ...identity, pid: process.pid } };
const store = await openStore(place, { clock: systemClock, redactor: new Redactor(), leaseMs, ...here });
const owner = { by: 'maya', holder: 'run-1', purpose: 'a test' };
const held = [];
for (const name of locks) held.push(await store.lock(name, owner));
const writer = await store.journal('runs', 'run-1').open(owner);
await writer.append({ by: 'maya', type: 'run.created' });
writeSync(1, 'holding\n');

const update = () =>
  store.document('notes', 'a').update(() => {
    writeSync(1, 'updating\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
const work = {
  intent: () => writer.append({ by: 'maya', type: 'step.intent' }),
  outcome: () => writer.append({ by: 'maya', type: 'step.outcome' }, { durable: false }),
  check: () => held[0].check(),
  held: async () => void held[0].assertHeld(),
  signal: async () => held[0].signal.throwIfAborted(),
  update,
};
for await (const line of createInterface(process.stdin)) {
  const answer = await work[line]().then(
    () => 'ok',
    (error) => error.code ?? String(error),
  );
  writeSync(1, `${answer}\n`);
}
