import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { RunbackError } from '../../src/lib/index.js';
import { leftWords, type RestoreSummary } from '../../src/restores/index.js';
import type { ActionContext } from '../../src/runbooks/actions/action.js';
import { pauseAgain, pauseOfStep } from '../../src/runbooks/actions/syncs/of-run.js';
import { syncsResume } from '../../src/runbooks/actions/syncs/resume.js';
import { abortRun, approvalAsked, lintRunbook, parseAnswers, startRun, undoRun } from '../../src/runbooks/index.js';
import { holdersOf } from '../../src/runbooks/journal/holders.js';
import type { RunRecord } from '../../src/runbooks/journal/run-record.js';
import { verificationOf } from '../../src/runbooks/journal/verification.js';
import { bench, rejection, runOf, scripted, Watcher } from './support.js';

// What a hundred drawn mutants showed that no test looked at: docs/mutants.md.

describe('whoever holds the lock of a platform and is gone', () => {
  const asks = '  - { id: a, title: A, manual: x }';

  test('is over where the run was killed before its first line, or was closed', async () => {
    const { deps, store, root, runbook } = await bench();
    const unborn = 'run-20261122-080000-aaaa';
    const folder = join(root, '.runback', 'runs', unborn);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'journal.jsonl'), '');
    expect(await holdersOf(store)({ holder: unborn })).toEqual({ state: 'over' });
    const id = runOf(await rejection(startRun({ runbook: await runbook(asks), inputs: {}, by: 'maya' }, deps)));
    await abortRun(id, { by: 'maya', reason: 'a test' }, deps);
    expect(await holdersOf(store)({ holder: id })).toEqual({ state: 'over' });
  });

  test('is unfinished where the run is still open, and the command that goes on with it is named', async () => {
    const { deps, store, runbook } = await bench();
    const id = runOf(await rejection(startRun({ runbook: await runbook(asks), inputs: {}, by: 'maya' }, deps)));
    expect(await holdersOf(store)({ holder: id })).toMatchObject({
      state: 'unfinished',
      next: expect.stringContaining(`runback runbook resume ${id}`) as string,
    });
  });
});

describe('what a run says of itself', () => {
  test('an error names the steps that are done', async () => {
    const { deps, runbook } = await bench();
    const book = await runbook('  - { id: put, title: Put, action: world.put, with: { name: x } }\n  - { id: ask, title: Ask, manual: x }');
    const error = await rejection(startRun({ runbook: book, inputs: {}, by: 'maya' }, deps));
    expect(error.state).toBe('Done and journaled: put.');
  });

  test('a wait says whether its condition is not true, or not known', async () => {
    const { deps, runbook, clock } = await bench();
    const observer = new Watcher();
    const steps =
      '  - { id: look, title: Look, action: world.read }\n  - { id: quiet, title: Wait, wait: { until: steps.look.count > 0, every: 1m, timeout: 1m } }';
    const running = rejection(startRun({ runbook: await runbook(steps), inputs: {}, by: 'maya' }, deps, { observer }));
    await clock.someoneSleeps();
    clock.advance(60_000);
    expect((await running).code).toBe('step-timeout');
    expect(observer.waits[0]).toBe('"Wait": steps.look.count > 0 is not true yet');
  });

  test('a wait whose condition cannot be read for now goes on, and says that it is not known', async () => {
    const { deps, runbook, clock } = await bench({
      mischief: (_name, times) => {
        if (times > 0) throw new RunbackError('platform-unreachable', 'it is not there');
      },
    });
    const observer = new Watcher();
    const steps =
      '  - { id: look, title: Look, action: world.read }\n  - { id: quiet, title: Wait, wait: { until: steps.look.count > 0, every: 1m, timeout: 1m } }';
    const running = rejection(startRun({ runbook: await runbook(steps), inputs: {}, by: 'maya' }, deps, { observer }));
    await clock.someoneSleeps();
    clock.advance(60_000);
    expect((await running).code).toBe('step-timeout');
    expect(observer.waits[0]).toBe('"Wait": steps.look.count > 0 is not known: it is not there');
  });

  test('a run that was given up asks for no approval any more', async () => {
    const { deps, runbook } = await bench();
    const book = await runbook('  - { id: allow, title: Allow, approve: { authority: approve-restore, of: "x" } }');
    const id = runOf(await rejection(startRun({ runbook: book, inputs: {}, by: 'maya' }, deps)));
    expect(await approvalAsked(deps.store, id, deps.actions)).toMatchObject({ case: { of: 'x' } });
    await abortRun(id, { by: 'maya', reason: 'a test' }, deps);
    expect(await rejection(approvalAsked(deps.store, id, deps.actions))).toMatchObject({ code: 'usage' });
  });

  test('lint says of a step without a way back whether it cannot be undone, or nobody knows what it does', async () => {
    const { runbook } = await bench();
    const said = async (more: string): Promise<string | undefined> => {
      const book = await runbook(`  - { id: a, title: A, command: [make]${more} }`);
      return lintRunbook(book).find(({ rule }) => rule === 'undo-missing')?.message;
    };
    expect(await said('')).toContain('does something that runback knows nothing about');
    expect(await said(', effect: irreversible')).toContain('cannot be undone');
  });

  test('an answer to the undo of a step is not taken for one to the step', async () => {
    const { runbook } = await bench();
    const book = await runbook('  - { id: a, title: A, manual: x, undo: { manual: y } }');
    expect(parseAnswers('a: done\na.undo: put back', 'answers.yml', book)).toEqual({ a: 'done', 'a.undo': 'put back' });
  });

  test('what failed in a restore is counted in words', () => {
    expect(leftWords({ failed: 2, rejected: 0, moved: 1 } as RestoreSummary)).toBe(
      '2 failed, 1 left alone because someone changed the value in the meantime',
    );
  });
});

