import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { stateOf } from '../../src/backups/jobs/state.js';
import { Redactor, systemClock } from '../../src/lib/index.js';
import { openCatalog } from '../../src/snapshots/index.js';
import { openFileStore, type Store } from '../../src/store/index.js';
import { type CrashCommand, describeSweep, runCrashing, sweep } from '../support/crash.js';
import { temporaryFolder } from '../support/store.js';
import { everyNth, everyPoint, thinned, withoutFlushes } from '../support/sweeps.js';

const script = fileURLToPath(new URL('run-workload.cjs', import.meta.url));
const commandIn = (dir: string, state: string): CrashCommand => ({ args: [script, dir, state], which: ['fs'], within: [dir, state] });
const openedIn = (state: string): Store => openFileStore({ dir: state, clock: systemClock, redactor: new Redactor() });

it('a job that is killed at any operation is completed by the next call, and no snapshot is half there', async () => {
  let current: { readonly dir: string; readonly state: string } | undefined;
  const prepared = join(await temporaryFolder(), '.runback');
  const at = new Date(Date.now() - 600_000).toISOString();
  await stateOf(openedIn(prepared), 'nightly').update(() => ({ version: 1, firstSeen: at, handled: at, schedule: '* * * * * UTC' }));
  const report = await sweep({
    moments: ['half', 'after'],
    pick: everyNth(5, (all) => thinned(1)(withoutFlushes(all))),
    before: async () => {
      const root = await temporaryFolder();
      current = { dir: join(root, 'backups'), state: join(root, '.runback') };
      await cp(prepared, current.state, { recursive: true });
      return commandIn(current.dir, current.state);
    },
    after: async (_, killed) => {
      if (!current) throw new Error('no world');
      const { dir, state } = current;
      const store = openedIn(state);
      const catalog = openCatalog({ dir, store, clock: systemClock });
      const begun = (await stateOf(store, 'nightly').read())?.running !== undefined;
      const next = await runCrashing(commandIn(dir, state));
      expect(next).toMatchObject({ code: 0, stderr: '' });
      // What had begun is noticed: its syncs are resumed, and it is said.
      expect([next.stdout.includes('resumed snapshot-pause-'), next.stdout.includes('interrupted')]).toEqual([begun, begun]);
      const listed = await catalog.list();
      expect(listed.length).toBeGreaterThan(0);
      // None is left that nobody has judged.
      for (const { id, job, watch } of listed) expect([job, watch?.state, (await catalog.verify(id)).damage]).toEqual(['nightly', 'clear', []]);
      expect(await stateOf(store, 'nightly').read()).toMatchObject({ last: { end: 'done' } });
      expect(await stateOf(store, 'nightly').read()).not.toHaveProperty('running');
      expect(killed.code === 0 || killed.killed).toBe(true);
    },
  });
  console.log(describeSweep('backup run', report));
  expect(report.points).toBeGreaterThan(everyPoint ? 10 : 2);
}, 600_000);
