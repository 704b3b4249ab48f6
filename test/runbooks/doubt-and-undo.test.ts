import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { RunbackError } from '../../src/lib/index.js';
import { abortRun, readRun, resumeRun, startRun, takeOver, undoRun, verifyEvidence } from '../../src/runbooks/index.js';
import { bench, rejection, runOf, scripted, Watcher } from './support.js';

const lost = (): never => {
  throw new RunbackError('in-doubt', 'the answer was lost');
};

describe('an answer that was lost (G3)', () => {
  test('is looked up where the action can, and the step is not done twice', async () => {
    const { deps, runbook, world } = await bench({ mischief: (name) => (name === 'world.make' ? lost() : undefined) });
    const run = await startRun(
      { runbook: await runbook('  - { id: make, title: Make, action: world.make, with: { name: a } }'), inputs: {}, by: 'maya' },
      deps,
    );
    expect(run.state).toBe('succeeded');
    expect(await world.effects()).toEqual(['make a']);
    expect(run.steps[0]?.because).toContain('looked up');
  });

  test('is simply done again with the same key where that is harmless', async () => {
    const { deps, runbook, world } = await bench({ mischief: (name, times) => (name === 'world.put' && times === 0 ? lost() : undefined) });
    const run = await startRun(
      { runbook: await runbook('  - { id: put, title: Put, action: world.put, with: { name: a } }'), inputs: {}, by: 'maya' },
      deps,
    );
    expect(run.state).toBe('succeeded');
    expect(await world.get('a')).toBe(`${run.id}/put/1`);
  });

  test('goes to a person where nothing else can tell, and is never repeated without one', async () => {
    const { deps, runbook, world } = await bench({ mischief: (name) => (name === 'world.launch' ? lost() : undefined) });
    const book = await runbook('  - { id: go, title: Go, action: world.launch, with: { name: a } }');
    const error = await rejection(startRun({ runbook: book, inputs: {}, by: 'maya' }, deps));
    expect(error).toMatchObject({ code: 'person-needed', exitCode: 5, data: { answer: 'go.in_doubt' } });
    const run = runOf(error);
    expect((await rejection(resumeRun(run, { by: 'maya' }, deps))).exitCode).toBe(5);
    expect((await rejection(resumeRun(run, { by: 'maya' }, deps, { operator: scripted({ 'go.in_doubt': 'stop' }) }))).code).toBe('in-doubt');
    expect(await world.effects()).toEqual(['launch a']);
    const closed = await resumeRun(run, { by: 'maya' }, deps, { operator: scripted({ 'go.in_doubt': 'happened' }) });
    expect(closed.state).toBe('succeeded');
    expect(await world.effects()).toEqual(['launch a']);
  });
});

const three = `
  - { id: one, title: One, action: world.put, with: { name: one } }
  - { id: two, title: Two, action: world.make, with: { name: two } }
  - { id: three, title: Three, action: world.put, with: { name: three } }
  - { id: ok, title: Fine?, decide: { yes: continue, no: undo } }`;

