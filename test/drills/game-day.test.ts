import { execFileSync, spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { generateIdentity, identityToRecipient } from 'age-encryption';
import { describe, expect, it, onTestFinished } from 'vitest';

import type { DrillResult } from '../../src/drills/index.js';
import { parseDuration } from '../../src/lib/index.js';
import { cleanEnv, type Finished, jsonLines, program, runback } from '../cli/support/child.js';
import { CANARY } from '../notify/fakes/services.js';
import { startSmtpFake, type SmtpFake } from '../notify/fakes/smtp.js';
import { ANSWERS, folderFor } from './support/deps.js';

const PRELOAD = join(import.meta.dirname, '../support/clock-preload.cjs');
const RUNBOOK = join(import.meta.dirname, '../../runbooks/mass-overwrite.yml');

const DRILL = {
  version: 1,
  id: 'names',
  title: 'Wrong first names',
  where: { local: ['hubspot'], records: 40, seed: 5 },
  fault: { kind: 'overwrite', object: 'contacts', field: 'firstname', records: 4 },
  runbook: 'mass-overwrite',
  answers: ANSWERS,
};

interface Rules {
  readonly within?: string;
  /** How long those who are told last have; 1m. */
  readonly last?: string;
  readonly signed?: boolean;
}

/** Maya is on call and has no role; Lee may approve. `ops` is for real incidents alone. */
const rules = (port: number, { within = '5m', last = '1m', signed = false }: Rules): string => `version: 1
timezone: UTC
people:
  maya: { name: Maya Ortiz, email: maya@example.com, contact: [email] }
  lee: { name: Lee Park, email: lee@example.com, contact: [email] }
schedules:
  crm: { rotation: { every: 1w, handoff: "Mon 09:00", start: 2026-01-05, people: [maya] } }
channels:
  mail: { type: email, host: 127.0.0.1, port: ${port}, tls: none, user: runback, password: env:KEY, from: runback@example.com, drills: true }
  drillroom: { type: command, run: [tee, -a, drill.log], drills: true }
  ops: { type: command, run: [tee, -a, real.log] }
authority:
  operator: { may: [pause-syncs, snapshot, plan] }
  lead: { inherits: operator, may: [approve-restore, resume-syncs], limits: { records: 5000, percent: 100 } }
approvals: { in_person: ${!signed}, unauthenticated: ${!signed} }
severities:
  sev2: { means: Customer data is wrong, policy: critical }
policies:
  critical:
    levels:
      - { notify: ["schedule:crm", "channel:ops"], ack_within: ${within} }
      - { notify: ["person:lee", "channel:drillroom"], ack_within: ${within}, grants: lead }
    exhausted: { notify: ["channel:drillroom"], every: ${last} }
`;

/** A workspace with one drill, people who get real mails from a server on loopback, and a way to run commands there. */
async function workspace(given: Rules, drill: Readonly<Record<string, unknown>> = {}) {
  const mail = await startSmtpFake();
  onTestFinished(() => mail.close());
  const folder = await folderFor('game-day');
  await mkdir(join(folder, 'drills'));
  await writeFile(join(folder, 'runback.yml'), 'version: 1\n');
  await writeFile(join(folder, 'escalation.yml'), rules(mail.port, given));
  await writeFile(join(folder, 'drills', 'names.yml'), JSON.stringify({ ...DRILL, ...drill }));
  const env = { TERM: 'dumb', KEY: CANARY.key };
  const run = async (...args: readonly string[]): Promise<Finished> => await runback(args, { cwd: folder, env });
  /** The same, on a clock that is past {@link WHILE}. */
  const later = async (...args: readonly string[]): Promise<Finished> => {
    const clock = { NODE_OPTIONS: `--require ${JSON.stringify(PRELOAD)}`, RUNBACK_TEST_CLOCK_MS: String(2 * parseDuration(WHILE)) };
    return await runback(args, { cwd: folder, env: { ...env, ...clock } });
  };
  return { folder, mail, run, later, env };
}

/** The first mail whose text matches. */
async function mailWith({ mails }: SmtpFake, pattern: RegExp): Promise<readonly string[]> {
  let found: RegExpExecArray | null = null;
  const look = (): boolean => mails.some(({ parsed }) => (found = pattern.exec(`${parsed.subject ?? ''}\n${parsed.text ?? ''}`)) !== null);
  await expect.poll(look, { message: `a mail with ${pattern.source}` }).toBe(true);
  return found ?? [];
}

/** How long those who are paged have, where the drill ends before that: longer than the busiest machine takes for it. */
const WHILE = '10m';

const resultOf = ({ stdout }: Finished): DrillResult =>
  (jsonLines(stdout).at(-1) as { readonly data: { readonly results: readonly [DrillResult] } }).data.results[0];

const readIfThere = async (path: string): Promise<string> => await readFile(path, 'utf8').catch(() => '');

describe('a game day', () => {
  it('needs somebody who agrees, before anybody is paged, and a workspace with rules', async () => {
    const { folder, mail, run } = await workspace({});
    const refused = await run('drill', 'run', 'names', '--people');
    expect([refused.code, mail.mails.length]).toEqual([5, 0]);
    expect(refused.stderr).toContain('level 1, at once: Maya Ortiz by email over mail; not ops: ops is not a channel for drills');
    expect(refused.stderr).toContain('--yes');
    expect((await run('drill', 'run', 'names', '--people', '--yes', '--severity', 'sev1')).stderr).toContain('There is no severity "sev1"');
    expect((await run('drill', 'run', '--all', '--people', '--scheduled', '--yes')).code).toBe(64);
    await writeFile(join(folder, 'escalation.yml'), 'version: 1\nnonsense: true\n');
    expect((await run('drill', 'run', 'names', '--people', '--yes')).code).toBe(65);
    expect(await run('incident', 'list').then(({ stdout }) => stdout)).toContain('No incident is open');
  });

  it('pages whoever is on call, has a real person approve, and lists what they may not do', async () => {
    const big = { fault: { kind: 'overwrite', object: 'contacts', field: 'firstname', share: 0.9 } };
    const { folder, mail, run } = await workspace({}, big);
    const game = run('--json', 'drill', 'run', 'names', '--people', '--yes', '--wait', '5m', '--report', 'reports');
    const [, id = ''] = await mailWith(
      mail,
      /DRILL: \[sev2\] Wrong first names\s+This is a drill\. No real data is affected\.[^]*runback incident ack (\S+)/u,
    );
    const listed = await run('incident', 'list');
    expect(listed.stdout).toContain('[sev2] DRILL: Wrong first names');
    // The roles that a drill gives count for nothing real, and no real run belongs to it.
    expect((await run('runbook', 'run', RUNBOOK, '--incident', id)).code).toBe(64);
    expect((await run('incident', 'ack', id, '--as', 'maya')).code).toBe(0);
    const [, stage = '', step = ''] = await mailWith(mail, /runback approve (run-\S+) --workspace\s+(\S+)/u);
    const approve = ['approve', stage, '--workspace', step, '--as', 'lee'];
    const [confirmation = ''] = /sandbox:\d+/u.exec((await run(...approve)).stderr) ?? [];
    // Maya is called there too, and may not.
    expect((await run('approve', stage, '--workspace', step, '--as', 'maya', '--confirm', confirmation)).code).not.toBe(0);
    expect((await run(...approve, '--confirm', confirmation)).code).toBe(0);
    const ended = await game;
    expect(ended.code, ended.stdout + ended.stderr).toBe(0);
    const { passed, checks, people } = resultOf(ended);
    expect(passed).toBe(true);
    expect(checks.at(-1)).toMatchObject({ name: 'answered', passed: true, found: expect.stringMatching(/^Maya Ortiz after /u) as string });
    expect(people).toMatchObject({
      incident: id,
      answer: { by: 'maya', name: 'Maya Ortiz' },
      approvals: [{ step: 'Have a large restore approved', given: ['Lee Park'] }],
    });
    const permission = people?.findings.find(({ kind }) => kind === 'permission');
    expect(permission).toMatchObject({
      owner: 'whoever keeps escalation.yml',
      what: expect.stringMatching(/^Maya Ortiz answered and may not pause-syncs, snapshot/u) as string,
    });
    expect(people?.findings.map(({ kind }) => kind)).not.toContain('unanswered');
    const html = await readFile(join(folder, 'reports', 'drills.html'), 'utf8');
    expect(html).toContain('Maya Ortiz answered and may not');
    expect(html).toContain('given by Lee Park after');
    expect(await readFile(join(folder, 'reports', 'junit.xml'), 'utf8')).toContain('<system-out>permission: Maya Ortiz answered');
    const card = await run('drill', 'report', 'latest');
    expect(card.stdout).toContain('permission: Maya Ortiz answered and may not');
    expect((await run('drill', 'history')).stdout).toMatch(/names: passed, \d+ findings?/u);
    expect((await run('incident', 'list')).stdout).toContain('No incident is open');
    expect(await readIfThere(join(folder, 'real.log'))).toBe('');
    for (const { parsed } of mail.mails) expect(parsed.subject).toMatch(/^DRILL: /u);
  });

  it('lists pages that nobody answered and keys that are missing, with owners, and fails', async () => {
    const { folder, mail, run } = await workspace({ within: '2s', signed: true });
    const ended = await run('--json', 'drill', 'run', 'names', '--people', '--yes');
    expect(ended.code, ended.stderr).toBe(2);
    const { checks, people, passed } = resultOf(ended);
    expect([passed, checks.filter((one) => !one.passed).map(({ name }) => name)]).toEqual([false, ['answered']]);
    expect(people?.answer).toBeUndefined();
    const found = people?.findings.map(({ kind, owner, what }) => ({ kind, owner, what }));
    expect(found).toContainEqual({ kind: 'unanswered', owner: 'Maya Ortiz', what: 'Maya Ortiz (on call in crm) did not answer within 2s' });
    expect(found).toContainEqual({ kind: 'unanswered', owner: 'Lee Park', what: 'Lee Park did not answer within 2s' });
    expect(found).toContainEqual({
      kind: 'key',
      owner: 'Lee Park',
      what: 'Lee Park may approve-restore and has no key: approvals have to be signed here',
    });
    expect((await run('incident', 'show', people?.incident ?? '')).stdout).toMatch(/Nobody answered: the drill continues\s+without people/u);
    const before = mail.mails.length;
    await run('daemon', '--once');
    expect(mail.mails.length).toBe(before);
    expect(await readIfThere(join(folder, 'drill.log'))).toContain('"drill":true');
    expect(await readIfThere(join(folder, 'real.log'))).toBe('');
    // That nobody answered says nothing of the runbook.
    expect((await run('runbook', 'list')).stdout).not.toContain('failed');
  });

  it('where approvals have to be signed, only a signature counts on its stage too', async () => {
    const big = { fault: { kind: 'overwrite', object: 'contacts', field: 'firstname', share: 0.9 } };
    const { folder, mail, run } = await workspace({ signed: true }, big);
    const key = join(folder, 'lee');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const [type, body] = (await readFile(`${key}.pub`, 'utf8')).split(' ');
    const file = join(folder, 'escalation.yml');
    const contact = 'lee: { name: Lee Park,';
    await writeFile(file, (await readFile(file, 'utf8')).replace(contact, `${contact} key: ${type} ${body},`));
    // The key that opens the backups is said to be somewhere where it is not.
    const encrypt = { to: [await identityToRecipient(await generateIdentity())] };
    await writeFile(join(folder, 'runback.yml'), JSON.stringify({ version: 1, backups: { encrypt, identity: 'file:gone.key' } }));
    const game = run('--json', 'drill', 'run', 'names', '--people', '--yes', '--wait', '5m');
    const [, id = ''] = await mailWith(mail, /runback incident ack (\S+)/u);
    expect((await run('incident', 'ack', id, '--as', 'maya')).code).toBe(0);
    const [, stage = '', step = ''] = await mailWith(mail, /runback approve (run-\S+) --workspace\s+(\S+)/u);
    const approve = ['approve', stage, '--workspace', step, '--as', 'lee'];
    const [confirmation = ''] = /sandbox:\d+/u.exec((await run(...approve, '--key', key)).stderr) ?? [];
    const unsigned = await run(...approve, '--confirm', confirmation);
    expect([unsigned.code, unsigned.stderr]).toEqual([6, expect.stringContaining('--key')]);
    const signed = await run(...approve, '--key', key, '--confirm', confirmation);
    expect(signed.code, signed.stderr).toBe(0);
    const ended = await game;
    expect(ended.code, ended.stdout + ended.stderr).toBe(0);
    const { people } = resultOf(ended);
    expect(people?.approvals).toMatchObject([{ given: ['Lee Park'] }]);
    expect(people?.findings.filter(({ kind }) => kind === 'key')).toEqual([
      expect.objectContaining({ owner: 'whoever keeps the key of the backups', what: expect.stringContaining('gone.key') as string }),
    ]);
  });

  it('killed in the middle, pages nobody on: the next drill ends its incident', async () => {
    const { folder, mail, run, later, env } = await workspace({ within: WHILE });
    const game = spawn(process.execPath, [program, 'drill', 'run', 'names', '--people', '--yes'], {
      cwd: folder,
      env: cleanEnv(env),
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => game.once('exit', resolve));
    const [, id = ''] = await mailWith(mail, /runback incident ack (\S+)/u);
    game.kill('SIGKILL');
    await ended;
    // What it is does not wait for a level, nor for a drill that can be run.
    expect((await run('drill', 'run', 'nothing-of-that-name')).code).toBe(10);
    expect((await run('incident', 'show', id)).stdout).toMatch(/Resolved: The drill was stopped before its\s+end/u);
    expect((await later('daemon', '--once')).code).toBe(0);
    expect(mail.mails.length).toBe(1);
    expect(await readIfThere(join(folder, 'drill.log'))).toBe('');
  });

  it('stopped with Ctrl-C while somebody is waited for, is over for whoever was paged, and pages nobody on', async () => {
    const { mail, run, later, folder, env } = await workspace({ within: WHILE });
    const game = spawn(process.execPath, [program, 'drill', 'run', 'names', '--people', '--yes'], { cwd: folder, env: cleanEnv(env), stdio: 'pipe' });
    let said = '';
    game.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const ended = new Promise<number | null>((resolve) => game.once('exit', resolve));
    const [, id = ''] = await mailWith(mail, /runback incident ack (\S+)/u);
    game.kill('SIGINT');
    expect(await ended, said).toBe(130);
    expect((await run('incident', 'show', id)).stdout).toMatch(/Resolved: The drill was stopped before its\s+end/u);
    expect((await run('incident', 'list')).stdout).toContain('No incident is open');
    const before = mail.mails.length;
    expect((await later('daemon', '--once')).code).toBe(0);
    expect(mail.mails.length).toBe(before);
    expect(await readIfThere(join(folder, 'drill.log'))).not.toContain('"kind":"alert"');
    expect(await readIfThere(join(folder, 'real.log'))).toBe('');
  });

  it('where a daemon runs, leaves the pages to it: each goes out once', async () => {
    const { folder, mail, run, env } = await workspace({ within: '2s', last: '2s' });
    const daemon = spawn(process.execPath, [program, 'daemon', '--port', '0', '--json'], {
      cwd: folder,
      env: cleanEnv(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => {
      daemon.kill('SIGKILL');
    });
    const gone = new Promise((resolve) => daemon.once('exit', resolve));
    await new Promise((resolve) => daemon.stdout.once('data', resolve));
    const ended = await run('--json', 'drill', 'run', 'names', '--people', '--yes');
    expect(ended.code, ended.stderr).toBe(2);
    const { people } = resultOf(ended);
    expect(people?.findings.flatMap(({ kind, owner }) => (kind === 'unanswered' ? owner : []))).toEqual(
      expect.arrayContaining(['Maya Ortiz', 'Lee Park']),
    );
    daemon.kill('SIGTERM');
    await gone;
    const alerts = mail.mails.filter(({ parsed }) => parsed.text?.includes(`runback incident ack ${people?.incident ?? ''}`));
    const receivers = alerts.map(({ to }) => String(to));
    expect(receivers.length).toBe(2);
    expect(new Set(receivers).size).toBe(2);
    expect(await readIfThere(join(folder, 'real.log'))).toBe('');
  });
});
