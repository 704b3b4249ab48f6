import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { drillFiles, drillSchema } from '../../src/drills/index.js';
import { lintRunbook, loadRunbook } from '../../src/runbooks/index.js';

const root = join(import.meta.dirname, '../..');
const files = await drillFiles(join(root, 'drills'));

describe('the drills that come with runback', () => {
  it.each(files.map((file) => [file.id, file] as const))(
    '%s fits its format, and its runbook is there and can be started',
    async (id, { path, drill, problem }) => {
      expect(problem).toBeUndefined();
      expect(drill?.id).toBe(id);
      expect(drillSchema.safeParse(parse(await readFile(path, 'utf8'))).success).toBe(true);
      const wanted = drill?.runbook ?? '';
      const runbook = await loadRunbook(wanted.includes('/') ? wanted : join(root, 'runbooks', `${wanted}.yml`));
      expect([...lintRunbook(runbook)].filter(({ severity }) => severity === 'error')).toEqual([]);
    },
  );

  it('has a schema for editors in the head of every file', async () => {
    for (const { path } of files)
      expect(await readFile(path, 'utf8')).toMatch(/^# yaml-language-server: \$schema=\.\.\/schemas\/drill\.schema\.json\n/u);
  });

  it('has one on Salesforce for each runbook that restores', async () => {
    const folder = join(root, 'runbooks');
    const runbooks: string[] = [];
    for (const name of await readdir(folder))
      if ((await readFile(join(folder, name), 'utf8')).includes('action: restore.apply')) runbooks.push(name.replace('.yml', ''));
    expect(runbooks.length).toBeGreaterThanOrEqual(10);
    const tried = new Set(files.filter(({ id }) => id.startsWith('salesforce-')).map(({ drill }) => drill?.runbook ?? ''));
    expect(runbooks.filter((id) => !tried.has(id))).toEqual([]);
  });
});
