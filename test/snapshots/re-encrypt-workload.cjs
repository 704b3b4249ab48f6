// Encrypts every snapshot of a folder for another key. Arguments: folder of snapshots; state folder; the key that opens
// them now; the recipient from now on.
'use strict';
const { writeSync } = require('node:fs');

const { built } = require('../support/built.cjs');
const { decryptionWith, encryptionFor, openCatalog } = built('snapshots');
const { openFileStore } = built('store');
const { Redactor, systemClock } = built('lib');

const [, , dir, state, identity, recipient] = process.argv;
void (async () => {
  const store = openFileStore({ dir: state, clock: systemClock, redactor: new Redactor() });
  const keys = decryptionWith(() => Promise.resolve(identity));
  const catalog = openCatalog({ dir, store, clock: systemClock, keys, encryption: encryptionFor([recipient]) });
  for (const { id } of await catalog.list()) {
    await catalog.reEncrypt(id, 'maya');
    writeSync(1, `encrypted ${id}\n`);
  }
})();
