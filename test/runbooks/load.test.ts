import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { platformIn } from '../../src/runbooks/document/inputs.js';
import { answersOperator, lintRunbook, parseAnswers, parseRunbook, renderRunbook } from '../../src/runbooks/index.js';
import { bench, rejection } from './support.js';

const text = (steps: string, head = ''): string => `version: 1\nid: test\ntitle: A test\n${head}\nsteps:\n${steps}\n`;
const wrong = async (steps: string, head?: string): Promise<string> => {
  const error = await rejection(parseRunbook(text(steps, head), 'test.yml'));
  expect(error).toMatchObject({ code: 'file-invalid', exitCode: 65 });
  return `${error.message}\n${error.why ?? ''}`;
};

describe('a wrong runbook is refused before anything runs, with the place and the nearest word', () => {
  test.each([
    ['an unknown key', '  - { id: a, title: A, acton: diff }', /test\.yml:6:\d+.*acton.*action/s],
    ['an unknown action', '  - { id: a, title: A, action: restore.aply }', /6:\d+.*restore\.aply.*restore\.apply/s],
    ['an unknown input of an action', '  - { id: a, title: A, action: snapshot.verify, with: { snapshott: x } }', /6:\d+.*snapshott.*snapshot/s],
    ['a missing input of an action', '  - { id: a, title: A, action: snapshot.verify }', /needs "snapshot"/],
    ['an unknown step', '  - { id: plan, title: A, action: incident.note, with: { text: "${{ steps.pln.state }}" } }', /6:\d+.*pln.*plan/s],
    [
      'an unknown output',
      '  - { id: a, title: A, action: syncs.status }\n  - { id: b, title: B, when: steps.a.runing > 0, manual: x }',
      /7:\d+.*runing.*running/s,
    ],
    ['an unknown input', '  - { id: a, title: A, when: inputs.platfrm == "x", manual: x }', /platfrm/],
    ['a condition that is none', '  - { id: a, title: A, action: syncs.status, verify: steps.a.running }', /condition/],
    ['types that do not fit', '  - { id: a, title: A, action: syncs.status, verify: steps.a.running == "x" }', /6:\d+/],
    ['a step that does nothing', '  - { id: a, title: A }', /needs one of/],
    ['a step that does two things', '  - { id: a, title: A, manual: x, action: diff }', /only one of/],
    ['a step twice', '  - { id: a, title: A, manual: x }\n  - { id: a, title: A, manual: x }', /7:\d+.*"a" already/s],
    ['a jump to nowhere', '  - { id: plan, title: A, manual: x }\n  - { id: b, title: B, decide: { yes: { go_to: plam } } }', /plam.*plan/s],
    ['an input asked for that is not there', '  - { id: a, title: A, decide: { yes: { go_to: a, ask: [filter] } } }', /no input "filter"/],
    ['a wrong duration', '  - { id: a, title: A, manual: x, timeout: soon }', /duration/],
  ])('%s', async (_name, steps, expected) => {
    expect(await wrong(steps)).toMatch(expected);
  });

  test('what only shows when a step runs says where it stands too', async () => {
    const steps = '  - { id: a, title: A, action: incident.note, with: { text: "${{ 1.0 / double(inputs.n) }}" } }';
    const runbook = await parseRunbook(text(steps, 'inputs: { n: { type: number, prompt: N? } }'), 'test.yml');
    const evaluate = async (): Promise<unknown> => runbook.step('a').values?.evaluate({ inputs: { n: 0 } });
    expect(await rejection(evaluate())).toMatchObject({ code: 'expression-invalid', why: expect.stringMatching(/test\.yml:6:6\d/) as string });
  });

  test('all problems are told at once', async () => {
    const said = await wrong('  - { id: a, title: A, action: nothing }\n  - { id: b, title: B, when: steps.zz.x, manual: x }');
    expect(said).toMatch(/nothing/);
    expect(said).toMatch(/zz/);
  });
});