describe('a step that failed half-way and says how it is undone', () => {
  const half = (effect: string): string => `
  - { id: a, title: A, action: world.put, with: { name: a } }
  - id: c
    title: Switch the import and its trigger off
    command: [sh, -c, "echo import-off >> world/effects.log; exit 1"]
    effect: ${effect}
    undo: { command: [sh, -c, "echo import-on-again >> world/effects.log"], effect: idempotent }
    on_failure: undo`;

  // A user would lose: an import that stays off behind a run that is called undone.
  test('is undone where it may be done again, without a question', async () => {
    const { deps, runbook, world } = await bench();
    const run = await startRun({ runbook: await runbook(half('idempotent')), inputs: {}, by: 'maya' }, deps);
    expect(run.state).toBe('undone');
    expect(await world.effects()).toEqual(['put a', 'import-off', 'import-on-again', 'undo a']);
  });

  test('is asked about where nobody can tell what it did; without a person the run is not called undone', async () => {
    const { deps, runbook, world } = await bench();
    const error = await rejection(startRun({ runbook: await runbook(half('opaque')), inputs: {}, by: 'maya' }, deps));
    expect(error).toMatchObject({ code: 'person-needed', data: { answer: 'c.in_doubt' } });
    const id = runOf(error);
    expect((await readRun(deps.store, id)).state).toBe('undoing');
    const run = await undoRun(id, { by: 'maya' }, deps, { operator: scripted({ 'c.in_doubt': 'happened' }) });
    expect(run.state).toBe('undone');
    expect(await world.effects()).toEqual(['put a', 'import-off', 'import-on-again', 'undo a']);
  });

  test('is left where a person says that it did nothing', async () => {
    const { deps, runbook, world } = await bench();
    const operator = scripted({ 'c.in_doubt': 'did-not-happen' });
    const run = await startRun({ runbook: await runbook(half('opaque')), inputs: {}, by: 'maya' }, deps, { operator });
    expect(run.state).toBe('undone');
    expect(await world.effects()).toEqual(['put a', 'import-off', 'undo a']);
  });

  // A user would lose: the way back, where it needs what the program said before it failed.
  test.each(['idempotent', 'opaque'])('has the outputs of what it did: its undo and the steps behind it go on with them (%s)', async (effect) => {
    const { deps, runbook, world } = await bench();
    const steps = `
  - id: c
    title: Switch the import off
    command: [sh, -c, 'echo "{\\"id\\":\\"imp-7\\"}"; exit 4']
    effect: ${effect}
    undo: { command: [sh, -c, 'echo "$IMPORT on again" >> world/effects.log'], env: { IMPORT: "\${{ steps.c.json.id }}" }, effect: idempotent }
    on_failure: continue
  - { id: d, title: Note it, when: steps.c.exit_code == 4, action: world.put, with: { name: "after-\${{ steps.c.exit_code }}" } }
  - { id: e, title: Fine?, decide: { "yes": continue, "no": undo } }`;
    const operator = scripted({ e: 'no', 'c.in_doubt': 'happened' });
    const run = await startRun({ runbook: await runbook(steps), inputs: {}, by: 'maya' }, deps, { operator });
    expect(run.state).toBe('undone');
    expect(await world.effects()).toEqual(['put after-4', 'undo after-4', 'imp-7 on again']);
    // What it said does not tell how much it did: of what nobody may repeat, a person is asked all the same.
    expect(operator.asked.some(({ key }) => key === 'c.in_doubt')).toBe(effect === 'opaque');
  });

  test('and one that says nothing keeps the run from being called undone', async () => {
    const { deps, runbook } = await bench();
    const steps = '  - { id: c, title: C, command: [sh, -c, "echo half >> world/effects.log; exit 1"], on_failure: undo }';
    const run = await startRun({ runbook: await runbook(steps), inputs: {}, by: 'maya' }, deps);
    expect(run).toMatchObject({ state: 'partial', because: 'not undone: c' });
  });
});

describe('undo (G4)', () => {
  test('goes backwards through what was done and closes the run as undone', async () => {
    const { deps, runbook, world } = await bench();
    const run = await startRun({ runbook: await runbook(three), inputs: {}, by: 'maya' }, deps, { operator: scripted({ ok: 'no' }) });
    expect(run.state).toBe('undone');
    expect(await world.effects()).toEqual(['put one', 'make two', 'put three', 'undo three', 'unmake two', 'undo one']);
    expect(await world.names()).toEqual([]);
  });

  test('stops at what it cannot undo, says so, and goes on from there', async () => {
    let broken = true;
    const { deps, runbook, world } = await bench({
      mischief: (name) => {
        if (name === 'world.make.undo' && broken) throw new RunbackError('platform-unreachable', 'gone');
      },
    });
    const error = await rejection(startRun({ runbook: await runbook(three), inputs: {}, by: 'maya' }, deps, { operator: scripted({ ok: 'no' }) }));
    expect(error).toMatchObject({ code: 'undo-failed', exitCode: 3 });
    const open = await readRun(deps.store, runOf(error));
    expect(open).toMatchObject({ state: 'undoing' });
    expect(open.steps.map((step) => step.state).slice(0, 3)).toEqual(['succeeded', 'undo_failed', 'undone']);
    broken = false;
    expect((await undoRun(open.id, { by: 'maya' }, deps)).state).toBe('undone');
    expect(await world.names()).toEqual([]);
  });

  test('that a person gives up closes the run as partial and names what stays', async () => {
    const { deps, runbook } = await bench({
      mischief: (name) => {
        if (name === 'world.make.undo') throw new RunbackError('platform-rejected', 'no');
      },
    });
    const operator = scripted({ ok: 'no', 'two.undo_failed': 'skip' });
    const run = await startRun({ runbook: await runbook(three), inputs: {}, by: 'maya' }, deps, { operator });
    expect(run.state).toBe('partial');
    expect(run.steps.find((step) => step.id === 'two')?.state).toBe('undo_failed');
    expect(run.steps.find((step) => step.id === 'one')?.state).toBe('undone');
  });

  test('is not cut short by the Ctrl-C of the run', async () => {
    const stop = new AbortController();
    const { deps, runbook, world } = await bench({
      mischief: (name) => {
        if (name === 'world.put.undo') stop.abort(new RunbackError('interrupted', 'stop'));
      },
    });
    const error = await rejection(
      startRun({ runbook: await runbook(three), inputs: {}, by: 'maya' }, deps, { operator: scripted({ ok: 'no' }), stop: stop.signal }),
    );
    expect(error.code).toBe('interrupted');
    expect(await world.names()).toEqual(['one', 'two']);
    expect((await undoRun(runOf(error), { by: 'maya' }, deps)).state).toBe('undone');
    expect(await world.names()).toEqual([]);
  });
});

