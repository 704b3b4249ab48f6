import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { jsonLines } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';
import { openWorkspace, type TestWorkspace } from '../cli/support/workspace.js';

let workspace: TestWorkspace;
let config: string;
let plan: { readonly id: string; readonly confirm: string };

async function go(...args: string[]): Promise<{ readonly code: number | null; readonly error: string; readonly data: Record<string, unknown> }> {
  const ended = await runHere([...args, '--json', '--no-input'], { cwd: workspace.dir });
  const last = (jsonLines(ended.stdout).at(-1) ?? {}) as { readonly data?: Record<string, unknown>; readonly error?: { readonly code: string } };
  return { code: ended.code, error: last.error?.code ?? '', data: last.data ?? {} };
}
const apply = (): ReturnType<typeof go> => go('restore', 'apply', plan.id, '--confirm', plan.confirm);
/** Another runback.yml for a while. */
async function configured(from: string, to: string, body: () => Promise<void>): Promise<void> {
  expect(config).toContain(from);
  await writeFile(join(workspace.dir, 'runback.yml'), config.replace(from, to));
  try {
    await body();
  } finally {
    await writeFile(join(workspace.dir, 'runback.yml'), config);
  }
}

beforeAll(async () => {
  workspace = await openWorkspace(30);
  config = await readFile(join(workspace.dir, 'runback.yml'), 'utf8');
  await workspace.base();
  workspace.damage(10);
  const { data } = await go('restore', 'plan', '--platform', 'hubspot', '--base', 'latest-verified', '--unattributed', 'include');
  plan = { id: String(data['id']), confirm: `sandbox:${(data['counts'] as { readonly records: number }).records}` };
});
afterAll(() => workspace.close());

test.each([
  ['account: "62515"', 'account: "99999"', 'wrong-account'],
  ['environment: sandbox', 'environment: production', 'wrong-environment'],
])('%s become %s is refused with 6 before a record is read or written', async (from, to, code) => {
  await configured(from, to, async () => {
    workspace.sandbox.resetCounts();
    expect(await go('snapshot', 'create', '--platform', 'hubspot')).toMatchObject({ code: 6, error: code });
    expect(await apply()).toMatchObject({ code: 6 });
    expect(Object.keys(workspace.sandbox.counts().byEndpoint).filter((name) => name.includes('/objects/'))).toEqual([]);
  });
});

test('a missing token, an expired one and a lost scope end with 4', async () => {
  await configured('token: file:token', 'token: env:NOT_SET', async () => {
    expect(await go('snapshot', 'create', '--platform', 'hubspot')).toMatchObject({ code: 4, error: 'secret-missing' });
  });
  workspace.sandbox.faults.add({ kind: 'expire-token' });
  expect(await apply()).toMatchObject({ code: 4, error: 'auth-refused' });
  workspace.sandbox.renewToken();
  workspace.sandbox.faults.add({ kind: 'remove-scope', scope: 'crm.objects.contacts.read' });
  expect(await go('snapshot', 'create', '--platform', 'hubspot')).toMatchObject({ code: 4, error: 'scope-missing' });
  workspace.sandbox.renewToken();
});

test('a plan that is too old, too large or edited by hand is refused with 6, and nothing is written', async () => {
  workspace.sandbox.resetCounts();
  await configured('backups:', 'restores: { plan_max_age: 1ms }\nbackups:', async () => {
    expect(await apply()).toMatchObject({ code: 6, error: 'plan-stale' });
  });
  await configured('backups:', 'restores: { limits: { records: 1 } }\nbackups:', async () => {
    expect(await apply()).toMatchObject({ code: 6, error: 'over-limit' });
  });
  const plans = join(workspace.dir, '.runback', 'plans');
  const name = (await readdir(plans)).find((file) => file.includes(plan.id)) ?? '';
  const whole = await readFile(join(plans, name), 'utf8');
  await writeFile(join(plans, name), whole.replace('Intern', 'Intorn'));
  expect(await apply()).toMatchObject({ code: 6, error: 'plan-tampered' });
  await writeFile(join(plans, name), whole);
  expect(workspace.sandbox.counts().writesPerRecord).toEqual({});
});

test('a snapshot that was cut off ends with 65', async () => {
  const backups = join(workspace.dir, 'backups');
  const [name = ''] = await readdir(backups);
  await truncate(join(backups, name), 2000);
  expect(await go('snapshot', 'verify', name.replace(/\.zip$/u, ''))).toMatchObject({ code: 65 });
});
