import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { readPlan, readRestore } from '../../src/restores/index.js';
import { decryptionWith, openCatalog, openCopy, folderStorage } from '../../src/snapshots/index.js';
import { openFileStore } from '../../src/store/index.js';
import { program } from '../cli/support/child.js';
import { everythingIn, holding, story, world } from '../cli/support/forget-world.js';
import { type CrashCommand, describeSweep, runCrashing, sweep } from '../support/crash.js';
import { temporaryFolder } from '../support/store.js';
import { everyNth, everyPoint, thinned, withoutFlushes } from '../support/sweeps.js';

/** A user would lose: the backups of everybody, while one person is erased from them. */
it('kill -9 at every file operation of forgetting leaves every snapshot, plan and journal readable, and the next call does the rest', async () => {
  const at = await world(true);
  const { plan, restore } = await story(at);
  const commandIn = (folder: string): CrashCommand => ({
    args: [
      program,
      'forget',
      '--workspace',
      folder,
      '--object',
      'contacts',
      '--key',
      at.victim,
      '--confirm',
      'forget:1',
      '--no-input',
      '--as',
      'ann',
    ],
    which: ['fs'],
    within: [join(folder, '.runback'), join(folder, 'backups'), join(folder, 'offsite')],
  });
  const ids = (await readdir(join(at.dir, 'backups'))).map((name) => name.replace('.zip', ''));
  let current = '';
  const report = await sweep({
    moments: ['half', 'after'],
    pick: everyNth(20, (all) => thinned(1)(withoutFlushes(all))),
    before: async () => {
      current = await temporaryFolder();
      await cp(at.dir, current, { recursive: true });
      return commandIn(current);
    },
    after: async () => {
      const store = openFileStore({ dir: join(current, '.runback'), clock: systemClock, redactor: new Redactor() });
      const keys = decryptionWith(() => Promise.resolve(at.identity));
      const [dir, offsite] = [join(current, 'backups'), join(current, 'offsite')];
      const catalog = openCatalog({ dir, store, clock: systemClock, keys });
      const copy = openCopy({ name: 'offsite', dir: offsite, storage: folderStorage(offsite), store, clock: systemClock, keys });
      const whole = async (): Promise<void> => {
        for (const one of [catalog, copy.catalog]) {
          expect((await one.list()).map(({ id }) => id).sort()).toEqual([...ids].sort());
          for (const id of ids) expect((await one.verify(id)).damage).toEqual([]);
        }
        expect((await readPlan(store, plan)).header.id).toBe(plan);
        expect((await readRestore(store, restore)).state).toBe('done');
        for (const kind of await store.kinds('journals'))
          for (const id of await store.journals(kind))
            for await (const entry of store.journal(kind, id).read({ whole: true })) expect(entry.seq).toBeGreaterThan(0);
      };
      await whole();
      expect(await runCrashing(commandIn(current))).toMatchObject({ code: 0 });
      await whole();
      expect(holding(await everythingIn([join(current, '.runback'), dir, offsite], at.identity))).toEqual([]);
    },
  });
  console.log(describeSweep('forgetting', report));
  expect(report.points).toBeGreaterThan(everyPoint ? 20 : 1);
}, 900_000);
