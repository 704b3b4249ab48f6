import { afterEach, beforeEach, expect, test } from 'vitest';

import { jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

let workspace: TestWorkspace;
let base: string;
beforeEach(async () => {
  workspace = await openWorkspace(8);
  base = await workspace.base();
  workspace.damage(5, 'Damaged by a sync');
});
afterEach(() => workspace.close());

const planning = async (
  ...more: string[]
): Promise<{ readonly code: number | null; readonly stderr: string; readonly last: Record<string, unknown> }> => {
  const args = ['restore', 'plan', '--platform', 'hubspot', '--base', base, ...more, '--json', '--no-input'];
  const { stdout, stderr, code } = await runHere(args, { cwd: workspace.dir });
  return { code, stderr, last: (jsonLines(stdout).at(-1) ?? {}) as Record<string, unknown> };
};
const titles = (): readonly unknown[] => workspace.contacts.map((id) => workspace.title(id));

test('a plan is applied by the same command, once its confirmation is given, and everything about it can be asked later', async () => {
  const { code, last } = await planning('--apply', '--confirm', 'sandbox:5');
  expect([code, last['data']]).toMatchObject([0, { state: 'done', applied: 5, total: 5, platform: 'hubspot' }]);
  expect(titles()).not.toContain('Damaged by a sync');
  const { plan, id } = last['data'] as Record<'plan' | 'id', string>;
  const show = await runHere(['restore', 'verify', plan, '--json', '--no-input'], { cwd: workspace.dir });
  expect(jsonLines(show.stdout).at(-1)).toMatchObject({ data: { remaining: 0 } });
  expect((await runHere(['restore', 'undo', id, '--no-input'], { cwd: workspace.dir })).code).toBe(0);
  expect(titles()).toContain('Damaged by a sync');
});

test('nothing is written without the very confirmation: the plan is kept, and the command that applies it is named', async () => {
  for (const [more, error, exit] of [
    [['--confirm', 'sandbox:6'], 'confirmation-wrong', undefined],
    [[], 'confirmation-missing', 5],
    [['--yes'], 'confirmation-missing', 5],
    [['--confirm', 'sandbox:5', '--limit-records', '4'], 'over-limit', undefined],
  ] as const) {
    const { code, last } = await planning('--apply', ...more);
    expect([last['error'], more]).toMatchObject([{ code: error, state: 'Nothing was written.' }, more]);
    if (exit !== undefined) expect(code).toBe(exit);
    expect(titles()).toContain('Damaged by a sync');
  }
  const { next = '' } = (await planning('--apply', '--confirm', 'sandbox:6')).last['error'] as { readonly next?: string };
  const again = /runback (restore apply plan-\S+ --confirm sandbox:5)/u.exec(next)?.[1]?.split(' ') ?? [];
  expect((await runHere([...again, '--no-input'], { cwd: workspace.dir })).code).toBe(0);
  expect(titles()).not.toContain('Damaged by a sync');
});

test('what only an application takes is refused without --apply, before anything is read', async () => {
  let asked = 0;
  workspace.sandbox.onRequest(() => void (asked += 1));
  for (const more of [
    ['--confirm', 'sandbox:5'],
    ['--limit-records', '9'],
    ['--accept-automations', 'lee'],
  ]) {
    const { code, last } = await planning(...more);
    expect([code, last['error']]).toMatchObject([64, { code: 'usage', message: `${more[0] ?? ''} needs --apply`, state: 'Nothing was started.' }]);
    expect(asked).toBe(0);
  }
});

test('where nothing has to be put back, nothing is asked for and nothing is applied', async () => {
  await planning('--apply', '--confirm', 'sandbox:5');
  const { code, last } = await planning('--apply');
  expect([code, last['data']]).toMatchObject([0, { counts: { records: 0, actions: {} } }]);
});
