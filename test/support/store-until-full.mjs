// Writes until the disk is full (a limit on the size of files stands for it) and tells what was promised before.
// Arguments: URL of the built store, of the built lib, state folder, and a file that is removed to make room again.
import { rmSync } from 'node:fs';

const [, , storeUrl, libUrl, dir, ballast] = process.argv;
const { openFileStore } = await import(storeUrl);
const { Redactor, systemClock } = await import(libUrl);
const store = openFileStore({ dir, clock: systemClock, redactor: new Redactor() });
const codeOf = (promise) =>
  promise.then(
    () => 'done',
    (error) => error.code,
  );

const document = store.document('notes', 'a');
await document.update(() => ({ text: 'good' }));
const report = { document: await codeOf(document.update(() => ({ text: 'x'.repeat(100_000) }))) };
report.documentAfter = await document.read();
report.ledger = await codeOf(
  store.ledger('plans', 'plan-1').write(Array.from({ length: 3000 }, (_, n) => `{"n":${n},"filler":"${'y'.repeat(40)}"}`)),
);

const writer = await store.journal('runs', 'run-1').open({ by: 'maya', holder: 'run-1', purpose: 'a run' });
report.acknowledged = 0;
for (;;) {
  report.journal = await codeOf(writer.append({ by: 'maya', type: 'step.intent', data: { filler: 'z'.repeat(700) } }));
  if (report.journal !== 'done') break;
  report.acknowledged += 1;
}
report.journalAgain = await codeOf(writer.append({ by: 'maya', type: 'step.intent', data: { filler: 'z'.repeat(700) } }));
if (ballast !== undefined) {
  rmSync(ballast);
  report.withRoom = await codeOf(writer.append({ by: 'maya', type: 'run.resumed', data: { filler: 'z'.repeat(700) } }));
}
await writer.close();
if (ballast !== undefined) {
  report.types = {};
  for await (const { type } of store.journal('runs', 'run-1').read()) report.types[type] = (report.types[type] ?? 0) + 1;
}
report.lock = await codeOf(store.lock('platform-crm', { by: 'maya', holder: 'run-1', purpose: 'a run' }));
process.stdout.write(JSON.stringify(report));
