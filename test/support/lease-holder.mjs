// Takes the lock `platform-crm` and the journal `run-1` as a process of another machine would, with a lease, and appends a line to the journal for every
// line that it is given, answering `ok` or the code of the error. Arguments: URL of the built store, of the built lib, state folder, options as JSON.
import { createInterface } from 'node:readline';

const [, , storeUrl, libUrl, dir, options] = process.argv;
const { openFileStore } = await import(storeUrl);
const { Redactor, systemClock } = await import(libUrl);
const { leaseMs, identity } = JSON.parse(options);
const store = openFileStore({ dir, clock: systemClock, redactor: new Redactor(), leaseMs, process: { ...identity, pid: process.pid } });
const owner = { by: 'maya', holder: 'run-1', purpose: 'a test' };
const lock = await store.lock('platform-crm', owner);
const writer = await store.journal('runs', 'run-1').open(owner);
await writer.append({ by: 'maya', type: 'run.created' });
process.stdout.write('holding\n');
for await (const line of createInterface(process.stdin)) {
  const answer = await (line === 'check' ? lock.check() : writer.append({ by: 'maya', type: 'step.intent' })).then(
    () => 'ok',
    (error) => error.code ?? String(error),
  );
  process.stdout.write(`${answer}\n`);
}
