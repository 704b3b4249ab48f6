// Copies a folder of snapshots to a second place: a folder, or a bucket where settings are given.
// Arguments: root of the workspace; settings of the bucket as JSON.
'use strict';
const { join } = require('node:path');

const { built } = require('../support/built.cjs');
const { copySnapshots } = built('backups');
const { folderStorage, openCatalog, openCopy, S3Client, s3Storage } = built('snapshots');
const { openFileStore } = built('store');
const { Redactor, systemClock } = built('lib');

const [, , root, settings] = process.argv;
void (async () => {
  const clock = { ...systemClock, sleep: () => Promise.resolve() };
  const store = openFileStore({ dir: join(root, '.runback'), clock, redactor: new Redactor() });
  const dir = join(root, 'backups');
  const storage = folderStorage(dir);
  const offsite = join(root, 'offsite');
  const client = settings === undefined ? undefined : bucketClient(JSON.parse(settings), clock);
  const to = client === undefined ? folderStorage(offsite) : s3Storage({ client, dir: offsite, now: clock.now, partBytes: 1500 });
  const deps = {
    store,
    clock,
    by: 'maya',
    catalog: openCatalog({ dir, store, clock, storage }),
    from: { storage, store },
    jobs: [{ name: 'nightly', platforms: ['crm'], timezone: 'UTC', pause_syncs: false, incremental: true }],
    planMaxAge: '24h',
  };
  const report = await copySnapshots(deps, openCopy({ name: 'offsite', dir: offsite, storage: to, store, clock }), {});
  process.stdout.write(`${JSON.stringify(report)}\n`);
  await client?.close();
})();

function bucketClient({ place, credentials }, clock) {
  return new S3Client({ place, credentials: async () => credentials, clock, environment: {} });
}
