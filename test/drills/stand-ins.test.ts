import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { requireStandIns } from '../../src/drills/rehearsal/stand-ins.js';
import { loadRunbook } from '../../src/runbooks/index.js';
import { drillOf, failedOf, folderFor, play } from './support/deps.js';

/** The shipped runbook with a program of its own before its last step, that would touch a file. */
async function runbookThatReaches(when = ''): Promise<{ readonly runbook: string; readonly file: string }> {
  const folder = await folderFor('reaches');
  const [runbook, file] = [join(folder, 'mass-overwrite.yml'), join(folder, 'touched')];
  const shipped = await readFile(join(import.meta.dirname, '../../runbooks/mass-overwrite.yml'), 'utf8');
  const step = `\n  - id: tell\n    title: Tell the warehouse\n    command: [sh, -c, 'touch "$1"', touch, ${JSON.stringify(file)}]\n    undo: { none: x }\n${when}`;
  const before = '\n  - id: resume\n';
  expect(shipped).toContain(before);
  await writeFile(runbook, shipped.replace(before, `${step}${before}`));
  return { runbook, file };
}

// A user would lose: what a program of a runbook does to a real system, because somebody rehearsed it.
describe('a runbook with a program of its own', () => {
  it('is not staged in a drill that says nothing of it, unless it stops before that or is built to fail', async () => {
    const { runbook, file } = await runbookThatReaches();
    await expect(play(drillOf({}), { runbook })).rejects.toMatchObject({
      code: 'file-invalid',
      next: expect.stringContaining('stand_ins: { tell: { exit_code: 0 } }') as string,
    });
    const wanted = await loadRunbook(runbook);
    for (const allowed of [{ expect: { stops: 'review' } }, { must_fail: ['ended'] }, { stand_ins: { tell: {} } }])
      expect(() => requireStandIns(drillOf(allowed), wanted)).not.toThrow();
    expect(() => requireStandIns(drillOf({ expect: { stops: 'resume' } }), wanted)).toThrow('what stands for step tell');
    expect(existsSync(file)).toBe(false);
  });

  it('does not run it where only the run shows that it comes to it: it stops there, and says what allows it', async () => {
    const { runbook, file } = await runbookThatReaches('    when: inputs.platform != ""\n');
    const result = await play(drillOf({}), { runbook });
    expect(existsSync(file)).toBe(false);
    expect(failedOf(result)).toContain('ended');
    expect(result.run.because).toContain('Step tell runs a program, and this is a drill');
    expect(result.timeline.map(({ what }) => what)).toContainEqual(expect.stringMatching(/^step tell: failed/u));
  });

  it('is rehearsed to its end with an answer that stands for it, and is not run then either', async () => {
    const { runbook, file } = await runbookThatReaches();
    const result = await play(drillOf({ stand_ins: { tell: { stdout: 'told' } } }), { runbook });
    expect(failedOf(result)).toEqual([]);
    expect(existsSync(file)).toBe(false);
  });

  it('runs it where the drill says that it is really done', async () => {
    const { runbook, file } = await runbookThatReaches();
    expect(failedOf(await play(drillOf({ stand_ins: { tell: 'real' } }), { runbook }))).toEqual([]);
    expect(existsSync(file)).toBe(true);
  });

  it.each([
    ['a step that is not there', { sell: 'real' }, /has no step of this name/u],
    ['a step that reaches nothing', { resume: 'real' }, /runs no program and sends no request/u],
    ['a program, and is an answer of a server', { tell: { status: 200 } }, /this step runs a program/u],
  ])('is not staged with a stand-in for %s', async (_, stand_ins, why) => {
    const { runbook } = await runbookThatReaches();
    await expect(play(drillOf({ stand_ins }), { runbook })).rejects.toMatchObject({
      code: 'file-invalid',
      why: expect.stringMatching(why) as string,
    });
  });
});

it('a stand-in is an answer of a program or of a server, and not of both', () => {
  expect(() => drillOf({ stand_ins: { tell: { exit_code: 0, status: 200 } } })).toThrow('a step is one of them');
  expect(drillOf({ stand_ins: { tell: {} } }).document.stand_ins).toEqual({ tell: {} });
});