describe('before syncs start again', () => {
  const contextOf = (some: object): ActionContext => some as unknown as ActionContext;

  test('it needs no more than their own right where all is verified, and the override where it is not', () => {
    const act = (verification: object): unknown => syncsResume.act?.({ paused_by: 'p' }, contextOf({ run: { verification } }));
    expect(act({ plans: ['plan-1'] })).toBe('resume-syncs');
    expect(act({ plans: [], missing: 'No step of this run has verified a restore.' })).toBe('override-verification');
  });

  test('nothing is written where a paused sync cannot be asked', async () => {
    const pause = { id: 'pause-1', holder: 'run-1/pause/1', reason: 'test', entries: [] };
    const syncs = { pauses: () => Promise.resolve([pause]), held: () => Promise.resolve([{ sync: 'crm', owed: true, problem: 'no answer' }]) };
    expect(await rejection(pauseAgain(contextOf({ run: { id: 'run-1' }, syncs, options: {} })))).toMatchObject({
      code: 'sync-failed',
      why: 'crm: no answer',
    });
  });

  test('only syncs that run again are paused again, and only they are named', async () => {
    const pause = { id: 'pause-1', holder: 'run-1/pause/1', reason: 'test', entries: [] };
    const done: unknown[] = [];
    const context = (states: Readonly<Record<string, string>>): ActionContext =>
      contextOf({
        run: { id: 'run-1' },
        step: { key: 'run-1/resume/1' },
        by: 'maya',
        options: {},
        note: async (text: string) => await Promise.resolve(done.push(text)),
        syncs: {
          pauses: async () => await Promise.resolve([pause, { ...pause, id: 'pause-2', holder: 'run-2/pause/1' }]),
          held: async (id: string) =>
            await Promise.resolve(
              id === 'pause-1'
                ? Object.entries(states).map(([sync, state]) => ({ sync, owed: true, status: { state } }))
                : [{ sync: 'of another run', owed: true, status: { state: 'running' } }],
            ),
          pause: async ({ names }: { readonly names: readonly string[] }) => await Promise.resolve(done.push(names)),
        },
      });
    expect(await pauseAgain(context({ crm: 'paused', shop: 'paused' }))).toEqual([]);
    expect(done).toEqual([]);
    expect(await pauseAgain(context({ crm: 'paused', shop: 'running' }))).toEqual(['shop']);
    expect(done).toEqual(['shop was running again although this run had paused it; paused again', ['shop']]);
  });

  test('a step finds the pause that it is given, or the one that it began itself, and none of another step', async () => {
    const pauses = [
      { id: 'pause-1', holder: 'run-1/stop/1' },
      { id: 'pause-2', holder: 'run-1/again/1' },
    ];
    const at = (step: string): ActionContext =>
      contextOf({ run: { id: 'run-1' }, step: { id: step }, syncs: { pauses: async () => await Promise.resolve(pauses) } });
    expect((await pauseOfStep(at('resume'), 'pause-2'))?.id).toBe('pause-2');
    expect((await pauseOfStep(at('again')))?.id).toBe('pause-2');
    expect(await pauseOfStep(at('resume'))).toBeUndefined();
  });

  test('a write that is known not to have happened needs no proof, any other one after the verification does', () => {
    const verified = (state: string): unknown =>
      verificationOf({
        steps: new Map([
          [
            'verify',
            { id: 'verify', action: 'restore.verify', state: 'succeeded', outputs: { plan: 'p', remaining: 0 }, intent: { seq: 5, key: 'k' } },
          ],
        ]),
        effects: new Map([[9, { step: 'apply', state, order: 9, intent: { action: 'restore.apply', inputs: { plan: 'p' } } }]]),
        effectOf: new Map(),
        plans: new Map(),
      } as unknown as RunRecord).missing;
    expect(verified('none')).toBeUndefined();
    expect(verified('done')).toBe('Step apply wrote after the verification (step verify).');
    expect(verified('open')).toBe('Step apply may have written after the verification (step verify).');
  });
});

test('an undo that nobody may repeat and whose answer was lost is asked about, not done again', async () => {
  const abort = new AbortController();
  const { deps, runbook, world } = await bench({
    mischief: (name) => {
      if (name === 'world.launch') abort.abort(new RunbackError('interrupted', 'stop'));
    },
  });
  const book = await runbook(`
  - { id: put, title: Put, action: world.put, with: { name: x }, undo: { action: world.launch, with: { name: back } } }
  - { id: ok, title: Fine?, decide: { "no": undo } }`);
  const started = startRun({ runbook: book, inputs: {}, by: 'maya' }, deps, { operator: scripted({ ok: 'no' }), abort: abort.signal });
  const id = runOf(await rejection(started));
  const operator = scripted({ 'put.undo_in_doubt': 'happened' });
  expect((await undoRun(id, { by: 'maya' }, deps, { operator })).state).toBe('undone');
  expect(operator.asked.map(({ key }) => key)).toEqual(['put.undo_in_doubt']);
  expect(await world.effects()).toEqual(['put x', 'launch back']);
});
