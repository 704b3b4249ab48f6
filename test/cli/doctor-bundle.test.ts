import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { type SalesforceSandbox, startSalesforceSandbox } from '../../src/sandbox/index.js';
import { openOperator, type Operator } from '../journeys/support/operator.js';
import { secondAfter } from '../support/later.js';
import { runback } from './support/child.js';

/** A user would send a stranger their customers' addresses, or the key to them, when asking for help. */

/** What is planted wherever a bundle looks: none of it may be in any byte of it. */
const PLANTED = {
  secret: 'canary-client-secret-7f3a',
  name: 'Plantedperson',
  address: 'planted.person@customer-company.example',
  title: 'PlantedTitle',
  phone: '+43 660 1234567',
  amount: '987654321',
  colleague: 'Quentinplanted',
  label: 'PlantedOrgLtd',
  workflow: 'PlantedWorkflow',
  note: 'PlantedNote',
  short: 'Zx9planted7',
} as const;

let sandbox: SalesforceSandbox;
let operator: Operator;

beforeAll(async () => {
  sandbox = await startSalesforceSandbox({
    connectedApp: { clientSecret: PLANTED.secret },
    facts: { name: PLANTED.label },
    description: {
      fields: { Contact: [{ name: 'Level__c', type: 'picklist', options: [PLANTED.title], restricted: true }] },
      tracked: { Contact: ['Title'] },
    },
  });
  const person = sandbox.writeAs({ kind: 'person', id: '7' });
  const account = person.create('Account', { Name: PLANTED.label, AnnualRevenue: PLANTED.amount });
  const keys = Array.from({ length: 4 }, (_, n) =>
    person.create('Contact', {
      LastName: PLANTED.name,
      Email: n === 0 ? PLANTED.address : `p${n}@example.com`,
      Phone: PLANTED.phone,
      Title: 'Head',
      AccountId: account,
    }),
  );
  operator = await openOperator(
    `version: 1
# ${PLANTED.note} in a comment
platforms:
  crm:
    connector: salesforce
    environment: sandbox
    account: ${sandbox.account}
    url: ${sandbox.url}
    credentials: { client_id: file:id, client_secret: file:secret }
    objects: [Account, Contact]
syncs:
  thank:
    title: ${PLANTED.workflow}
    controller: http
    writes_to: [crm]
    writes_as: ["${PLANTED.address}"]
    url: http://127.0.0.1:9
    status: { path: "/${PLANTED.workflow}", paused: "body.x == '${PLANTED.note}'" }
    pause: { path: /p }
    resume: { path: /r }
restores: { limits: { percent: 100 } }
backups: { storage: backups }
`,
    { id: sandbox.connectedApp.clientId, secret: PLANTED.secret },
  );
  await operator.write(
    'runbooks/own.yml',
    `version: 1\nid: own\ntitle: ${PLANTED.note}\nsummary: ${PLANTED.address}\nsteps:\n  - { id: a, title: ${PLANTED.note}, manual: ${PLANTED.name} }\n`,
  );
  await operator.write('runbooks/broken.yml', `version: 1\nid: ${PLANTED.note}\nstepz: "${PLANTED.address}"\n`);
  const base = await operator.done('snapshot', 'create', '--platform', 'crm', '--note', PLANTED.note);
  await secondAfter(String(base['startedAt']));
  for (const key of keys) sandbox.writeAs({ kind: 'integration', id: 'sync' }).update('Contact', key, { Title: PLANTED.title });
  const plan = await operator.done('restore', 'plan', '--platform', 'crm', '--base', String(base['id']), '--suspect', 'integration.sync@example.com');
  await operator.done('restore', 'apply', String(plan['id']), '--confirm', 'sandbox:4');
  await operator.run('incident', 'open', PLANTED.note, '--severity', 'sev3');
  await operator.write(
    'escalation.yml',
    `version: 1\npeople:\n  ${PLANTED.colleague}: { name: "${PLANTED.colleague}", contacts: [{ email: "${PLANTED.address}" }, { phone: "${PLANTED.phone}" }] }\n`,
  );
  // What an older version, another program or a mistake may have left in the log.
  const logs = join(operator.dir, '.runback', 'logs');
  await mkdir(logs, { recursive: true });
  const lines = [
    {
      level: 'info',
      type: 'request',
      message: `sent to ${PLANTED.address}`,
      set: { Title: PLANTED.title },
      amount: Number(PLANTED.amount),
      [PLANTED.address]: 1,
    },
    {
      state: PLANTED.secret,
      status: PLANTED.address,
      type: PLANTED.short,
      level: PLANTED.name,
      code: PLANTED.short,
      at: PLANTED.short,
      keyMap: { [PLANTED.name]: PLANTED.name },
      ms: 12,
    },
  ];
  await writeFile(join(logs, '2099-01-01.ndjson'), `${lines.map((line) => JSON.stringify(line)).join('\n')}\nno json ${PLANTED.name}\n`);
});
afterAll(async () => {
  await operator.close();
  await sandbox.stop();
});