describe('stopping', () => {
  test('first finishes what is under way, then leaves a run that can be resumed (exit 130)', async () => {
    const stop = new AbortController();
    const { deps, runbook, world } = await bench({
      mischief: (name) => (name === 'world.launch' ? stop.abort(new RunbackError('interrupted', 'stop')) : undefined),
    });
    const book = await runbook(`
  - { id: go, title: Go, action: world.launch, with: { name: a }, undo: { none: it is a test } }
  - { id: put, title: Put, action: world.put, with: { name: b } }`);
    const error = await rejection(startRun({ runbook: book, inputs: {}, by: 'maya' }, deps, { stop: stop.signal }));
    expect(error).toMatchObject({ code: 'interrupted', exitCode: 130 });
    expect((await readRun(deps.store, runOf(error))).state).toBe('running');
    expect((await resumeRun(runOf(error), { by: 'maya' }, deps)).state).toBe('succeeded');
    expect(await world.effects()).toEqual(['launch a', 'put b']);
  });

  test('at once leaves what was under way in doubt, and it is looked up', async () => {
    const abort = new AbortController();
    const { deps, runbook, world } = await bench({
      mischief: async (name, times) => {
        if (name !== 'world.make' || times > 0) return;
        abort.abort(new RunbackError('interrupted', 'now'));
        await new Promise(() => {});
      },
    });
    const book = await runbook('  - { id: make, title: Make, action: world.make, with: { name: a } }');
    const error = await rejection(startRun({ runbook: book, inputs: {}, by: 'maya' }, deps, { abort: abort.signal, stop: abort.signal }));
    expect(error.code).toBe('interrupted');
    expect((await resumeRun(runOf(error), { by: 'maya' }, deps)).state).toBe('succeeded');
    expect(await world.effects()).toEqual(['make a']);
  });
});

describe('failures', () => {
  test('that pass by themselves are tried again, later each time; others are not', async () => {
    const { deps, runbook, clock } = await bench({
      mischief: (name, times) => {
        if (name === 'world.read' && times < 2) throw new RunbackError('platform-unreachable', 'down');
      },
    });
    const observer = new Watcher();
    const book = await runbook('  - { id: look, title: Look, action: world.read, retry: { attempts: 3, backoff: 2s } }');
    const running = startRun({ runbook: book, inputs: {}, by: 'maya' }, deps, { observer });
    await clock.someoneSleeps();
    clock.advance(2000);
    await clock.someoneSleeps();
    clock.advance(4000);
    expect((await running).state).toBe('succeeded');
    expect(clock.slept).toEqual([2000, 4000]);
    expect(observer.waits).toHaveLength(2);
  });

  test('end a step that takes too long, as a timeout', async () => {
    const { deps, runbook, clock } = await bench({
      mischief: (_name, _times, signal) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    });
    const running = rejection(
      startRun({ runbook: await runbook('  - { id: look, title: Look, action: world.read, timeout: 5m }'), inputs: {}, by: 'maya' }, deps),
    );
    await clock.someoneSleeps();
    clock.advance(300_000);
    expect(await running).toMatchObject({ code: 'step-timeout', exitCode: 3 });
  });

  test('look up what a step had done that took too long, instead of doing it again', async () => {
    let isMade = (): void => {};
    const made = new Promise<void>((resolve) => {
      isMade = resolve;
    });
    const { deps, runbook, clock, world } = await bench({
      mischief: (name, _times, signal) =>
        name === 'world.make'
          ? new Promise((_, reject) => {
              signal?.addEventListener('abort', () => reject(signal.reason as Error));
              isMade();
            })
          : undefined,
    });
    const book = await runbook('  - { id: make, title: Make, action: world.make, with: { name: x }, timeout: 5m }');
    const running = startRun({ runbook: book, inputs: {}, by: 'maya' }, deps);
    await made;
    clock.advance(300_000);
    expect(await running).toMatchObject({ state: 'succeeded', steps: [{ id: 'make', outputs: { id: 'id-x' } }] });
    expect(await world.effects()).toEqual(['make x']);
  });

  test('go where on_failure says: on, back with the inputs asked for, or undone', async () => {
    const { deps, runbook, world } = await bench({
      mischief: (name) => {
        if (name === 'world.launch') throw new RunbackError('platform-rejected', 'no');
      },
    });
    const undone = await startRun(
      {
        runbook: await runbook(
          `  - { id: put, title: Put, action: world.put, with: { name: a } }\n  - { id: go, title: Go, action: world.launch, with: { name: x }, on_failure: undo }`,
        ),
        inputs: {},
        by: 'maya',
      },
      deps,
    );
    expect(undone.state).toBe('undone');
    const partial = await startRun(
      { runbook: await runbook('  - { id: go, title: Go, action: world.launch, with: { name: x }, on_failure: continue }'), inputs: {}, by: 'maya' },
      deps,
    );
    expect(partial.state).toBe('partial');
    expect(await world.names()).toEqual([]);
    const loop = await runbook(
      `  - { id: put, title: Put, action: world.put, with: { name: "\${{ inputs.word }}" } }\n  - { id: ok, title: Fine?, decide: { yes: continue, again: { go_to: put, ask: [word] } } }`,
      'inputs: { word: { type: string, prompt: Which?, default: first, ask: later } }',
    );
    const operator = scripted({ ok: (question) => (question.time === 1 ? { value: 'again' } : { value: 'yes' }), word: 'second' });
    const looped = await startRun({ runbook: loop, inputs: {}, by: 'maya' }, deps, { operator });
    expect(looped).toMatchObject({ state: 'succeeded', inputs: { word: 'second' } });
    expect(await world.names()).toEqual(['first', 'second']);
  });
});

