import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { person } from '../../src/sandbox/index.js';
import { type Finished, jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

/** A user would lose: the belief that "taken" and "done" mean all of it. */

let workspace: TestWorkspace;
let second: string;
beforeAll(async () => {
  workspace = await openWorkspace(6);
  // A contact with a second address: only a merge makes one.
  const writer = workspace.sandbox.writeAs(person(7));
  const [a, b] = ['ann', 'ann.old'].map((name) => writer.create('contacts', { email: `${name}@example.com` }));
  writer.apply({ action: 'merge', object: 'contacts', id: b ?? '', into: a ?? '' });
  second = a ?? '';
});
afterAll(() => workspace.close());

const go = (...args: string[]): Promise<Finished> => runHere([...args, '--no-input'], { cwd: workspace.dir });
const json = async (...args: string[]): Promise<{ readonly code: number | null; readonly data: Record<string, unknown> }> => {
  const { code, stdout } = await go(...args, '--json');
  return { code, data: (jsonLines(stdout).at(-1) as { data: Record<string, unknown> }).data };
};

test('what records created again do not get back is said before and after, with a list of the values', async () => {
  const base = await workspace.base();
  workspace.sandbox.writeAs(person(7)).archive('contacts', second);
  const { data: plan } = await json('restore', 'plan', '--platform', 'hubspot', '--base', base, '--unattributed', 'include');
  const id = String(plan['id']);
  expect(plan['lost']).toMatchObject([
    {
      object: 'contacts',
      records: 1,
      fields: expect.arrayContaining([{ field: 'hs_additional_emails', what: 'secondary e-mail addresses', records: 1 }]),
    },
  ]);
  const flat = async (...args: string[]): Promise<string> => (await go(...args)).stdout.replaceAll(/\s+/gu, ' ');
  const words = 'secondary e-mail addresses (hs_additional_emails, 1)';
  expect(await flat('restore', 'show', id)).toContain(words);
  expect(await flat('restore', 'lost', id)).toMatch(/secondary e-mail addresses \{?ann\.old@example\.com/u);
  expect((await go('restore', 'lost', id, '--to', 'lost.csv')).code).toBe(0);
  expect(await readFile(join(workspace.dir, 'lost.csv'), 'utf8')).toContain(
    `contacts,${second},hs_additional_emails,secondary e-mail addresses,ann.old@example.com\r\n`,
  );
  expect((await go('restore', 'lost', id, '--to', 'lost.csv')).code).toBe(64);
  const applied = await flat('restore', 'apply', id, '--confirm', 'sandbox:1');
  expect(applied).toContain(words);
  expect(applied).toContain('calls, e-mails, notes, meetings and tasks');
  expect(await flat('restore', 'verify', id)).toContain(words);
  expect((await json('restore', 'verify', id)).data['lost']).toEqual(plan['lost']);
});

test('a snapshot that could not read everything says so on every screen and ends with 3; a restore does not offer what is not in it', async () => {
  const config = join(workspace.dir, 'runback.yml');
  const text = await readFile(config, 'utf8');
  await writeFile(config, text.replace('objects: [contacts]', 'objects: [contacts, leads]'));
  const made = await go('snapshot', 'create', '--platform', 'hubspot');
  expect(made.code).toBe(3);
  expect(made.stdout).toContain('Snapshot taken, but not of everything');
  expect(made.stdout.replaceAll(/\s+/gu, ' ')).toMatch(/Not in it: hubspot leads: .*no object type leads/u);
  expect(made.stdout).toContain('Next:');
  const { code, data } = await json('snapshot', 'create', '--platform', 'hubspot');
  expect([code, data['gaps']]).toEqual([3, [expect.objectContaining({ object: 'leads', extent: 'refused' })]]);
  for (const args of [['snapshot', 'list'], ['snapshot', 'show', 'latest'], ['status']])
    expect((await go(...args)).stdout).toContain('without leads');
  expect((await json('status')).data['incompleteSnapshots']).toMatchObject([{ id: data['id'] }]);
  expect((await go('snapshot', 'cat', 'latest', 'leads', '1')).stderr.replaceAll(/\s+/gu, ' ')).toContain('no object type leads');
  // Where one object type is chosen, the others are not missed.
  expect((await json('snapshot', 'create', '--platform', 'hubspot', '--object', 'contacts')).code).toBe(0);

  const refused = await go('restore', 'plan', '--platform', 'hubspot', '--base', 'latest', '--object', 'leads');
  expect(refused.code).toBe(10);
  expect(refused.stderr.replaceAll(/\s+/gu, ' ')).toContain('no object type leads');
  const plan = await go('restore', 'plan', '--platform', 'hubspot', '--base', String(data['id']));
  expect(plan.stdout.replaceAll(/\s+/gu, ' ')).toContain('Not covered leads: The base snapshot does not hold it');
  await writeFile(config, text);
});
