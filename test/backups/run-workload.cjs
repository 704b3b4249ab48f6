// Runs the backup job `nightly` where it is due. Arguments: folder of snapshots; state folder.
'use strict';
const { writeSync } = require('node:fs');

const { built } = require('../support/built.cjs');
const { runJob } = built('backups');
const { createSnapshot, openCatalog } = built('snapshots');
const { openFileStore } = built('store');
const { Redactor, systemClock } = built('lib');

const [, , dir, state] = process.argv;
void (async () => {
  const clock = systemClock;
  const store = openFileStore({ dir: state, clock, redactor: new Redactor() });
  const schema = { object: 'contacts', keyFields: [], fields: [], createWithKey: false, undelete: false, sideEffects: [] };
  const connector = {
    kind: 'memory',
    capabilities: { consistentRead: true, ordered: true, census: true },
    describe: async () => ({ objects: [schema], links: [] }),
    async *read() {
      yield { records: [{ key: '1', fields: { email: 'p1@example.com' }, meta: {} }] };
    },
  };
  const platform = { name: 'crm', connector, identity: { account: 'memory' }, environment: 'sandbox', objects: undefined };
  const job = { name: 'nightly', platforms: ['crm'], schedule: '* * * * *', timezone: 'UTC', pause_syncs: true };
  const hands = {
    incidentOn: async () => undefined,
    metered: async () => [],
    resume: async (holder) => {
      writeSync(1, `resumed ${holder}\n`);
      return ['sync'];
    },
    take: async () => ({
      snapshot: await createSnapshot({ platforms: [platform], by: 'maya', job: 'nightly', watched: true }, { dir, store, clock }),
    }),
  };
  const deps = { store, clock, catalog: openCatalog({ dir, store, clock }), by: 'maya', signal: new AbortController().signal };
  const outcome = await runJob(job, deps, hands, { due: true });
  writeSync(1, `${outcome.state} ${outcome.interrupted === undefined ? '' : 'interrupted'}\n`);
})();