describe('one run', () => {
  const asking = `  - { id: ok, title: Fine?, decide: { yes: continue } }\n  - { id: put, title: Put, action: world.put, with: { name: a } }`;

  test('goes on with the text it was started with, even if the file is another now (G7)', async () => {
    const { deps, runbook, world, root } = await bench();
    const error = await rejection(startRun({ runbook: await runbook(asking), inputs: {}, by: 'maya' }, deps));
    await writeFile(join(root, 'test.yml'), 'version: 1\nid: test\ntitle: Another\nsteps: []\n');
    await resumeRun(runOf(error), { by: 'maya' }, deps, { operator: scripted({ ok: 'yes' }) });
    expect(await world.names()).toEqual(['a']);
  });

  test('is taken over by another person by name, and the journal says so (G7)', async () => {
    const { deps, runbook } = await bench();
    const error = await rejection(startRun({ runbook: await runbook(asking), inputs: {}, by: 'maya' }, deps));
    expect((await rejection(takeOver(runOf(error), { by: 'maya' }, deps))).code).toBe('usage');
    const run = await takeOver(runOf(error), { by: 'lee' }, deps, { operator: scripted({ ok: { value: 'yes', by: 'ann' } }) });
    expect(run.by).toBe('lee');
    expect(await verifyEvidence(deps.store, run.id)).toMatchObject({ people: ['maya', 'lee', 'ann'], takeovers: [{ from: 'maya', to: 'lee' }] });
  });

  test('that is given up says what stays, and cannot be resumed', async () => {
    const { deps, runbook } = await bench();
    const book = await runbook(
      `  - { id: put, title: Put, action: world.put, with: { name: a } }\n  - { id: ok, title: Fine?, decide: { yes: continue } }`,
    );
    const error = await rejection(startRun({ runbook: book, inputs: {}, by: 'maya' }, deps));
    const report = await abortRun(runOf(error), { by: 'maya', reason: 'a false alarm' }, deps);
    expect(report).toMatchObject({ run: { state: 'abandoned' }, left: ['put'] });
    expect((await rejection(resumeRun(runOf(error), { by: 'maya' }, deps))).code).toBe('usage');
  });

  test('has a journal in which every changed, dropped or swapped line is found (G6)', async () => {
    const { deps, runbook, root } = await bench();
    const run = await startRun({ runbook: await runbook(three), inputs: {}, by: 'maya' }, deps, { operator: scripted({ ok: 'yes' }) });
    const file = join(root, '.runback', 'runs', run.id, 'journal.ndjson');
    const text = await readFile(file, 'utf8');
    const lines = text.trimEnd().split('\n');
    const tampered = async (change: (lines: string[]) => string[]): Promise<unknown> => {
      await writeFile(file, `${change([...lines]).join('\n')}\n`);
      return await verifyEvidence(deps.store, run.id);
    };
    for (let at = 0; at < lines.length - 1; at += 1) {
      expect(await tampered((all) => all.filter((_, index) => index !== at))).toMatchObject({ ok: false });
      expect(await tampered((all) => all.map((line, index) => (index === at ? line.replace('maya', 'anna') : line)))).toMatchObject({
        ok: false,
        problem: { line: at + 1 },
      });
      expect(
        await tampered((all) => all.map((line, index) => (index === at ? (all[at + 1] ?? '') : index === at + 1 ? (lines[at] ?? '') : line))),
      ).toMatchObject({ ok: false });
    }
    await writeFile(file, text);
    expect(await verifyEvidence(deps.store, run.id)).toMatchObject({ ok: true, lastHash: run.lastHash });
  });
});
