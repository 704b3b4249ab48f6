import { describe, expect, test } from 'vitest';

import { resumeRun, startRun } from '../../src/runbooks/index.js';
import { bench, rejection, runOf, scripted, Watcher } from './support.js';

describe('a run', () => {
  test('goes through its steps in order, hands outputs on, and closes as succeeded', async () => {
    const { deps, runbook, world, entries } = await bench();
    const book = await runbook(
      `
  - { id: one, title: One, action: world.put, with: { name: one } }
  - { id: two, title: Two, action: world.make, with: { name: "\${{ steps.one.name }}-and-\${{ inputs.word }}" } }
  - { id: look, title: Look, action: world.read, verify: steps.look.count == 2 }
  - { id: never, title: Never, when: steps.look.count > 2, action: world.launch, with: { name: x } }`,
      'inputs: { word: { type: string, prompt: Which?, default: more } }',
    );
    const observer = new Watcher();
    const run = await startRun({ runbook: book, inputs: {}, by: 'maya' }, deps, { observer });
    expect(run.state).toBe('succeeded');
    expect(run.steps.map((step) => `${step.id} ${step.state}`)).toEqual(['one succeeded', 'two succeeded', 'look succeeded', 'never skipped']);
    expect(await world.names()).toEqual(['one', 'one-and-more']);
    expect((await entries(run.id)).map((entry) => entry.type)).toEqual([
      'run.created',
      'step.intent',
      'step.outcome',
      'step.intent',
      'step.outcome',
      'step.intent',
      'step.outcome',
      'step.outcome',
      'run.closed',
    ]);
    expect(observer.run?.state).toBe('succeeded');
  });

  test('waits for a person where nobody answers, and says how to go on', async () => {
    const { deps, runbook, world } = await bench();
    const book = await runbook(`
  - { id: review, title: Does this look right?, decide: { yes: continue, no: stop } }
  - { id: go, title: Go, action: world.put, with: { name: gone } }`);
    const error = await rejection(startRun({ runbook: book, inputs: {}, by: 'maya' }, deps));
    expect(error).toMatchObject({ code: 'person-needed', exitCode: 5, data: { step: 'review', answer: 'review' } });
    expect(error.next).toContain(`runback runbook resume ${runOf(error)}`);
    expect(await world.names()).toEqual([]);
    const stopped = await rejection(resumeRun(runOf(error), { by: 'maya' }, deps, { operator: scripted({ review: 'no' }) }));
    expect(stopped.code).toBe('person-needed');
    const run = await resumeRun(runOf(error), { by: 'lee' }, deps, { operator: scripted({ review: 'yes' }) });
    expect(run).toMatchObject({ state: 'succeeded', by: 'lee' });
    expect(await world.names()).toEqual(['gone']);
  });
});
