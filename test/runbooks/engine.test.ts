import { describe, expect, test } from 'vitest';

import { resumeRun, startRun, verifyEvidence } from '../../src/runbooks/index.js';
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

describe('what is not known', () => {
  // A user would lose: a step that its condition was to keep from running, or a guard that its condition left out.
  test('decides over no step: a condition over a step that was left out is an error with a way on, and a person leaves the step out', async () => {
    const { deps, runbook, world, store } = await bench();
    const book = await runbook(`
  - { id: look, title: Look, when: run.by == "nobody", action: world.read }
  - { id: go, title: Go, when: steps.look.count > 0, action: world.launch, with: { name: x } }
  - { id: put, title: Put, action: world.put, with: { name: a } }`);
    const error = await rejection(startRun({ runbook: book, inputs: {}, by: 'maya' }, deps));
    expect(error).toMatchObject({ code: 'step-failed', data: { step: 'go', answer: 'go.failed' } });
    expect(error.state).toContain('The step was not started');
    expect(error.next).toContain(`runback runbook undo ${runOf(error)}`);
    expect(error.next).toContain('go.failed: skip');
    expect((await rejection(resumeRun(runOf(error), { by: 'maya' }, deps))).code).toBe('step-failed');
    const run = await resumeRun(runOf(error), { by: 'maya' }, deps, { operator: scripted({ 'go.failed': 'skip' }) });
    expect(run).toMatchObject({ state: 'partial', because: 'did not succeed: go' });
    expect(await world.effects()).toEqual(['put a']);
    expect(await verifyEvidence(store, run.id)).toMatchObject({ ok: true, closed: true });
  });

  test('and neither does a value that is neither true nor false', async () => {
    const { deps, runbook, world } = await bench();
    const book = await runbook(`
  - { id: ask, title: Ask, command: [echo, '{"go":"yes"}'], effect: read }
  - { id: go, title: Go, when: steps.ask.json.go, action: world.launch, with: { name: x } }`);
    const error = await rejection(startRun({ runbook: book, inputs: {}, by: 'maya' }, deps));
    expect(error.why).toContain('gives "yes", which is neither true nor false');
    expect(await world.effects()).toEqual([]);
  });
});

describe('a wait', () => {
  const waiting = `
  - { id: look, title: Look, action: world.read }
  - { id: quiet, title: Wait, wait: { until: steps.look.count > 0 || waited >= 600, every: 1m, timeout: 15m } }`;

  // A user would lose: ten minutes for each time the laptop was closed.
  test('keeps its time over a resume', async () => {
    const { deps, runbook, clock } = await bench();
    const stop = new AbortController();
    const running = rejection(startRun({ runbook: await runbook(waiting), inputs: {}, by: 'maya' }, deps, { stop: stop.signal }));
    await clock.someoneSleeps();
    stop.abort(new Error('stopped'));
    const error = await running;
    expect(error.code).toBe('interrupted');
    clock.advance(600_000);
    const run = await resumeRun(runOf(error), { by: 'maya' }, deps);
    expect(run.steps.find(({ id }) => id === 'quiet')?.outputs).toEqual({ waited: 600 });
  });

  // A user would lose: a repair under a sync that was started while the run was stopped.
  test('reads again after a resume, and is not satisfied by what was read before', async () => {
    let there = true;
    const { deps, runbook, clock, world } = await bench();
    await world.put('x', '1');
    const stop = new AbortController();
    const book = await runbook(`
  - { id: look, title: Look, action: world.read }
  - { id: ok, title: Fine?, decide: { yes: continue } }
  - { id: quiet, title: Wait, wait: { until: steps.look.count > 0, every: 1m, timeout: 2m } }`);
    const operator = scripted({
      ok: async () => {
        await world.remove('x');
        there = false;
        return { value: 'yes' };
      },
    });
    const running = rejection(startRun({ runbook: book, inputs: {}, by: 'maya' }, deps, { operator, stop: stop.signal }));
    await clock.someoneSleeps();
    expect(there).toBe(false);
    stop.abort(new Error('stopped'));
    expect((await running).code).toBe('interrupted');
  });
});
