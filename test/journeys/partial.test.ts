import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { type HubSpotSandbox, integration, person, seedMessy, startHubSpotSandbox } from '../../src/sandbox/index.js';
import { runHere } from '../cli/support/here.js';
import { confirmation, fileSyncs, openOperator, type Operator } from './support/operator.js';

let sandbox: HubSpotSandbox;
let contacts: readonly string[];
let operator: Operator;
let base: string;
beforeAll(async () => {
  sandbox = await startHubSpotSandbox({ seed: 5 });
  ({ contacts } = seedMessy(sandbox, { contacts: 20, companies: 2, deals: 0, seed: 5 }));
  operator = await openOperator(
    `version: 1
platforms:
  hubspot:
    connector: hubspot
    environment: sandbox
    account: "${sandbox.portalId}"
    url: ${sandbox.url}
    credentials: { token: file:token }
    objects: [contacts]
    limits: { requests_per_10s: 1000 }
${fileSyncs('hubspot', 'INTEGRATION:48621')}restores: { limits: { percent: 100 } }
backups: { storage: backups }
`,
    { token: sandbox.token },
  );
  base = String((await operator.done('snapshot', 'create', '--platform', 'hubspot'))['id']);
  await operator.done('snapshot', 'verify', base);
});
afterAll(async () => {
  await operator.close();
  await sandbox.stop();
});
beforeEach(() => {
  const feed = sandbox.writeAs(integration('48621', 'Feed'));
  for (const id of contacts.slice(0, 6)) feed.update('contacts', id, { jobtitle: 'Valued Customer' });
});

const edit = (id: string | undefined, jobtitle: string): void => {
  sandbox.writeAs(person(7)).update('contacts', id ?? '', { jobtitle });
};

test('apply, resume and undo end with 3 and say what was left wherever something was, and with 0 where nothing was (G28)', async () => {
  await operator.done('restore', 'plan', '--platform', 'hubspot', '--base', base);
  const confirm = await confirmation(operator);
  edit(contacts[0], 'Edited after the plan');
  const applied = await operator.run('restore', 'apply', 'latest', '--confirm', confirm);
  expect(applied).toMatchObject({ code: 3, ok: true, data: { state: 'partial', applied: 5, moved: 1, left: [{ status: 'moved', count: 1 }] } });
  // Nothing that may pass now: what a person changed stays, and it is said again.
  expect(await operator.run('restore', 'resume', 'latest')).toMatchObject({ code: 3, data: { state: 'partial', moved: 1 } });
  const shown = await runHere(['restore', 'resume', 'latest', '--no-input'], { cwd: operator.dir });
  expect(`${shown.stdout}${shown.stderr}`.replaceAll(/\s+/gu, ' ')).toContain(
    'Left alone 1 change: someone changed the value in the meantime. To decide about them, make a new plan',
  );
  // All that it wrote is put back, from partial too.
  expect(await operator.run('restore', 'undo', 'latest')).toMatchObject({ code: 0, data: { state: 'undone', undo: { applied: 5, moved: 0 } } });

  const again = await operator.run('restore', 'apply', 'latest', '--confirm', confirm);
  expect(again).toMatchObject({ code: 3, data: { applied: 5, moved: 1 } });
  edit(contacts[1], 'Edited after the restore');
  expect(await operator.run('restore', 'undo', 'latest')).toMatchObject({ code: 3, data: { state: 'undone', undo: { applied: 4, moved: 1 } } });

  await operator.done('restore', 'plan', '--platform', 'hubspot', '--base', base, '--key', contacts[2] ?? '');
  expect(await operator.run('restore', 'apply', 'latest', '--confirm', 'sandbox:1')).toMatchObject({ code: 0, data: { state: 'done' } });
});

test('mass-overwrite shows what was left and starts no sync before a person says so; the run ends as partial with 3 (G12, G28)', async () => {
  const asked: string[] = [];
  const ended = await operator.follow(
    ['runbook', 'run', 'mass-overwrite', '--input', 'platform=hubspot', '--input', `base=${base}`],
    async (question) => {
      asked.push(question);
      expect(await operator.syncs(), question).toEqual({ feed: 'paused', archive: 'paused' });
      switch (question) {
        case 'review':
          return 'yes';
        case 'allow':
          return 'approve';
        case 'apply':
          edit(contacts[3], 'Edited after the plan');
          return await confirmation(operator);
        case 'left':
          return asked.filter((one) => one === 'left').length === 1 ? 'again' : 'go on';
        default:
          return 'done';
      }
    },
  );
  // Trying again asks for the confirmation again, writes nothing twice, and what a person changed is still left.
  expect(asked).toEqual(['review', 'allow', 'apply', 'left', 'apply', 'left', 'cause']);
  expect(ended, ended.stdout).toMatchObject({ code: 3, data: { state: 'partial' } });
  expect(String(ended.data['because'])).toMatch(/^apply left 1 left alone because someone changed/u);
  expect(await operator.syncs()).toEqual({ feed: 'running', archive: 'paused' });
  expect(sandbox.records('contacts').find(({ id }) => id === contacts[3])?.properties['jobtitle']).toBe('Edited after the plan');
});

test('what could not be read is not passed over: a sync that cannot be asked, a journal of a restore that is damaged (G28)', async () => {
  expect(await operator.run('sync', 'status')).toMatchObject({ code: 0 });
  await rm(join(operator.dir, 'sync-feed'));
  expect(await operator.run('sync', 'status')).toMatchObject({ code: 3 });
  await operator.write('sync-feed', 'running');
  expect(await operator.run('status')).toMatchObject({ code: 0 });
  const restores = join(operator.dir, '.runback', 'restores');
  const [restore = ''] = (await readdir(restores)).sort();
  await writeFile(join(restores, restore, 'journal.ndjson'), 'no journal\nat all\n');
  expect(await operator.run('status')).toMatchObject({ code: 3, data: { damagedRestores: [restore] } });
});
