import { spawn as spawnProcess, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';

import { spawn } from '@lydell/node-pty';
import { describe, expect, onTestFinished, test } from 'vitest';

import { approveWith } from '../../src/cli/commands/approve.js';
import { askApproval } from '../../src/cli/prompts/approval.js';
import { readPaste } from '../../src/cli/prompts/paste.js';
import type { CommandContext } from '../../src/cli/shell/command.js';
import { Input } from '../../src/cli/shell/input.js';
import { makeStyle } from '../../src/cli/views/text/style.js';
import { type Escalation, formatApprovalBlock, parseApprovalBlocks } from '../../src/escalation/index.js';
import { Redactor } from '../../src/lib/index.js';
import { type Answer, type Question, readRun } from '../../src/runbooks/index.js';
import { generateWithSshKeygen, makeKey, sshKeygenMissing } from '../escalation/ssh-support.js';
import { block, goOn, lee, payload, repaired, type Stage, stage, waiting, wide } from '../runbooks/approval-stage.js';
import { rejection } from '../runbooks/support.js';
import { temporaryFolder } from '../support/store.js';
import { cleanEnv, runback } from './support/child.js';

const missing = sshKeygenMissing();
if (missing !== undefined) console.log(`skipped: approvals signed by the real ssh-keygen: ${missing}`);

const style = makeStyle({ columns: 80, level: 0, accessible: true, unicode: true, now: () => new Date('2026-11-22T12:00:00Z') });

interface Said {
  readonly data: Record<string, unknown>;
  readonly out: string;
  readonly err: string;
  readonly redactor: Redactor;
}

/** `runback approve` on the workspace of a stage, as it is called where there is no terminal. */
async function approve(it: Stage, file: Escalation, by: string, what: string, options: Record<string, unknown>, stdin = ''): Promise<Said> {
  const redactor = new Redactor();
  const printed: string[] = [];
  const live = { print: (text: string) => void printed.push(text), hold: () => () => {}, stop: () => {} };
  const input = new PassThrough();
  input.end(stdin);
  const session = { store: it.deps.store, clock: it.deps.clock, by, redactor, workspace: it.deps.workspace };
  const context = {
    input: new Input({ what }, options, 'approve'),
    globals: { json: false },
    stdio: { stdin: input, env: { PATH: process.env['PATH'], HOME: process.env['HOME'] }, cwd: '/' },
    interactive: false,
    style,
    live,
    session: () => Promise.resolve(session),
  } as unknown as CommandContext;
  const outcome = await approveWith(context, { file, grantsOf: () => Promise.resolve([]) });
  return { data: outcome.data as Record<string, unknown>, out: outcome.text(style), err: printed.join('\n'), redactor };
}

describe.skipIf(missing !== undefined)('an approval signed with the real ssh-keygen', () => {
  test('is printed, kept here, lets the run go on, and can be carried to another workspace', async () => {
    const dir = await temporaryFolder();
    const key = generateWithSshKeygen(dir, 'ed25519');
    const file = wide({}, { lee: (await readFile(`${key}.pub`, 'utf8')).trim() });
    const it = await stage(file);
    const { run, of, plan } = await waiting(it);
    const unconfirmed = await rejection(approve(it, file, 'lee', run, { key }));
    expect(unconfirmed).toMatchObject({ code: 'confirmation-missing', next: `runback approve ${run} --confirm sandbox:6` });
    const said = await approve(it, file, 'lee', run.slice(0, -2), { key, confirm: 'sandbox:6' });
    const [made] = parseApprovalBlocks(said.out);
    expect(made.payload).toMatchObject({ of, run, plan, by: 'lee', records: 6, percent: 30, environment: 'sandbox' });
    expect(said.data).toMatchObject({
      met: true,
      needed: 1,
      given: [{ by: 'lee', authenticated: true, fingerprint: expect.stringContaining('SHA256:') }],
    });
    expect(said.err).toContain(`runback runbook resume ${run}`);
    expect((await approve(it, file, 'lee', run, { fetch: true })).out).toBe(said.out);
    expect((await goOn(it, run)).approvals).toMatchObject([{ by: 'lee', authenticated: true }]);
    expect(repaired(it)).toBe(true);
  });

  test('with another key than that of the policy, or with none that can be read, is refused and kept nowhere', async () => {
    const dir = await temporaryFolder();
    const file = wide();
    const it = await stage(file);
    const { run } = await waiting(it);
    const key = generateWithSshKeygen(dir, 'ecdsa');
    const wrong = await rejection(approve(it, file, 'lee', run, { key, confirm: 'sandbox:6' }));
    expect(wrong).toMatchObject({ code: 'not-authorised', data: { reason: 'key-unknown' } });
    const absent = await rejection(approve(it, file, 'lee', run, { key: join(dir, 'no-such-key'), confirm: 'sandbox:6' }));
    expect(absent).toMatchObject({ code: 'not-authorised', message: 'ssh-keygen did not sign' });
    expect(JSON.stringify([absent.message, absent.why, absent.next])).not.toContain(dir);
    expect((await approve(it, file, 'lee', run, { fetch: true })).data).toMatchObject({ met: false, given: [], blocks: [] });
  });

  test('leaves neither the private key nor where it lies in any state', async () => {
    const dir = await temporaryFolder();
    const key = generateWithSshKeygen(dir, 'rsa');
    const file = wide({}, { lee: (await readFile(`${key}.pub`, 'utf8')).trim() });
    const it = await stage(file);
    const { run } = await waiting(it);
    const said = await approve(it, file, 'lee', run, { key, confirm: 'sandbox:6' });
    await goOn(it, run);
    expect(said.redactor.text(`the key is ${key}`)).not.toContain(key);
    // The file begins with the public key, which may be seen.
    const secrets = [key, ...(await readFile(key, 'utf8')).split('\n').slice(20, 34)];
    expect(secrets.every((secret) => secret.length > 20)).toBe(true);
    let searched = 0;
    for (const entry of await readdir(it.deps.store.location, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const text = await readFile(join(entry.parentPath, entry.name), 'utf8');
      for (const secret of secrets) expect([entry.name, text.includes(secret)]).toEqual([entry.name, false]);
      searched += 1;
    }
    for (const secret of secrets) expect(`${said.out}${said.err}${JSON.stringify(said.data)}`).not.toContain(secret);
    expect(searched).toBeGreaterThan(4);
  });
});

test('a pasted block is kept once it has been checked, from a file or from stdin; one that does not count is refused with its reason', async () => {
  const file = wide();
  const it = await stage(file);
  const { run, of, plan } = await waiting(it);
  const refuse = async (text: string): Promise<unknown> => (await rejection(approve(it, file, 'maya', run, { import: '-' }, text))).data['reason'];
  expect(await refuse(block(lee, payload(it, 'b'.repeat(64), 'lee')))).toBe('other-plan');
  expect(await refuse(block(makeKey(), payload(it, of, 'lee')))).toBe('key-unknown');
  expect(await refuse(block(lee, payload(it, of, 'lee', { expires: '2026-11-22T08:00:01Z' })))).toBe('expired');
  expect(await refuse(formatApprovalBlock({ payload: payload(it, of, 'maya') }))).toBe('self-approval');
  expect(await rejection(approve(it, file, 'maya', run, { import: '-' }, 'yes!'))).toMatchObject({ code: 'file-invalid' });
  const path = join(await temporaryFolder(), 'mail.txt');
  await writeFile(path, `Hi,\r\n> ${block(lee, payload(it, of, 'lee')).replaceAll('\n', '\r\n> ')}\r\nLee`);
  // Kept under the plan, it counts for the run that is about to apply it.
  expect((await approve(it, file, 'maya', plan, { import: path })).data).toMatchObject({ met: true, imported: ['lee'] });
  expect((await goOn(it, run)).state).toBe('succeeded');
});

test('without a key it is unauthenticated and says so, where the policy allows that; a wrong name gets the nearest one', async () => {
  const file = wide({}, {});
  const it = await stage(file);
  const { run } = await waiting(it);
  const unknown = await rejection(approve(it, file, 'le', run, { confirm: 'sandbox:6' }));
  expect(unknown).toMatchObject({ code: 'not-authorised', why: expect.stringContaining('did you mean "lee"') });
  expect(await rejection(approve(it, file, 'maya', run, { confirm: 'sandbox:6' }))).toMatchObject({ data: { reason: 'self-approval' } });
  const strict = { ...file, approvals: { inPerson: true, unauthenticated: false } };
  expect(await rejection(approve(it, strict, 'lee', run, { confirm: 'sandbox:6' }))).toMatchObject({ data: { reason: 'unauthenticated' } });
  const said = await approve(it, file, 'lee', run, { confirm: 'sandbox:6' });
  expect(said.err).toContain('lee: unauthenticated');
  await goOn(it, run);
  expect((await readRun(it.deps.store, run)).approvals).toMatchObject([{ by: 'lee', authenticated: false, method: 'none' }]);
});

test('an edited plan, a run that asks for nothing and an unknown id are refused', async () => {
  const file = wide();
  const it = await stage(file);
  const { run, of, plan } = await waiting(it);
  expect(await rejection(approve(it, file, 'lee', 'nothing', {}))).toMatchObject({ code: 'not-found' });
  const { location } = it.deps.store.ledger('plans', plan);
  const text = await readFile(location, 'utf8');
  await writeFile(location, text.replace('Person 1', 'Person 7'));
  for (const what of [run, plan]) expect(await rejection(approve(it, file, 'lee', what, {}))).toMatchObject({ code: 'plan-tampered' });
  await writeFile(location, text);
  await goOn(it, run, { value: 'approve', block: block(lee, payload(it, of, 'lee')) });
  expect(await rejection(approve(it, file, 'lee', run, {}))).toMatchObject({
    code: 'usage',
    message: expect.stringContaining('asks for no approval'),
  });
});

test('a machine without ssh-keygen says so', async () => {
  const file = wide();
  const it = await stage(file);
  const { run } = await waiting(it);
  const { signWithSsh } = await import('../../src/cli/flows/ssh-sign.js');
  const error = await rejection(signWithSsh('text', { key: '/nowhere', env: { PATH: await temporaryFolder() }, interactive: false }));
  expect(error).toMatchObject({ code: 'not-found', next: expect.stringContaining('--import') });
  expect(run).not.toBe('');
});

test('a paste of many lines at once arrives whole at the prompt', async () => {
  const it = await stage(wide());
  const text = block(lee, payload(it, 'b'.repeat(64), 'lee'));
  const stdin = new PassThrough();
  const output = new PassThrough();
  const deps = { stdin, output, style, signal: new AbortController().signal, hold: () => () => {}, interrupted: () => new Error('interrupted') };
  const pasted = readPaste(deps as unknown as Parameters<typeof readPaste>[0], 'Paste it', /END RUNBACK APPROVAL/u);
  stdin.write(text.replaceAll('\n', '\r\n'));
  stdin.write('\r\n');
  expect(parseApprovalBlocks(await pasted)).toEqual(parseApprovalBlocks(text));
  const stopped = readPaste(deps as unknown as Parameters<typeof readPaste>[0], 'Paste it', /END/u);
  stdin.write('half\n\u0003');
  await expect(stopped).rejects.toThrow('interrupted');
});

describe('at the terminal of the run', () => {
  const asked = {
    kind: 'approve',
    key: 'allow',
    time: 1,
    step: 'allow',
    title: 'Allow it',
    authority: 'approve-restore',
    of: 'a'.repeat(64),
    about: {},
  } as const;
  const policy = {
    needed: 2,
    given: ['kim, signed with SHA256:x'],
    refused: ['lee: it expired'],
    from: [{ person: 'dana', name: 'Dana Fox' }],
    inPerson: true,
    command: 'runback approve run-1 --as dana --key K',
  };

  /** Answers prompts by name or value and keeps what was shown. */
  async function answer(
    question: Extract<Question, { kind: 'approve' }>,
    answers: readonly string[],
    pasted = '',
  ): Promise<{ given: Answer; shown: string }> {
    const shown: string[] = [];
    const left = [...answers];
    const choose = ({ choices }: { readonly choices: readonly { readonly value: unknown; readonly name: string }[] }): Promise<unknown> => {
      shown.push(...choices.map((choice) => choice.name));
      const wanted = left.shift();
      const chosen = choices.find((choice) => choice.name === wanted);
      if (!chosen) throw new Error(`no choice ${wanted ?? ''} in ${shown.join('; ')}`);
      return Promise.resolve(chosen.value);
    };
    const deps = { asker: { choose, paste: () => Promise.resolve(pasted) }, style, print: (text: string) => void shown.push(text) };
    return { given: await askApproval(question, deps as unknown as Parameters<typeof askApproval>[1]), shown: shown.join('\n') };
  }

  test('the person says who they are, and sees who has approved and what others type', async () => {
    const { given, shown } = await answer({ ...asked, policy }, ['Yes, I approve', 'Dana Fox']);
    expect(given).toEqual({ value: 'approve', by: 'dana', inPerson: true });
    for (const words of ['1 of 2 approvals', 'kim, signed with', 'lee: it expired', policy.command]) expect(shown).toContain(words);
  });

  test('a block can be pasted, giving up asks again, and nothing in person is offered where the policy forbids it', async () => {
    const text = '-----BEGIN RUNBACK APPROVAL-----\nAAAA\n-----END RUNBACK APPROVAL-----';
    expect((await answer({ ...asked, policy }, ['Paste a signed approval'], text)).given).toEqual({ value: 'approve', block: text });
    expect((await answer({ ...asked, policy }, ['Paste a signed approval'], '\n')).given).toEqual({ value: 'again' });
    const { given, shown } = await answer({ ...asked, policy: { ...policy, inPerson: false } }, ['Check again']);
    expect(given).toEqual({ value: 'again' });
    expect(shown).not.toContain('Yes, I approve');
  });

  test('without a policy it is a plain yes or no', async () => {
    expect((await answer(asked, ['Yes, I approve'])).given).toEqual({ value: 'approve' });
  });
});

test('the program itself: without escalation.yml it says what to do instead, and its log does not say where the key lies', async () => {
  const dir = await temporaryFolder();
  await writeFile(join(dir, 'runback.yml'), 'version: 1\nplatforms: {}\nsyncs: {}\nbackups: { storage: backups }\n');
  for (const flags of [['--key', '/home/lee/secret-place/id'], ['--key=/home/lee/secret-place/id'], []]) {
    const { code, stderr } = await runback(['approve', 'latest', ...flags], { cwd: dir });
    expect([code, stderr]).toEqual([10, expect.stringContaining('escalation.yml')]);
  }
  const logs = await readdir(join(dir, '.runback', 'logs'));
  const text = (await Promise.all(logs.map((log) => readFile(join(dir, '.runback', 'logs', log), 'utf8')))).join('');
  expect(text).toContain('runback approve latest');
  expect(text).not.toContain('secret-place');
});

describe.skipIf(missing !== undefined)('ssh-keygen', () => {
  const module = new URL('../../dist/cli/flows/ssh-sign.js', import.meta.url).href;
  const script = `const { signWithSsh } = await import(${JSON.stringify(module)});
    console.log('SIGNED ' + (await signWithSsh('text', { key: process.argv[1], env: process.env, interactive: true })).length);`;

  test('asks for the passphrase at the terminal', async () => {
    const key = generateWithSshKeygen(await temporaryFolder(), 'ed25519', 'correct horse');
    const pty = spawn(process.execPath, ['--input-type=module', '-e', script, key], { env: cleanEnv() });
    let seen = '';
    let typed = false;
    pty.onData((data) => {
      seen += data;
      if (typed || !seen.includes('passphrase')) return;
      typed = true;
      pty.write('correct horse\r');
    });
    await new Promise<void>((resolve) => void pty.onExit(() => resolve()));
    expect(seen).toMatch(/SIGNED \d+/u);
    expect(seen).not.toContain('horse');
  });

  test('signs with an agent, where only the public key is on disk', async () => {
    const dir = await temporaryFolder();
    const key = generateWithSshKeygen(dir, 'ed25519');
    const socket = join(dir, 'agent');
    const agent = spawnProcess('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    onTestFinished(() => void agent.kill());
    await expect.poll(() => existsSync(socket)).toBe(true);
    const env = { ...cleanEnv(), SSH_AUTH_SOCK: socket };
    expect(spawnSync('ssh-add', [key], { env }).status).toBe(0);
    await rm(key);
    const { signWithSsh } = await import('../../src/cli/flows/ssh-sign.js');
    expect((await signWithSsh('text', { key: `${key}.pub`, env, interactive: false })).length).toBeGreaterThan(100);
  });
});
