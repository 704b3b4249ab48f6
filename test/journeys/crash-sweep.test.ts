import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type HubSpotSandbox, integration, person, seedMessy, startHubSpotSandbox } from '../../src/sandbox/index.js';
import { jsonLines, program } from '../cli/support/child.js';
import { type CrashCommand, type CrashKind, type CrashOperation, describeSweep, runCrashing, type Sweep, sweep } from '../support/crash.js';
import { fullSweeps, thinned } from '../support/sweeps.js';
import { fileSyncs, openOperator } from './support/operator.js';

const FEED = integration('48621', 'Feed');

/** What the account is, apart from times. */
function stateOf(sandbox: HubSpotSandbox): unknown {
  const records = ['contacts', 'companies'].flatMap((object) =>
    sandbox.records(object).map(({ id, archived, properties }) => ({ object, id, archived, properties })),
  );
  return {
    records,
    links: sandbox
      .links()
      .map((link) => JSON.stringify(link))
      .sort(),
  };
}

/** A damaged account, a workspace with a good snapshot of it, and answers to everything mass-overwrite asks. */
async function stage(): Promise<Stage> {
  const sandbox = await startHubSpotSandbox({ seed: 5, limits: { per10s: 100_000, searchPerSecond: 10_000 } });
  const { contacts } = seedMessy(sandbox, { contacts: 40, companies: 6, deals: 0, seed: 5 });
  const operator = await openOperator(
    `version: 1
platforms:
  hubspot:
    connector: hubspot
    environment: sandbox
    account: "${sandbox.portalId}"
    url: ${sandbox.url}
    credentials: { token: file:token }
    objects: [contacts, companies]
    limits: { requests_per_10s: 10000 }
${fileSyncs('hubspot', 'INTEGRATION:48621')}restores: { limits: { percent: 100 } }
backups: { storage: backups }
`,
    { token: sandbox.token },
  );
  const made = await operator.done('snapshot', 'create', '--platform', 'hubspot');
  await operator.done('snapshot', 'verify', String(made['id']));
  const feed = sandbox.writeAs(FEED);
  for (const id of contacts.slice(0, 8)) feed.update('contacts', id, { firstname: 'Valued Customer' });
  for (const id of contacts.slice(4, 12)) feed.update('contacts', id, { phone: '' });
  for (const link of sandbox
    .links()
    .filter(({ fromObject, toObject }) => fromObject === 'contacts' && toObject === 'companies')
    .slice(0, 3))
    feed.unlink('contacts', link.from, 'companies', link.to);
  for (const name of ['One', 'Two']) feed.create('contacts', { firstname: name, lastname: 'Duplicate', email: `${name}@dup.example` });
  sandbox.writeAs(person(7)).update('contacts', contacts[9] ?? '', { jobtitle: 'Edited by hand' });
  return { sandbox, operator, dump: sandbox.dump() };
}

interface Stage {
  readonly sandbox: HubSpotSandbox;
  readonly operator: Awaited<ReturnType<typeof openOperator>>;
  readonly dump: unknown;
}

let staged: Stage;
let worlds: string;
let wanted: { readonly state: unknown; readonly writes: Readonly<Record<string, number>> };
let current = '';
let made = 0;

/** The workspace and the account as they were before the run. */
async function fresh(): Promise<string> {
  const dir = join(worlds, String((made += 1)));
  await cp(staged.operator.dir, dir, { recursive: true });
  staged.sandbox.load(staged.dump);
  staged.sandbox.resetCounts();
  current = dir;
  return dir;
}

function command(dir: string, verb: readonly string[], which: readonly CrashKind[]): CrashCommand {
  return {
    args: [program, 'runbook', ...verb, '--answers', 'answers.yml', '--json', '--no-input', '--as', 'maya'],
    cwd: dir,
    which,
    within: [join(dir, '.runback'), join(dir, 'backups')],
  };
}
const START = ['run', 'mass-overwrite', '--input', 'platform=hubspot'];

/** Goes on until the run is done: resumes it, or starts it where the crash came before there was one. `again`: killed once more on the way. */
async function goOn(dir: string, again: number | undefined): Promise<void> {
  for (let tries = 0; tries < 4; tries += 1) {
    const runs = await readdir(join(dir, '.runback', 'runs')).catch(() => []);
    const verb = runs.length > 0 ? ['resume', 'latest'] : START;
    const point = tries === 0 && again !== undefined ? { n: again, when: 'after' as const } : undefined;
    const ended = await runCrashing(command(dir, verb, ['http']), point);
    if (ended.killed) continue;
    const last = jsonLines(ended.stdout).at(-1) as {
      readonly data?: { readonly state?: string };
      readonly error?: { readonly code?: string; readonly message?: string };
    };
    // Killed before its first line was on disk: there is no run, and nothing has been done.
    if (last.error?.code === 'not-found') {
      await rm(join(dir, '.runback', 'runs'), { recursive: true });
      continue;
    }
    if (ended.code === 0) return;
    // Killed after its last line was on disk: it is done.
    if (last.error?.code === 'usage' && last.error.message?.endsWith('is closed: succeeded') === true) return;
    throw new Error(`${verb.join(' ')} ended with ${String(ended.code)}: ${JSON.stringify(last).slice(0, 1500)}\n${ended.stderr.slice(-500)}`);
  }
  throw new Error('the run did not come to its end');
}