describe('lint', () => {
  const apply = '  - { id: apply, title: A, action: restore.apply, with: { platform: p, plan: x } }';
  test.each([
    ['unreachable', 'error', '  - { id: a, title: A, decide: { no: stop } }\n  - { id: b, title: B, manual: x }', 7],
    ['from-later', 'error', '  - { id: a, title: A, manual: x, verify: steps.b.choice == "done" }\n  - { id: b, title: B, manual: x }', 6],
    ['from-later', 'error', '  - { id: a, title: A, when: steps.b.choice == "done", manual: x }\n  - { id: b, title: B, manual: x }', 6],
    ['undo-missing', 'warning', '  - { id: a, title: A, command: [make] }', 6],
    ['undo-missing', 'error', '  - { id: a, title: A, command: [make], effect: irreversible }', 6],
    ['approval-missing', 'warning', apply, 6],
    ['authority-unknown', 'error', '  - { id: a, title: A, approve: { authority: approve-restor, of: "1" } }', 6],
    ['limits-missing', 'warning', apply, 6],
    ['writers-running', 'warning', apply, 6],
    ['resume-unverified', 'error', '  - { id: a, title: A, action: syncs.resume, with: { paused_by: x } }', 6],
    ['never-resumed', 'warning', '  - { id: a, title: A, action: syncs.pause }', 6],
    ['waits-for-nothing', 'error', '  - { id: a, title: A, wait: { until: run.by == "x", timeout: 1m } }', 6],
    ['waits-for-ever', 'warning', '  - { id: a, title: A, wait: { until: waited > 60 } }', 6],
    ['repeats-danger', 'warning', '  - { id: a, title: A, command: [make], undo: { none: x }, retry: { attempts: 2 } }', 6],
    [
      'from-left-out',
      'error',
      `  - { id: a, title: A, when: run.by == "x", action: syncs.status }\n  - { id: b, title: B, when: steps.a.running > 0, manual: x }`,
      7,
    ],
    [
      'from-left-out',
      'error',
      `  - { id: a, title: A, when: run.by == "x", action: syncs.status }\n  - { id: b, title: B, action: incident.note, with: { text: "\${{ steps.a.running }}" } }`,
      7,
    ],
    ['loops-alone', 'warning', '  - { id: a, title: A, action: syncs.status, on_failure: { go_to: a } }', 6],
  ])('finds %s (%s)', async (rule, severity, steps, line) => {
    const findings = lintRunbook(await parseRunbook(text(steps), 'test.yml'));
    expect(findings).toContainEqual(expect.objectContaining({ rule, severity, line, file: 'test.yml' }));
  });

  test.each([
    ['asks for its state', 'steps.a.state == "succeeded" && steps.a.running > 0'],
    ['asks for the same first', 'run.by == "x" && steps.a.running > 0'],
  ])('lets a step read one that may be left out where it %s', async (_, condition) => {
    const steps = `  - { id: a, title: A, when: run.by == "x", action: syncs.status }\n  - { id: b, title: B, when: '${condition}', manual: x }`;
    expect(lintRunbook(await parseRunbook(text(steps), 'test.yml'))).toEqual([]);
  });

  test('finds inputs that nothing uses', async () => {
    const book = await parseRunbook(text('  - { id: a, title: A, manual: x }', 'inputs: { word: { type: string, prompt: Which? } }'), 'test.yml');
    expect(lintRunbook(book)).toEqual([expect.objectContaining({ rule: 'input-unused', line: 4 })]);
  });
});

describe('values never become code (G25)', () => {
  test.each([
    ['[sh, -c, "echo ${{ inputs.word }}"]'],
    ['[/bin/bash, -lc, "rm ${{ inputs.word }}"]'],
    ['[psql, -c, "delete from x where y = ${{ inputs.word }}"]'],
    ['[node, -e, "x(${{ inputs.word }})"]'],
    ['[env, sh, -c, "echo ${{ inputs.word }}"]'],
  ])('%s is refused', async (command) => {
    expect(await wrong(`  - { id: a, title: A, command: ${command} }`, 'inputs: { word: { type: string, prompt: W } }')).toMatch(/separate argument/);
  });

  test('the worst value arrives at a program as one argument, byte for byte, and secrets only as references', async () => {
    const { deps, runbook, entries } = await bench({ environment: { TOKEN: 'canary-7f3a9c' } });
    const { startRun } = await import('../../src/runbooks/index.js');
    const word = `'; rm -rf / #$(reboot)\`id\` "\\ \${{ inputs.word }}\n<b>%n&|>`;
    const script =
      'process.stdout.write(JSON.stringify({ args: process.argv.slice(1), token: process.env.TOKEN.length, all: Object.keys(process.env) }))';
    const book = await runbook(
      `  - id: a
    title: A
    command: [${JSON.stringify(process.execPath)}, -e, ${JSON.stringify(script)}, "\${{ inputs.word }}"]
    env: { TOKEN: "env:TOKEN" }
    effect: read`,
      'inputs: { word: { type: string, prompt: W } }',
    );
    const run = await startRun({ runbook: book, inputs: { word }, by: 'maya' }, { ...deps, environment: { ...deps.environment, OTHER_SECRET: 'x' } });
    const seen = run.steps[0]?.outputs['json'] as { args: string[]; token: number; all: string[] };
    expect(seen.args).toEqual([word]);
    expect(seen.token).toBe('canary-7f3a9c'.length);
    expect(seen.all).not.toContain('OTHER_SECRET');
    expect(JSON.stringify(await entries(run.id))).not.toContain('canary-7f3a9c');
  });
});

