// Takes a lock and a journal and stops in the middle of an update, until it is ended.
// Arguments: URL of the built store, of the built lib, state folder.
import { writeSync } from 'node:fs';

const [, , storeUrl, libUrl, dir] = process.argv;
const { openFileStore } = await import(storeUrl);
const { Redactor, systemClock } = await import(libUrl);
const store = openFileStore({ dir, clock: systemClock, redactor: new Redactor() });
const owner = { by: 'maya', holder: 'run-1', purpose: 'a test' };
await store.lock('platform-crm', owner);
const writer = await store.journal('runs', 'run-1').open(owner);
await writer.append({ by: 'maya', type: 'run.created' });
await store.document('notes', 'a').update(() => ({ n: 1 }));
await store.document('notes', 'a').update(() => {
  // Under the lock of the document: nothing moves on from here.
  writeSync(1, 'holding\n');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
