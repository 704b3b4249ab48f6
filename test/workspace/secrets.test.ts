import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { Redactor, RunbackError } from '../../src/lib/index.js';
import { type SecretRef, findWorkspace, loadWorkspace, resolveSecret } from '../../src/workspace/index.js';
import { temporaryFolder } from '../support/store.js';

const canary = 'kanarie-7f3d9';
const ref = (text: string): SecretRef => text as SecretRef;

async function refusal(promise: Promise<unknown>): Promise<RunbackError> {
  const error = await promise.then(
    () => new Error('it was accepted'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof RunbackError) return error;
  throw error;
}

test('a secret is found in environment, file and program, and is known to the redactor at once', async () => {
  const root = await temporaryFolder();
  const sources = { env: { TOKEN: canary, HOME: root, PATH: process.env['PATH'] }, redactor: new Redactor(), root };
  await writeFile(join(root, 'token'), `${canary}\n`, { mode: 0o600 });
  for (const text of [
    'env:TOKEN',
    'file:token',
    'file:~/token',
    `file:${root}/token`,
    `command:printf %s ${canary}`,
    `command:sh -c 'printf "%s" "${canary}"'`,
  ]) {
    const redactor = new Redactor();
    expect(await resolveSecret(ref(text), { ...sources, redactor })).toBe(canary);
    expect(redactor.text(`x ${canary} y`)).toBe('x [redacted] y');
  }
});

// It was taken for the root of the disk.
test.each([undefined, '', 'relative'])('~ means nothing where HOME is %j, and is refused', async (home) => {
  const error = await refusal(
    resolveSecret(ref('file:~/token'), { env: home === undefined ? {} : { HOME: home }, redactor: new Redactor(), root: '/' }),
  );
  expect(error).toMatchObject({ code: 'secret-missing', why: expect.stringContaining('no HOME'), next: expect.stringContaining('whole path') });
});

test('the password inside an address is hidden on its own, as written and decoded', async () => {
  const redactor = new Redactor();
  await resolveSecret(ref('env:URL'), { env: { URL: 'postgres://runback:p%40ss-w%C3%B6rd@db.example.com/crm' }, redactor, root: '/' });
  expect(redactor.text('login with p@ss-wörd or p%40ss-w%C3%B6rd failed')).toBe('login with [redacted] or [redacted] failed');
});

test('a program gets its arguments as they are: no shell reads them (G25)', async () => {
  const root = await temporaryFolder();
  const marker = join(root, 'marker');
  const sources = { env: { PATH: process.env['PATH'] }, redactor: new Redactor(), root };
  expect(await resolveSecret(ref(`command:printf %s "$(touch ${marker}); \`id\` && ${canary}"`), sources)).toContain('$(touch');
  await expect(readFile(marker)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a secret that cannot be read says where it was looked for, never what was found', async () => {
  const root = await temporaryFolder();
  const sources = { env: { EMPTY: ' ', PATH: process.env['PATH'] }, redactor: new Redactor(), root };
  await writeFile(join(root, 'open'), canary, { mode: 0o600 });
  await chmod(join(root, 'open'), 0o640);
  await mkdir(join(root, 'folder'), { mode: 0o700 });
  const cases: [string, RegExp][] = [
    ['env:MISSING', /no variable MISSING/],
    ['env:EMPTY', /empty/],
    ['file:missing', /ENOENT/],
    ['file:open', /can be read by others \(mode 640\)/],
    ['file:folder', /EISDIR/],
    ['command:no-such-program-here', /could not be started/],
    [`command:sh -c "echo ${canary} >&2; exit 3"`, /ended with status 3 and printed something/],
  ];
  for (const [text, why] of cases) {
    const error = await refusal(resolveSecret(ref(text), sources));
    expect(error.code).toBe('secret-missing');
    expect(error.exitCode).toBe(4);
    expect(error.why).toMatch(why);
    expect(JSON.stringify([error.message, error.why, error.next, error.data, String(error.cause)])).not.toContain(canary);
  }
  expect((await refusal(resolveSecret(ref(canary), sources))).code).toBe('secret-literal');
});

test('a workspace is found from any folder inside it and read whole', async () => {
  const root = await temporaryFolder();
  await writeFile(
    join(root, 'runback.yml'),
    `version: 1
platforms:
  crm: { connector: hubspot, environment: production, account: "62515", credentials: { token: env:TOKEN }, limits: { requests_per_10s: 100 } }
  warehouse: { connector: postgres, environment: production, url: env:WAREHOUSE_URL, objects: [public.leads] }
syncs:
  crm-to-marketing: { controller: http, writes_to: [crm], url: https://n8n.example.com, credentials: { api_key: file:~/n8n.key } }
backups: { jobs: { nightly: { platforms: [crm], schedule: "0 2 * * *", timezone: America/New_York, keep: { last: 3 } } } }
`,
  );
  await mkdir(join(root, 'a', 'b'), { recursive: true });
  expect(await findWorkspace(join(root, 'a', 'b'))).toBe(root);
  const workspace = await loadWorkspace(root);
  expect(workspace).toMatchObject({ root, stateDir: join(root, '.runback'), backupsDir: join(root, 'backups'), runbooksDir: join(root, 'runbooks') });
  expect(workspace.config.platforms['crm']).toEqual({
    name: 'crm',
    connector: 'hubspot',
    environment: 'production',
    account: '62515',
    credentials: { token: 'env:TOKEN' },
    limits: { requests_per_10s: 100 },
    options: {},
  });
  expect(workspace.config.syncs['crm-to-marketing']?.options).toEqual({ url: 'https://n8n.example.com' });
  expect(workspace.config.restores).toEqual({ plan_max_age: '24h', canary: 10, stop_at: { errors_percent: 5, skipped_percent: 25 }, limits: {} });
  expect((await refusal(findWorkspace('/'))).code).toBe('workspace-missing');
});

test('a secret in clear is refused wherever it stands, and never shown; names that lead nowhere are told beside it', async () => {
  const root = await temporaryFolder();
  await writeFile(
    join(root, 'runback.yml'),
    `version: 1
platforms:
  crm: { connector: hubspot, environment: sandbox, credentials: { token: ${canary} } }
  db: { connector: postgres, environment: sandbox, url: "postgres://u:${canary}@h/db" }
syncs:
  s: { controller: http, writes_to: [cmr], headers: { Authorization: "Bearer ${canary}" }, unknown: { api_key: ${canary} } }
  t: { controler: http, token: ${canary}, writes_to: [crm] }
`,
  );
  const error = await refusal(loadWorkspace(root));
  expect(error.code).toBe('secret-literal');
  expect(error.exitCode).toBe(65);
  expect(JSON.stringify([error.message, error.data, error.next])).not.toContain(canary);
  for (const place of ['3:74', '4:57']) expect(error.message).toContain(`runback.yml:${place}: `);
  expect(error.message).toContain('there is no platform "cmr", did you mean "crm"?');
  expect(error.message).toContain('"controller" is missing');
});