describe('an answers file', () => {
  const steps = '  - { id: ok, title: Fine?, decide: { "yes": continue, again: { go_to: ok } } }\n  - { id: hand, title: By hand, manual: Do it }';

  test('is checked against the runbook: unknown names and choices, with the nearest word', async () => {
    const book = await parseRunbook(text(steps), 'test.yml');
    expect(() => parseAnswers('okk: "yes"', 'answers.yml', book)).toThrow(/answers\.yml:1:1[^]*okk[^]*ok/);
    expect(() => parseAnswers('ok: agin', 'answers.yml', book)).toThrow(/agin[^]*again/);
  });

  test('answers each question, a list one after the other, and leaves the rest to whoever comes next', async () => {
    const book = await parseRunbook(text(steps), 'test.yml');
    const answers = parseAnswers('ok: [again, "yes"]\nhand: { choice: done, by: lee, note: in the old way, evidence: [a.png] }', 'answers.yml', book);
    const { deps, root } = await bench();
    await writeFile(join(root, 'a.png'), 'a picture');
    const { startRun } = await import('../../src/runbooks/index.js');
    const run = await startRun({ runbook: book, inputs: {}, by: 'maya' }, deps, { operator: answersOperator(answers) });
    expect(run.state).toBe('succeeded');
    expect(run.steps.find((step) => step.id === 'hand')?.outputs).toEqual({ choice: 'done', by: 'lee', note: 'in the old way' });
  });
});

test('a runbook on paper has every kind of step, with values named and no expression left', async () => {
  const book = await parseRunbook(
    text(
      `  - { id: look, title: Look, action: syncs.status, with: { writes_to: "\${{ inputs.where }}" } }
  - { id: wait, title: Wait, wait: { until: steps.look.running == 0, every: 5s, timeout: 1m } }
  - { id: run, title: Run, command: [tool, "a b", "\${{ inputs.where }}"], undo: { manual: Put it back }, on_failure: ask }
  - { id: send, title: Send, http: { method: POST, url: "https://example.com/\${{ inputs.where }}", body: { a: 1 } }, undo: { http: { method: DELETE, url: "https://example.com" } } }
  - { id: hand, title: By hand, manual: Ring the bell, on_failure: { go_to: look } }
  - { id: ok, title: Fine?, decide: { yes: continue, no: stop, back: { go_to: look, ask: [where] }, all: undo } }
  - { id: allow, title: Allowed?, approve: { authority: approve-restore, of: "\${{ steps.look.running }}" } }`,
      'inputs: { where: { type: string, prompt: Where? | really, default: here } }\nlimits: { records: 10, percent: 1 }',
    ),
    'test.yml',
  );
  const paper = renderRunbook(book);
  expect(paper).not.toContain('${{');
  await expect(paper).toMatchFileSnapshot('golden/every-kind.md');
});

test('the paper names the action that undoes a step, with what it is given', async () => {
  const steps = '  - { id: a, title: A, action: incident.note, with: { text: done }, undo: { action: incident.note, with: { text: taken back } } }';
  expect(renderRunbook(await parseRunbook(text(steps), 'test.yml'))).toContain('incident.note with taken back.');
});

test('the platform that inputs name is the one that the workspace has, and no other text', () => {
  const services = { workspace: { config: { platforms: { crm: {} } } } } as unknown as Parameters<typeof platformIn>[1];
  expect(platformIn({ n: 3, other: 'mail', where: 'crm' }, services)).toBe('crm');
  expect(platformIn({ n: 3, other: 'toString' }, services)).toBeUndefined();
});

test('what a person decided, who it was and what they noted can be read by later steps', async () => {
  const read = 'steps.a.choice == "yes" || steps.a.by == "maya" || steps.a.note == "x"';
  const steps = `  - { id: a, title: A, decide: { "yes": continue } }\n  - { id: b, title: B, when: '${read}', manual: x }`;
  const { when } = (await parseRunbook(text(steps), 'test.yml')).step('b');
  expect([...(when?.references ?? [])].sort()).toEqual(['steps.a.by', 'steps.a.choice', 'steps.a.note']);
});

// A run that was begun before a rule came would end half done, and no file that one may correct would help.
test('the text of a run that was begun is read as it was: a rule that came later is for new runs', async () => {
  const old = text('  - { id: a, title: A, manual: x }', 'inputs: { n: { type: number, prompt: N?, default: 007 } }');
  expect((await parseRunbook(old, 'test.yml', undefined, { isRecorded: true })).steps).toHaveLength(1);
  expect(await rejection(parseRunbook(old, 'test.yml'))).toMatchObject({
    code: 'file-invalid',
    message: expect.stringContaining('007 is read as the number 7') as string,
  });
});
