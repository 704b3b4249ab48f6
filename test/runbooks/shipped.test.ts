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
    // Whatever a restore leaves is shown, and only a person's word leads past it (G28).
    const applies = runbook.steps.filter(({ action }) => action?.name === 'restore.apply');
    expect(applies).not.toEqual([]);
    for (const apply of applies) {
      const asked = runbook.steps[apply.index + 1];
      expect(asked?.kind, apply.id).toBe('decide');
      expect(asked?.when?.source).toBe(`steps.${apply.id}.state == "succeeded" && steps.${apply.id}.left > 0`);
      const plan = apply.id.replace('apply', 'plan');
      expect(asked?.document.decide).toEqual({
        again: { go_to: apply.id },
        'new plan': { go_to: plan },
        'go on': 'continue',
        stop: 'stop',
        undo: 'undo',
      });
      expect(asked?.document.instructions).toContain(`steps.${apply.id}.what_left`);
    }
    await expect(paper).toMatchFileSnapshot(`golden/${runbook.id}.md`);
  });
});
