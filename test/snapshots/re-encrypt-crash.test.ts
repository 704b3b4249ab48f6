import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { generateIdentity, identityToRecipient } from 'age-encryption';
import { expect, it } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { decryptionWith, encryptionFor, openCatalog } from '../../src/snapshots/index.js';
import { openFileStore } from '../../src/store/index.js';
import { type CrashCommand, describeSweep, runCrashing, sweep } from '../support/crash.js';
import { temporaryFolder } from '../support/store.js';
import { everyNth, everyPoint, thinned, withoutFlushes } from '../support/sweeps.js';
import { memoryPlatform, people } from './memory-platform.js';

const script = fileURLToPath(new URL('re-encrypt-workload.cjs', import.meta.url));
const storeIn = (state: string) => openFileStore({ dir: state, clock: systemClock, redactor: new Redactor() });

it('kill -9 at every file operation of encrypting again leaves each snapshot whole, opened by the old key or the new one, and known without any', async () => {
  const root = await temporaryFolder();
  const [dir, state] = [join(root, 'backups'), join(root, '.runback')];
  const [before, after] = [await generateIdentity(), await generateIdentity()];
  const recipient = await identityToRecipient(after);
  const made = openCatalog({
    dir,
    store: storeIn(state),
    clock: systemClock,
    encryption: encryptionFor([await identityToRecipient(before)]),
    keys: decryptionWith(() => Promise.resolve(before)),
  });
  const digests = new Map<string, string>();
  for (const count of [30, 31]) {
    const { id, digest } = await made.create({ platforms: [memoryPlatform('crm', { objects: { contacts: people(count) } })], by: 'maya' });
    digests.set(id, digest);
  }
  const commandIn = (folder: string): CrashCommand => ({
    args: [script, join(folder, 'backups'), join(folder, '.runback'), `${before}\n${after}`, recipient],
    which: ['fs'],
    within: [folder],
  });
  let current = '';
  const report = await sweep({
    moments: ['half', 'after'],
    pick: everyNth(3, (all) => thinned(1)(withoutFlushes(all))),
    before: async () => {
      current = await temporaryFolder();
      await cp(root, current, { recursive: true });
      return commandIn(current);
    },
    after: async (_, result) => {
      const place = { dir: join(current, 'backups'), store: storeIn(join(current, '.runback')), clock: systemClock };
      const ids = [...digests.keys()];
      const keyless = await openCatalog(place).survey();
      expect(keyless.snapshots.map(({ id, encrypted }) => [id, encrypted]).sort()).toEqual(ids.map((id) => [id, 'unreadable']));
      const catalog = openCatalog({ ...place, keys: decryptionWith(() => Promise.resolve(`${before}\n${after}`)) });
      for (const { id, digest } of await catalog.list()) {
        expect(digest).toBe(digests.get(id));
        expect((await catalog.verify(id)).damage).toEqual([]);
      }
      const renewed = openCatalog({ ...place, keys: decryptionWith(() => Promise.resolve(after)) });
      for (const [, id = ''] of result.stdout.matchAll(/^encrypted (\S+)$/gmu)) await (await renewed.open(id)).close();
      expect(await runCrashing(commandIn(current))).toMatchObject({ code: 0, stderr: '' });
      for (const id of ids) expect((await renewed.verify(id)).damage).toEqual([]);
      expect((await readdir(place.dir)).sort()).toEqual(ids.map((id) => `${id}.zip`));
      expect((await openCatalog(place).survey()).ignored).toEqual([]);
    },
  });
  console.log(describeSweep('encrypting again', report));
  expect(report.points).toBeGreaterThan(everyPoint ? 10 : 2);
}, 600_000);
