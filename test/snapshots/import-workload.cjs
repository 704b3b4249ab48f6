// Takes a snapshot of a platform in memory, then makes one of a CSV file of it, or without a file of a copy of it. Arguments: folder of snapshots; state folder; the file.
'use strict';
const { writeSync } = require('node:fs');

const { built } = require('../support/built.cjs');
const { createSnapshot, fileToImport, openCatalog, schemaToImport } = built('snapshots');
const { openFileStore } = built('store');
const { Redactor, systemClock } = built('lib');

const [, , dir, state, path] = process.argv;
void (async () => {
  const store = openFileStore({ dir: state, clock: systemClock, redactor: new Redactor() });
  const field = { name: 'email', type: 'string', platformType: 'string', readOnly: false };
  const schema = { object: 'contacts', keyFields: [], fields: [field], createWithKey: false, undelete: false, sideEffects: [] };
  const records = Array.from({ length: 40 }, (_, n) => ({ key: String((n * 7919) % 1009), fields: { email: `p${n}@example.com` }, meta: {} }));
  const connectorTo = (rows) => ({
    kind: 'memory',
    capabilities: { consistentRead: false, ordered: false, census: true, batch: { read: 100 } },
    describe: async () => ({ objects: [schema], links: [{ kind: 'peer', from: 'contacts', to: 'contacts' }] }),
    async *read() {
      yield { records: rows };
    },
    async *readLinks() {},
  });
  const platform = { name: 'crm', connector: connectorTo(records), identity: { account: 'memory' }, environment: 'sandbox', objects: undefined };
  const deps = { dir, store, clock: systemClock, partSizes: { min: 1200, max: 4800 }, sortLimits: { memoryBytes: 3000, fanIn: 2 } };
  writeSync(1, `created ${(await createSnapshot({ platforms: [platform], by: 'maya' }, deps)).id}\n`);
  const csv = { path, object: 'contacts', columns: { key: [], map: new Map() }, cells: {}, emptyClears: false };
  const copy = {
    source: connectorTo(records.slice(0, 25)),
    name: 'schema restored',
    sourceOf: (object) => object,
    all: undefined,
    isBeside: false,
    leaveOut: new Set(),
  };
  const { take } = path === undefined ? await schemaToImport(copy, platform) : await fileToImport(csv, platform);
  const catalog = openCatalog(deps);
  writeSync(1, `imported ${(await take({ takenAt: new Date('2026-11-20T17:00:00Z'), skipBadCells: false, by: 'maya' }, catalog)).id}\n`);
})();
