// Prunes a folder of snapshots by one rule: the newest of the job `nightly` stays. Arguments: folder of snapshots;
// state folder.
'use strict';
const { writeSync } = require('node:fs');

const { built } = require('../support/built.cjs');
const { prune } = built('backups');
const { openCatalog } = built('snapshots');
const { openFileStore } = built('store');
const { Redactor, systemClock } = built('lib');

const [, , dir, state] = process.argv;
void (async () => {
  const store = openFileStore({ dir: state, clock: systemClock, redactor: new Redactor() });
  const deps = {
    store,
    clock: systemClock,
    by: 'maya',
    catalog: openCatalog({ dir, store, clock: systemClock }),
    jobs: [{ name: 'nightly', platforms: ['crm'], timezone: 'UTC', pause_syncs: false, keep: { last: 1 } }],
    planMaxAge: '24h',
    signal: new AbortController().signal,
  };
  await prune(deps, undefined, ({ snapshots }) => {
    writeSync(1, `explained ${snapshots.flatMap(({ snapshot, verdict }) => (verdict.stays ? [] : [snapshot.id])).join(' ')}\n`);
  });
})();
