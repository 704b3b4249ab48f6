// Makes one snapshot of records and links that come unsorted, and prints by how much the heap grew meanwhile at most,
// in bytes, after garbage was collected. Argument: an empty folder. Run with --expose-gc.
'use strict';
const { mkdirSync, writeSync } = require('node:fs');
const { join } = require('node:path');

const { built } = require('../support/built.cjs');
const { createSnapshot } = built('snapshots');
const { openFileStore } = built('store');
const { Redactor, systemClock } = built('lib');

const [BATCHES, ROWS, BYTES] = [200, 100, 1000];
const dir = join(process.argv[2], 'backups');
mkdirSync(dir);
const store = openFileStore({ dir: join(process.argv[2], '.runback'), clock: systemClock, redactor: new Redactor() });

const heap = () => {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
};
let [before, most] = [0, 0];
const look = (n) => {
  if (n % 20 === 0) most = Math.max(most, heap() - before);
};
const keyOf = (n) => String((n * 7919) % 100_003);
const schema = { object: 'contacts', keyFields: [], fields: [], createWithKey: false, undelete: false, sideEffects: [] };
const connector = {
  kind: 'memory',
  capabilities: { consistentRead: false, ordered: false, census: true },
  describe: async () => ({ objects: [schema], links: [{ kind: 'knows', from: 'contacts', to: 'contacts' }] }),
  async *read() {
    for (let batch = 0; batch < BATCHES; batch += 1) {
      look(batch);
      yield {
        records: Array.from({ length: ROWS }, (_, n) => ({ key: keyOf(batch * ROWS + n), fields: { note: `ж${n}`.padEnd(BYTES, 'x') }, meta: {} })),
      };
    }
  },
  async *readLinks() {
    for (let batch = 0; batch < BATCHES; batch += 1) {
      look(batch);
      yield Array.from({ length: 10 * ROWS }, (_, n) => ({ from: keyOf(batch * 10 * ROWS + n), to: keyOf(n) }));
    }
  },
};
void (async () => {
  const platform = { name: 'crm', connector, identity: { account: 'memory' }, environment: 'sandbox', objects: undefined };
  before = heap();
  const { rows } = await createSnapshot({ platforms: [platform], by: 'maya' }, { dir, store, clock: systemClock });
  if (rows !== BATCHES * ROWS) throw new Error(`${rows} rows`);
  writeSync(1, String(most));
})();