const after: Sweep['after'] = async ({ n }, result) => {
  if (!result.killed) return;
  // Every third crash is followed by another one, at the fourth platform call of the resumption.
  await goOn(current, n % 3 === 0 ? 4 : undefined);
  expect(stateOf(staged.sandbox)).toEqual(wanted.state);
  const { writesPerRecord, repeatedCreates } = staged.sandbox.counts();
  expect(writesPerRecord).toEqual(wanted.writes);
  expect(repeatedCreates).toEqual({});
  expect([await readFile(join(current, 'sync-feed'), 'utf8'), await readFile(join(current, 'sync-archive'), 'utf8')]).toEqual(['running', 'paused']);
  await rm(current, { recursive: true });
};

describe('kill -9 anywhere in a whole run against HubSpot, then resume (G1)', { timeout: 1_800_000 }, () => {
  beforeAll(async () => {
    worlds = await mkdtemp(join(tmpdir(), 'runback-sweep-'));
    staged = await stage();
    const { operator, sandbox } = staged;
    // Undisturbed, question by question; the answers are kept for everything that follows.
    const before = await mkdtemp(join(tmpdir(), 'runback-sweep-'));
    await cp(operator.dir, before, { recursive: true });
    sandbox.resetCounts();
    const ended = await operator.follow(['runbook', ...START], async (question) => {
      if (question === 'review') return 'yes';
      if (question === 'review_created') return 'delete';
      if (question.startsWith('allow')) return 'approve';
      return question.startsWith('apply')
        ? `sandbox:${((await operator.done('restore', 'show', 'latest'))['counts'] as { readonly records: number }).records}`
        : 'done';
    });
    if (ended.code !== 0) throw new Error(`the undisturbed run ended with ${String(ended.code)}: ${ended.stdout.slice(-1500)}`);
    wanted = { state: stateOf(sandbox), writes: sandbox.counts().writesPerRecord };
    const answers = await readFile(join(operator.dir, 'answers.yml'), 'utf8');
    await rm(operator.dir, { recursive: true });
    await cp(before, operator.dir, { recursive: true });
    await rm(before, { recursive: true });
    await writeFile(join(operator.dir, 'answers.yml'), answers);
  });
  afterAll(async () => {
    await staged.sandbox.stop();
    await staged.operator.close();
    await rm(worlds, { recursive: true, force: true });
  });

  test('at every call that writes, before it and after it; at each kind of call that reads, after it', async () => {
    const before = async (): Promise<CrashCommand> => command(await fresh(), START, ['http']);
    expect(Object.keys(wanted.writes).length).toBeGreaterThan(12);
    const writes = await sweep({
      before,
      after,
      pick: (all) => all.filter(isWrite),
      moments: fullSweeps ? ['before', 'half', 'after'] : ['before', 'after'],
    });
    console.log(describeSweep('platform calls that write, in a whole run', writes));
    expect(writes.points).toBeGreaterThan(6);
    const reads = await sweep({
      before,
      after,
      pick: (all) => thinned(1)(all.filter((operation) => !isWrite(operation))),
      moments: fullSweeps ? ['before', 'half', 'after'] : ['after'],
    });
    console.log(describeSweep('platform calls that read, in a whole run', reads));
    expect(reads.points).toBeGreaterThan(5);
  });

  test('at writes of its journals, spread from first to last, and at each kind of storage operation, after it', async () => {
    const before = async (): Promise<CrashCommand> => command(await fresh(), START, ['fs']);
    const isJournal = ({ name, target }: CrashOperation): boolean => /sync/u.test(name) && target.endsWith('journal.ndjson');
    const report = await sweep({
      before,
      after,
      pick: (all) => [
        ...thinned(10, () => 'journals')(all.filter(isJournal)),
        ...thinned(1, folderOf)(all.filter((operation) => !isJournal(operation) && folderOf(operation.target) !== 'logs')),
      ],
      moments: fullSweeps ? ['before', 'half', 'after'] : ['after'],
    });
    console.log(describeSweep('journal writes and storage operations, in a whole run', report));
    expect(report.points).toBeGreaterThan(15);
  });
});

/** The folder of the state, or of the snapshots, that a file operation is about. */
function folderOf(target: string): string {
  return /\/\.runback\/(\w+)/u.exec(target)?.[1] ?? (target.includes('/backups') ? 'backups' : 'workspace');
}

function isWrite({ target }: CrashOperation): boolean {
  return /\/batch\/(?:create|update|upsert|archive)/u.test(target);
}
