// Runs that begin, close and are opened again, with somebody asking in between what is open, for the crash sweep.
// Argument: state folder.
'use strict';
const { built } = require('./built.cjs');
const { openFileStore } = built('store');
const { Redactor, systemClock } = built('lib');

const [, , dir] = process.argv;
void (async () => {
  // Without an age that files have to have: that only spares reading, and a sweep has no time.
  const store = openFileStore({ dir, clock: systemClock, redactor: new Redactor(), settledAfterMs: 0 });
  const write = async (id, type) => {
    const writer = await store.journal('runs', id).open({ by: 'maya', holder: id, purpose: 'a test' });
    await writer.append({ by: 'maya', type });
    await writer.close();
  };
  const ask = async () => {
    await store.unsettled({ what: 'journals', kind: 'runs', meaning: 'closed 1' }, async (id) => {
      let last;
      for await (const { type } of store.journal('runs', id).read({ whole: true })) last = type;
      return last === 'run.closed';
    });
  };
  await write('run-1', 'run.closed');
  await ask();
  await write('run-2', 'run.created');
  await write('run-1', 'undo.created');
  await ask();
  await write('run-2', 'run.closed');
  await write('run-1', 'run.closed');
  await ask();
})();
