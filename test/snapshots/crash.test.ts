import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { createSnapshot, openCatalog } from '../../src/snapshots/index.js';
import { openFileStore } from '../../src/store/index.js';
import { describeSweep, runCrashing, sweep, type CrashCommand } from '../support/crash.js';
import { temporaryFolder } from '../support/store.js';
import { everyNth, everyPoint, thinned, withoutFlushes } from '../support/sweeps.js';
import { memoryPlatform, people } from './memory-platform.js';

const script = fileURLToPath(new URL('crash-workload.cjs', import.meta.url));

interface World {
  readonly dir: string;
  readonly state: string;
  readonly command: CrashCommand;
}

async function world(): Promise<World> {
  const root = await temporaryFolder();
  const [dir, state] = [join(root, 'backups'), join(root, '.runback')];
  return { dir, state, command: { args: [script, dir, state], which: ['fs'], within: [dir, state] } };
}

describe('G14: a snapshot is complete or absent', () => {
  it('after kill -9 at every file operation, and the next one cleans up', async () => {
    // One snapshot is there before, so that deleting it is part of the sweep.
    const prepared = await world();
    const first = await runCrashing(prepared.command);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    let current: World | undefined;
    const report = await sweep({
      // Before one operation is after the one before it: not swept twice.
      moments: ['half', 'after'],
      pick: everyNth(2, (all) => thinned(1)(withoutFlushes(all))),
      before: async () => {
        current = await world();
        await cp(prepared.dir, current.dir, { recursive: true });
        await cp(prepared.state, current.state, { recursive: true });
        return current.command;
      },
      after: async (_, result) => {
        if (!current) throw new Error('no world');
        const { dir, state } = current;
        const deps = { dir, store: openFileStore({ dir: state, clock: systemClock, redactor: new Redactor() }), clock: systemClock };
        const catalog = openCatalog(deps);
        const listed = await catalog.list();
        expect(listed.length).toBeGreaterThan(0);
        for (const { id, rows } of listed) {
          expect(rows).toBe(40);
          expect((await catalog.verify(id)).damage).toEqual([]);
        }
        const told = new Map(result.stdout.split('\n').map((line) => [line.split(' ')[0], line.split(' ')[1]]));
        const ids = listed.map(({ id }) => id);
        const [created, built, deleted] = [told.get('created'), told.get('built'), told.get('deleted')];
        const isLost = (id: string | undefined): boolean => id !== undefined && !ids.includes(id);
        expect({ lost: isLost(created) || isLost(built), back: deleted !== undefined && ids.includes(deleted) }).toEqual({
          lost: false,
          back: false,
        });
        await createSnapshot({ platforms: [memoryPlatform('crm', { objects: { contacts: people(3) } })], by: 'lee' }, deps);
        expect((await readdir(dir)).filter((name) => !name.endsWith('.zip'))).toEqual([]);
        for (const { id } of await catalog.list()) await catalog.delete(id);
        expect(await catalog.list()).toEqual([]);
      },
    });
    console.log(describeSweep('G14', report));
    expect(report.points).toBeGreaterThan(everyPoint ? 20 : 6);
  }, 600_000);
});
