import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { runCrashing } from '../support/crash.js';
import { program } from './support/child.js';
import { runHere } from './support/here.js';

test('a folder in which init was killed at any moment is made a whole workspace by init (G30)', async () => {
  const made = async (dir: string): Promise<string[]> =>
    (await readdir(dir, { recursive: true })).filter((name) => !name.includes('.runback')).sort();
  const root = await mkdtemp(join(tmpdir(), 'runback-init-'));
  try {
    const init = (dir: string) => ({ args: [program, 'init', dir], which: ['fs' as const], within: [dir] });
    const whole = await runCrashing(init(join(root, 'whole')));
    expect(whole, whole.stderr).toMatchObject({ code: 0 });
    const wanted = await made(join(root, 'whole'));
    expect(wanted).toEqual(expect.arrayContaining(['runback.yml', 'escalation.yml', 'runbooks/mass-overwrite.yml']));
    const writes = whole.operations.filter(({ name }) => !/^mkdir|sync/u.test(name));
    expect(writes.length).toBeGreaterThan(4);
    for (const { n, name } of writes) {
      const dir = join(root, String(n));
      expect(await runCrashing(init(dir), { n, when: 'after' }), `${n} ${name}`).toMatchObject({ killed: true });
      const again = await runHere(['init', dir]);
      // Killed when all of it was there: that is said.
      if (again.code !== 0) expect(again.stderr.replaceAll(/\s+/gu, ' '), `${n} ${name}`).toContain('is already there');
      expect((await made(dir)).filter((file) => !file.endsWith('.new'))).toEqual(wanted);
    }
    expect(await runHere(['init', join(root, 'whole')])).toMatchObject({ code: 64 });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
