// Makes one snapshot of a platform in memory whose records come unsorted, verifies it, and deletes the oldest.
// Arguments: folder of snapshots; state folder.
'use strict';
const { writeSync } = require('node:fs');

const { built } = require('../support/built.cjs');
const { createSnapshot, openCatalog } = built('snapshots');
const { openFileStore } = built('store');
const { Redactor, systemClock } = built('lib');

const [, , dir, state] = process.argv;
void (async () => {
  const store = openFileStore({ dir: state, clock: systemClock, redactor: new Redactor() });
  const schema = { object: 'contacts', keyFields: [], fields: [], createWithKey: false, undelete: false, sideEffects: [] };
  const capabilities = { consistentRead: false, ordered: false, census: true };
  const records = Array.from({ length: 40 }, (_, n) => ({ key: String((n * 7919) % 1009), fields: { email: `p${n}@example.com` }, meta: {} }));
  const connector = {
    kind: 'memory',
    capabilities,
    describe: async () => ({ objects: [schema], links: [] }),
    async *read() {
      yield { records: records.slice(0, 20) };
      yield { records: records.slice(20) };
    },
  };
  const platform = { name: 'crm', connector, identity: { account: 'memory' }, environment: 'sandbox', objects: undefined };
  const deps = { dir, store, clock: systemClock, partSizes: { min: 1200, max: 4800 }, sortLimits: { memoryBytes: 3000, fanIn: 2 } };
  const { id } = await createSnapshot({ platforms: [platform], by: 'maya' }, deps);
  writeSync(1, `created ${id}\n`);
  const catalog = openCatalog(deps);
  await catalog.verify(id);
  writeSync(1, `verified ${id}\n`);
  const all = await catalog.list();
  if (all.length > 1) {
    const { id: oldest } = await catalog.delete(all.at(-1).id);
    writeSync(1, `deleted ${oldest}\n`);
  }
})();
