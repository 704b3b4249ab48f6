import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from 'vitest';

import { lintRunbook, loadRunbook, parseAnswers, renderRunbook, type Runbook } from '../../src/runbooks/index.js';

const folder = fileURLToPath(new URL('../../runbooks/', import.meta.url));
const names = (await readdir(folder)).filter((name) => name.endsWith('.yml'));

describe('the runbooks that ship', () => {
  test('are those that are promised', () => {
    expect(names.sort()).toEqual([
      'accidental-delete.yml',
      'associations-lost.yml',
      'bad-import.yml',
      'consent-corruption.yml',
      'credentials-outage.yml',
      'mass-overwrite.yml',
      'misrouting.yml',
      'schema-drift.yml',
      'sync-stopped.yml',
      'sync-storm.yml',
      'wrong-send.yml',
    ]);
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
    if (writesNothing(runbook)) expect(whatWrites(runbook)).toEqual([]);
    else expect(applies).not.toEqual([]);
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

  test.each(names)('%s explains every choice, and an answers file can answer all that it asks', async (name) => {
    const runbook = await loadRunbook(`${folder}${name}`);
    const asks = runbook.steps.filter(({ kind }) => kind === 'decide' || kind === 'manual' || kind === 'approve');
    for (const { id, document } of asks)
      for (const choice of Object.keys(document.decide ?? {})) expect(document.instructions, id).toMatch(new RegExp(`^- "?${choice}"?: `, 'mu'));
    const answers = Object.fromEntries(
      asks.map(({ id, document, kind }) => [id, Object.keys(document.decide ?? {})[0] ?? (kind === 'approve' ? 'approve' : 'done')]),
    );
    const failures = Object.fromEntries(runbook.steps.map(({ id }) => [`${id}.failed`, 'retry']));
    const text = JSON.stringify({ ...answers, ...failures });
    expect(parseAnswers(text, 'answers.yml', runbook)).toEqual({ ...answers, ...failures });
  });

  test.each(names.filter((name) => name !== 'sync-stopped.yml'))('%s keeps to the order of safety', async (name) => {
    const runbook = await loadRunbook(`${folder}${name}`);
    const [pause, evidence, plan, apply, verify, resume] = ['pause', 'evidence', 'plan', 'apply', 'verify', 'resume'].map(
      (id) => runbook.step(id).index,
    );
    const order = [pause, evidence, plan, apply, verify, resume];
    expect(order).toEqual([...order].sort((a, b) => (a ?? 0) - (b ?? 0)));
    expect(whatWrites(runbook).every((index) => index > (pause ?? 0))).toBe(true);
  });
});

/** One that finds out and leads through: it changes nothing on a platform, and pauses and resumes nothing. */
const writesNothing = ({ id }: Runbook): boolean => id === 'sync-stopped';

/** Steps that change something on a platform. */
function whatWrites({ steps }: Runbook): readonly number[] {
  return steps.filter(({ action }) => action?.name === 'restore.apply' || action?.effect === 'opaque').map(({ index }) => index);
}
