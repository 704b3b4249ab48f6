// Makes one snapshot of a platform in memory whose records come unsorted, verifies it, makes another that builds on it, and deletes the oldest on which nothing builds.
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
  const base = await catalog.open(id);
  records.splice(0, 3, ...records.slice(0, 2).map((record) => ({ ...record, fields: { email: 'changed@example.com' } })), {
    key: '5000',
    fields: {},
    meta: {},
  });
  writeSync(1, `built ${(await createSnapshot({ platforms: [platform], by: 'maya', base }, deps)).id}\n`);
  await base.close();
  const all = await catalog.list();
  if (all.length > 2) {
    const { id: oldest } = await catalog.delete(all.at(-2).id);
    writeSync(1, `deleted ${oldest}\n`);
  }
})();
