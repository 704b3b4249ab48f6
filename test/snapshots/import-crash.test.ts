import { cp, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { createSnapshot, openCatalog } from '../../src/snapshots/index.js';
import { openFileStore } from '../../src/store/index.js';
import { describeSweep, runCrashing, sweep, type CrashCommand } from '../support/crash.js';
import { temporaryFolder } from '../support/store.js';
import { everyNth, everyPoint, thinned, withoutFlushes } from '../support/sweeps.js';
import { memoryPlatform, people } from './memory-platform.js';

/** A user would lose: the snapshots that were there, or the trust in one that is only half of a file. */

const script = fileURLToPath(new URL('import-workload.cjs', import.meta.url));
const ROWS = 25;

interface World {
  readonly dir: string;
  readonly state: string;
  readonly command: CrashCommand;
}

async function world(kind: 'file' | 'copy'): Promise<World> {
  const root = await temporaryFolder();
  const [dir, state, file] = [join(root, 'backups'), join(root, '.runback'), join(root, 'contacts.csv')];
  await writeFile(file, `Record ID,Email\r\n${Array.from({ length: ROWS }, (_, n) => `${n * 37},p${n}@old.example`).join('\r\n')}\r\n`);
  return { dir, state, command: { args: [script, dir, state, ...(kind === 'file' ? [file] : [])], which: ['fs'], within: [dir, state] } };
}

test.each([
  ['a file', 'file'],
  ['restored tables', 'copy'],
] as const)(
  'kill -9 at every file operation of an import of %s: what was listed before is readable, and no half of it is there',
  async (_, kind) => {
    const prepared = await world(kind);
    const first = await runCrashing(prepared.command);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    const before = [...first.stdout.matchAll(/snap-\S+/g)].map(([id]) => id);
    expect(before).toHaveLength(2);
    let current: World | undefined;
    const report = await sweep({
      moments: ['half', 'after'],
      pick: everyNth(2, (all) => thinned(2)(withoutFlushes(all))),
      before: async () => {
        current = await world(kind);
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
        expect(listed.map(({ id }) => id)).toEqual(expect.arrayContaining(before));
        for (const { id, rows, imported, record } of listed) {
          expect({ rows, recorded: record !== undefined }).toEqual({ rows: imported === undefined ? 40 : ROWS, recorded: true });
          expect((await catalog.verify(id)).damage).toEqual([]);
        }
        const [, told] = /^imported (\S+)$/m.exec(result.stdout) ?? [];
        if (told !== undefined) expect(listed.map(({ id }) => id)).toContain(told);
        expect((await catalog.resolve('latest-verified')).imported).toBeUndefined();
        await createSnapshot({ platforms: [memoryPlatform('crm', { objects: { contacts: people(3) } })], by: 'lee' }, deps);
        expect((await readdir(dir)).filter((name) => !name.endsWith('.zip'))).toEqual([]);
      },
    });
    console.log(describeSweep(`import of a ${kind}`, report));
    expect(report.points).toBeGreaterThan(everyPoint ? 20 : 5);
  },
  600_000,
);
