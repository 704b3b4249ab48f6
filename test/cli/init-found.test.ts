import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';

import { type SalesforceSandbox, startSalesforceSandbox } from '../../src/sandbox/index.js';
import { type Stub, startStub } from '../syncs/stubs/kit.js';
import { runHere } from './support/here.js';
import { answerRead, openTerminal } from './support/terminal.js';

/** A user would lose a flow that writes during their restore, since nobody told runback of it; or a secret, in a file that is shared. */

const KEYS = { N8N: 'canary-n8n-key', SECRET: 'canary-sf-secret' };
let crm: SalesforceSandbox;
let n8n: Stub;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runback-init-'));
  crm = await startSalesforceSandbox({
    connectedApp: { clientId: '3MVG9public', clientSecret: KEYS.SECRET },
    description: { objects: [{ name: 'Visit__c', fields: [] }] },
  });
  const does = [{ do: 'set', values: { Title: 'x' } }] as const;
  crm.automate({ id: 'a', name: 'Thank: "new" leads', object: 'Contact', enabled: true, when: { on: 'create' }, does });
  crm.automate({ id: 'b', name: 'Old one', object: 'Contact', enabled: false, when: { on: 'create' }, does });
  n8n = await startStub(({ path, headers, query }) => {
    if (headers['x-n8n-api-key'] !== KEYS.N8N) return { status: 401, body: { message: 'unauthorized' } };
    const all = [
      { id: '2tUt1wbLX592XDdX', name: 'Leads to Salesforce', active: true },
      { id: '9', name: '42 off', active: false },
    ];
    if (path === '/api/v1/executions') return { status: 200, body: { data: [], nextCursor: null } };
    const one = all.find(({ id }) => path === `/api/v1/workflows/${id}`);
    if (one !== undefined) return { status: 200, body: one };
    const from = query.get('cursor') === 'more' ? 1 : 0;
    return { status: 200, body: { data: all.slice(from, from + 1), nextCursor: from === 0 ? 'more' : null } };
  });
});
afterAll(async () => {
  await crm.stop();
  await n8n.close();
  await rm(folder, { recursive: true, force: true });
});

test('in a terminal, init finds account, object types, flows and workflows, and writes a file that doctor takes and that holds no secret', async () => {
  const env = { SF_ID: '3MVG9public', SF_SECRET: KEYS.SECRET, N8N_KEY: KEYS.N8N };
  const terminal = openTerminal(['init', '--accessible'], { cwd: folder, env, rows: 60 });
  const answer = async (question: RegExp | string, text: string): Promise<void> => await answerRead(terminal, question, text);
  try {
    await answer('Where are the records?', '4');
    await answer('Which one is it?', '3');
    await answer('What is its address?', crm.url);
    await answer('Where is it?', 'env:SF_SECRET');
    await answer('consumer key', 'env:SF_ID');
    await terminal.waitFor('It says that it is Example Ltd');
    await answer('Is this the account?', '');
    await answer(/Which of the \d+ object types there/u, 'Account, Contact, Visit_c');
    await answer('did you mean "Visit__c"', 'Account, Contact, Visit__c');
    await answer('set off by its records', '5, 7, 8');
    await answer('Where is n8n?', n8n.url);
    await answer('Where is its key?', 'env:N8N_KEY');
    await terminal.waitFor('n8n: 2 found, 1 of them on');
    await answer(/concern this platform\? \(n8n\)/u, '1, 2');
    await terminal.waitFor('Salesforce flow: 2 found, 1 of them on');
    await answer(/concern this platform\? \(Salesforce flow\)/u, '');
    await terminal.waitFor('Salesforce scheduled job did not answer');
    await answer('Look at who wrote there', 'n');
    await answer('Which integration writes to it', 'integration@example.com');
    expect(await terminal.exited).toBe(0);
  } catch (error) {
    throw new Error(terminal.screen(), { cause: error });
  } finally {
    await terminal.dispose();
  }
  const text = await readFile(join(folder, 'runback.yml'), 'utf8');
  const { platforms, syncs } = parse(text) as { readonly platforms: unknown; readonly syncs: unknown };
  expect(platforms).toEqual({
    salesforce: {
      connector: 'salesforce',
      environment: 'sandbox',
      account: crm.account,
      url: crm.url,
      credentials: { client_id: 'env:SF_ID', client_secret: 'env:SF_SECRET' },
      objects: ['Account', 'Contact', 'Visit__c'],
    },
  });
  const ofN8n = { controller: 'n8n', url: n8n.url, credentials: { key: 'env:N8N_KEY' }, writes_to: ['salesforce'] };
  expect(syncs).toEqual({
    'leads-to-salesforce': { title: 'Leads to Salesforce', id: '2tUt1wbLX592XDdX', ...ofN8n },
    'sync-42-off': { title: '42 off', id: '9', ...ofN8n },
    'thank-new-leads': {
      title: 'Thank: "new" leads',
      controller: 'salesforce-flow',
      url: crm.url,
      id: expect.stringMatching(/^300/u) as unknown,
      credentials: { id: 'env:SF_ID', secret: 'env:SF_SECRET' },
      writes_to: ['salesforce'],
      reacts_to: ['salesforce'],
    },
  });
  // What was not taken is named, and what the lines mean is said.
  expect(text).toMatch(/# also there: .*Lead.*Campaign/u);
  expect(text).toMatch(/# not taken: salesforce-flow "300\w+" "Old one"/u);
  expect(text).toContain('# Salesforce flow, on when this file was made');
  for (const secret of Object.values(KEYS)) expect(text + terminal.raw()).not.toContain(secret);

  const { code, stdout } = await runHere(['doctor'], { cwd: folder, env });
  expect(code, stdout).toBe(0);
  for (const state of ['leads-to-salesforce: running', 'sync-42-off: paused', 'thank-new-leads: running']) expect(stdout).toContain(`Sync ${state}`);
});
