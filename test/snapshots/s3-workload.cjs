// Makes a snapshot in a bucket, another one, and deletes the first, without waiting between tries.
// Arguments: place and credentials as JSON; folder of what is on its way; state folder.
'use strict';
const { writeSync } = require('node:fs');

const { built } = require('../support/built.cjs');
const { createSnapshot, openCatalog, S3Client, s3Storage } = built('snapshots');
const { openFileStore } = built('store');
const { Redactor, systemClock } = built('lib');

const [, , settings, dir, state] = process.argv;
const { place, credentials } = JSON.parse(settings);
void (async () => {
  const clock = { ...systemClock, sleep: () => Promise.resolve() };
  const store = openFileStore({ dir: state, clock, redactor: new Redactor() });
  const schema = { object: 'contacts', keyFields: [], fields: [], createWithKey: false, undelete: false, sideEffects: [] };
  const records = Array.from({ length: 40 }, (_, n) => ({ key: String(n), fields: { email: `p${n}@example.com` }, meta: {} }));
  const connector = {
    kind: 'memory',
    capabilities: { consistentRead: false, ordered: false, census: true },
    describe: async () => ({ objects: [schema], links: [] }),
    async *read() {
      yield { records };
    },
  };
  const platform = { name: 'crm', connector, identity: { account: 'memory' }, environment: 'sandbox', objects: undefined };
  const client = new S3Client({ place, credentials: async () => credentials, clock, environment: {} });
  const storage = s3Storage({ client, dir, now: clock.now, partBytes: 1500 });
  const deps = { dir, store, clock, storage, partSizes: { min: 1200, max: 4800 } };
  const take = async () => (await createSnapshot({ platforms: [platform], by: 'maya' }, deps)).id;
  const first = await take();
  writeSync(1, `created ${first}\n`);
  writeSync(1, `second ${await take()}\n`);
  await openCatalog(deps).delete(first);
  writeSync(1, `deleted ${first}\n`);
  await client.close();
})();
