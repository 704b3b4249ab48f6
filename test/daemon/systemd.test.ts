import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { systemdTimer, systemdUnit } from '../../src/daemon/index.js';

/** A user would lose: backups and pages, to a unit that systemd does not load, or of which it leaves a line out. */

const program = '/usr/bin/systemd-analyze';
const isThere = (() => {
  try {
    accessSync(program, constants.X_OK);
    return true;
  } catch {
    return false;
  }
})();
if (!isThere)
  console.log(`skipped: ${program} is not there (Debian: the package systemd), so nothing can say what systemd makes of the printed units`);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runback units %'));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

/** Puts each printed file where systemd is told to look, under the name that its first line has. */
async function written(...printed: readonly string[]): Promise<readonly string[]> {
  const place = await mkdtemp(join(tmpdir(), 'runback-units-'));
  for (const text of printed.flatMap((one) => one.split(/^(?=# \/etc\/systemd\/system\/)/mu))) {
    const [, name] = /^# \/etc\/systemd\/system\/(\S+)$/mu.exec(text) ?? [];
    if (name === undefined) throw new Error(`no name: ${text}`);
    await writeFile(join(place, name), text);
  }
  return (await readdir(place)).map((name) => join(place, name));
}

/** What systemd says of unit files, and how it ends; of files that it takes line by line nothing, and 0. */
function verified(files: readonly string[]): { readonly said: string; readonly status: number | null } {
  const { stdout, stderr, status } = spawnSync(program, ['verify', '--man=no', '--recursive-errors=no', ...files], { encoding: 'utf8' });
  return { said: `${stdout}${stderr}`, status };
}

const TAKEN = { said: '', status: 0 };

const exec = (...words: readonly string[]): readonly string[] => [process.execPath, '/opt/run "back"/$main.js', ...words];

test.skipIf(!isThere)('systemd takes every line of the unit of the daemon, whatever the workspace is called', async () => {
  const unit = systemdUnit({ exec: exec('daemon', '--workspace', folder, '--port', '4999'), workspace: folder, user: 'root' });
  expect(verified(await written(unit))).toEqual(TAKEN);
  // It would say so.
  expect(verified(await written(unit.replace('Restart=on-failure', 'Restrat=on-failure'))).said).toContain('Restrat');
});

test.skipIf(!isThere)('and of each timer with its service', async () => {
  const timer = (name: string, what: string, ...words: string[]): string =>
    systemdTimer({ exec: exec(...words, '--due', '--workspace', folder), workspace: folder, name, what });
  const files = await written(
    timer('runback-backup', 'backup jobs', 'backup', 'run'),
    timer('runback-restore-test', 'restore tests', 'backup', 'test-restore'),
    timer('runback-verify', 'verification of snapshots', 'snapshot', 'verify'),
  );
  expect(files).toHaveLength(6);
  expect(verified(files)).toEqual(TAKEN);
});
