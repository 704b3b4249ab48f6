import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from 'vitest';

import { lintRunbook, loadRunbook, renderRunbook } from '../../src/runbooks/index.js';

const folder = fileURLToPath(new URL('../../runbooks/', import.meta.url));
const names = (await readdir(folder)).filter((name) => name.endsWith('.yml'));

describe('the runbooks that ship', () => {
  test('are the three that are promised', () => {
    expect(names.sort()).toEqual(['accidental-delete.yml', 'bad-import.yml', 'mass-overwrite.yml']);
  });

  test.each(names)('%s loads, has nothing that lint finds, and can be followed on paper', async (name) => {
    const runbook = await loadRunbook(`${folder}${name}`);
    expect(`${runbook.id}.yml`).toBe(name);
    expect(lintRunbook(runbook)).toEqual([]);
    const paper = renderRunbook(runbook);
    for (const step of runbook.steps) expect(paper).toContain(`## ${step.index + 1}. ${step.document.title}`);
    expect(paper).not.toContain('${{');
    await expect(paper).toMatchFileSnapshot(`golden/${runbook.id}.md`);
  });
});