/** The files of a zip by their names in it. */
async function unzipped(path: string): Promise<ReadonlyMap<string, string>> {
  const out = `${path}.out`;
  await mkdir(out);
  await promisify(execFile)('unzip', ['-q', path, '-d', out]);
  const names = (await readdir(out, { recursive: true, withFileTypes: true }))
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name));
  const all = new Map<string, string>();
  for (const name of names) all.set(name.slice(out.length + 1), await readFile(name, 'latin1'));
  return all;
}

test('the bundle has versions, findings and shapes, and no byte of a secret, an address, a name or a value that stood anywhere', async () => {
  const ended = await runback(['doctor', '--bundle', 'support.zip'], { cwd: operator.dir });
  expect(ended.stdout).toContain('A bundle for support:');
  const all = await unzipped(join(operator.dir, 'support.zip'));
  expect([...all.keys()].sort()).toEqual(
    expect.arrayContaining([
      'README.txt',
      'checks.json',
      'log.ndjson',
      'schemas.json',
      'versions.json',
      'workspace/escalation.yml.json',
      'workspace/runback.yml.json',
      'workspace/runbooks.json',
    ]),
  );
  for (const kind of ['restores', 'incidents'])
    expect(
      [...all.keys()].some((name) => name.startsWith(`journals/${kind}/`)),
      kind,
    ).toBe(true);
  for (const [name, text] of all)
    for (const [what, value] of Object.entries(PLANTED))
      for (const form of [value, value.toLowerCase(), Buffer.from(value).toString('base64'), encodeURIComponent(value)])
        expect(`${name} ${text}`.includes(form), `${what} in ${name}`).toBe(false);
  const whole = [...all.values()].join('\n');
  expect(whole).not.toMatch(/[\w.]+@[\w.]+/u);
  expect(whole).not.toContain('127.0.0.1');
  expect(whole).not.toContain(operator.dir);
  // And what helps is there.
  expect(JSON.parse(all.get('versions.json') ?? '')).toMatchObject({
    runback: expect.stringMatching(/^\d/u) as unknown,
    node: process.versions.node,
  });
  expect(all.get('workspace/runback.yml.json')).toContain('"connector": "salesforce"');
  expect(all.get('workspace/runback.yml.json')).toContain('"client_secret": "file:[');
  expect(all.get('schemas.json')).toContain('"Level__c"');
  expect(whole).toContain('"restore.created"');
  expect(whole).toContain('restore.apply');
  expect((await stat(join(operator.dir, 'support.zip'))).mode & 0o777).toBe(0o600);
  // What is there already stays.
  const again = await runback(['doctor', '--bundle', 'support.zip'], { cwd: operator.dir });
  expect([again.code, again.stderr.replaceAll(/\s+/gu, ' ')]).toEqual([64, expect.stringContaining('is already there')]);
});

test('a workspace whose runback.yml cannot be loaded has a bundle too, which says on which lines it is wrong', async () => {
  const text = await readFile(join(operator.dir, 'runback.yml'), 'utf8');
  for (const [n, broken] of [`${text}syncz: { ${PLANTED.note}: 1 }\n`, `${text}  - ${PLANTED.note}: [\n`].entries()) {
    await writeFile(join(operator.dir, 'runback.yml'), broken);
    const name = `broken-${n}.zip`;
    const ended = await runback(['doctor', '--bundle', name], { cwd: operator.dir });
    expect([ended.code, ended.stdout]).toEqual([65, expect.stringContaining('A bundle for support:')]);
    const all = await unzipped(join(operator.dir, name));
    expect(JSON.parse(all.get('checks.json') ?? '')).toEqual([
      { what: 'Workspace', ok: false, code: 'file-invalid', lines: expect.arrayContaining([expect.any(Number)]) as unknown },
    ]);
    expect(all.get('versions.json')).toContain(process.versions.node);
    expect(all.get('log.ndjson')).not.toBe('');
    const whole = [...all].flat().join('\n');
    for (const planted of Object.values(PLANTED)) expect(whole).not.toContain(planted);
    expect(whole).not.toContain(operator.dir);
  }
  await writeFile(join(operator.dir, 'runback.yml'), text);
});

test('where there is no workspace there is nothing to bundle', async () => {
  const ended = await runback(['doctor', '--bundle', 'none.zip'], { cwd: '/' });
  expect(ended.code).not.toBe(0);
  expect(ended.stderr).toContain('There is no runback.yml');
});
