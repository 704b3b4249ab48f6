import { afterAll, beforeAll, expect, test } from 'vitest';

import { person } from '../../src/sandbox/index.js';
import { jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

/** A user would lose: the half of the repair that somebody typed while others led the incident. */

let workspace: TestWorkspace;
beforeAll(async () => {
  workspace = await openWorkspace(8);
});
afterAll(() => workspace.close());

const json = async (...args: string[]): Promise<Record<string, unknown>> => {
  const { stdout, stderr, code } = await runHere([...args, '--json', '--no-input'], { cwd: workspace.dir });
  const last = jsonLines(stdout).at(-1) as { data?: Record<string, unknown> } | undefined;
  if (last?.data === undefined) throw new Error(`runback ${args.join(' ')} ended with ${String(code)}: ${stdout}${stderr}`);
  return last.data;
};

test('a pause and a restore made by hand while the incident is open belong to it, and are counted in its report; names and pages are shown', async () => {
  const base = await workspace.base();
  const damaged = workspace.damage(5, 'Damaged by a sync');
  const incident = String((await json('incident', 'open', 'Wrong job titles', '--severity', 'sev1', '--platform', 'hubspot'))['id']);
  const pause = await json('sync', 'pause', '--writes-to', 'hubspot');
  expect(pause['incidents']).toEqual([incident]);
  const plan = await json('restore', 'plan', '--platform', 'hubspot', '--base', base);
  const [edited = ''] = damaged.keys();
  expect(plan['counts']).toMatchObject({ records: 5, conflicts: {} });
  workspace.sandbox.writeAs(person(7)).apply({ action: 'update', object: 'contacts', id: edited, properties: { jobtitle: 'Chosen by hand' } });
  const restore = await json('restore', 'apply', String(plan['id']), '--confirm', 'sandbox:5');
  await json('sync', 'resume', String(pause['id']));
  const { links } = await json('incident', 'show', incident);
  expect((links as readonly { readonly id: string }[]).map(({ id }) => id)).toEqual([plan['id'], restore['id']]);
  await json('incident', 'resolve', incident, '--what', 'repaired by hand');

  const report = (await json('incident', 'report', incident, '--personal'))['report'] as Record<string, Record<string, unknown>>;
  expect(report['headline']).toMatchObject({ damaged: 5, repaired: 4, left: 1, examples: [{ key: edited, why: 'moved-since-plan' }] });
  expect(report['restores']).toMatchObject([{ id: restore['id'], byHand: true }]);
  expect(report['syncs']).toMatchObject([{ pause: pause['id'], state: 'resumed' }]);
  const [example] = (report['headline']?.['examples'] ?? []) as readonly Record<string, unknown>[];
  expect(example?.['page']).toContain(edited);
  expect([example?.['name'], example?.['address']].some((text) => typeof text === 'string' && text !== '')).toBe(true);
  // What is done later is not of an incident that is over.
  expect((await json('sync', 'pause', '--writes-to', 'hubspot'))['incidents']).toEqual([]);
});
