import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type HubSpotSandbox, integration, type Sandbox, seedMessy, startHubSpotSandbox } from '../../../src/sandbox/index.js';
import { program } from '../../cli/support/child.js';
import { type CrashMoment, type CrashOperation, type CrashResult, runCrashing } from '../../support/crash.js';
import { openOperator } from './operator.js';

/** What is killed: writing a plan, taking it back, reading the platform. */
export const VICTIMS = ['apply', 'undo', 'snapshot'] as const;
export type Victim = (typeof VICTIMS)[number];

const LIMITS = { per10s: 100_000, searchPerSecond: 10_000 };
/** A message that leads on and on leads nowhere. */
const MOST_COMMANDS = 6;

/** One command as a person runs it, to its end. */
interface Ran {
  readonly code: number | null;
  readonly text: string;
}

/** A damaged account and a workspace, put back to where they were before each kill. */
export interface KillWorld {
  /** What an undisturbed command does, in order. */
  operations(victim: Victim): Promise<readonly CrashOperation[]>;
  /**
   * Puts the world back, starts the victim, and kills it at its n-th operation. False where it came to its end before.
   */
  kill(victim: Victim, n: number, when: CrashMoment): Promise<boolean>;
  /** Does what the messages say until there is nothing left to do: every command that was run, with its exit status. */
  follow(victim: Victim): Promise<readonly string[]>;
  /** What is wrong with the account and the workspace now, in words: nothing, where all is well. */
  wrong(victim: Victim): Promise<readonly string[]>;
  close(): Promise<void>;
}

interface Staged {
  readonly dir: string;
  readonly dump: unknown;
  readonly truth: string;
}

/** An account, and what happens to it. */
export interface KillScene {
  /** Name in runback.yml. */
  readonly platform: string;
  readonly sandbox: Pick<Sandbox, 'token' | 'dump' | 'load' | 'resetCounts' | 'counts' | 'stop'>;
  /** The text of runback.yml. */
  readonly config: string;
  /** The account as people see it. */
  truth(): string;
  damage(): void;
  /** Flags of `restore show` that decide the conflicts of the plan. */
  readonly decides?: readonly string[];
  /** How an undo ends that nothing disturbs; 0 unless the platform lets no undo put all of it back. */
  readonly undoEnds?: number;
}

async function hubspotScene(): Promise<KillScene> {
  const sandbox = await startHubSpotSandbox({ seed: 7, limits: LIMITS });
  const { contacts } = seedMessy(sandbox, { contacts: 24, companies: 3, deals: 0, seed: 7 });
  return {
    platform: 'hubspot',
    sandbox,
    config: configOf(sandbox),
    truth: () => truthOf(sandbox),
    damage: () => {
      const feed = sandbox.writeAs(integration('48621', 'Feed'));
      for (const id of contacts.slice(0, 9)) feed.update('contacts', id, { jobtitle: 'Valued Customer' });
      for (const id of contacts.slice(9, 12)) feed.archive('contacts', id);
      for (const name of ['One', 'Two']) feed.create('contacts', { firstname: name, email: `${name}@dup.example` });
    },
  };
}

/** Damages an account with a good snapshot, plans, and keeps it twice: before the plan is applied, and after. */
export async function openKillWorld(scene?: KillScene): Promise<KillWorld> {
  const root = await mkdtemp(join(tmpdir(), 'runback-kills-'));
  const { platform, sandbox, config, truth: told, damage, decides, undoEnds = 0 } = scene ?? (await hubspotScene());
  const operator = await openOperator(config, { token: sandbox.token });
  const good = told();
  const base = String((await operator.done('snapshot', 'create', '--platform', platform))['id']);
  damage();
  const made = await operator.run('restore', 'plan', '--platform', platform, '--base', base, '--unattributed', 'include', '--delete-created');
  const plan = decides === undefined ? made.data : await operator.done('restore', 'show', String(made.data['id']), ...decides);
  const id = String(plan['id']);
  const confirm = `sandbox:${(plan['counts'] as { readonly records: number }).records}`;
  const keep = async (name: string): Promise<Staged> => {
    const dir = join(root, name);
    await cp(operator.dir, dir, { recursive: true });
    return { dir, dump: sandbox.dump(), truth: told() };
  };
  const damaged = await keep('damaged');
  const apply = ['restore', 'apply', id, '--confirm', confirm];
  await operator.done(...apply);
  const applied = await keep('applied');
  await operator.close();
  if (applied.truth !== good) throw new Error('an undisturbed restore does not bring back what was there');

  const dir = join(root, 'work');
  const commands: Readonly<Record<Victim, readonly string[]>> = {
    apply,
    undo: ['restore', 'undo', 'latest'],
    snapshot: ['snapshot', 'create', '--platform', platform],
  };
  const start: Readonly<Record<Victim, Staged>> = { apply: damaged, undo: applied, snapshot: damaged };
  const truth: Readonly<Record<Victim, string>> = { apply: good, undo: damaged.truth, snapshot: damaged.truth };

  const reset = async (victim: Victim): Promise<void> => {
    await rm(dir, { recursive: true, force: true });
    await cp(start[victim].dir, dir, { recursive: true });
    await writeFile(join(dir, 'runback.yml'), config);
    sandbox.load(start[victim].dump);
    sandbox.resetCounts();
  };
  const crashing = (args: readonly string[], point?: { readonly n: number; readonly when: CrashMoment }): Promise<CrashResult> =>
    runCrashing(
      {
        args: [program, ...args, '--no-input', '--as', 'maya'],
        cwd: dir,
        which: ['fs', 'http'],
        within: [join(dir, '.runback'), join(dir, 'backups')],
      },
      point,
    );
  const run = async (args: readonly string[]): Promise<Ran> => {
    const { code, stdout, stderr } = await crashing(args);
    return { code, text: `${stdout}\n${stderr}`.replaceAll(/\s+/gu, ' ') };
  };

  return {
    operations: async (victim) => {
      await reset(victim);
      const ended = await crashing(commands[victim]);
      if (ended.code !== 0) throw new Error(`${victim} ended with ${String(ended.code)}\n${ended.stdout}\n${ended.stderr}`);
      return ended.operations.filter(({ target }) => !target.includes('/.runback/logs'));
    },
    kill: async (victim, n, when) => {
      await reset(victim);
      const ended = await crashing(commands[victim], { n, when });
      if (!ended.killed && ended.code !== 0) throw new Error(`${victim} ended with ${String(ended.code)}\n${ended.stdout}\n${ended.stderr}`);
      return ended.killed;
    },
    follow: async (victim) => {
      const said: string[] = [];
      // What a person does first after a crash; where nothing is open, the command is simply run again.
      let next = goOnIn((await run(['status'])).text) ?? commands[victim];
      while (said.length < MOST_COMMANDS) {
        const ended = await run(next);
        said.push(`${next.join(' ')}: ${String(ended.code)}`);
        if (ended.code === 0) break;
        const named = nextIn(ended.text);
        if (named === undefined) throw new Error(`${said.join(', ')}: no command is named\n${ended.text}`);
        next = named;
      }
      const isOpen = goOnIn((await run(['status'])).text);
      if (isOpen !== undefined) throw new Error(`${said.join(', ')}: status still says ${isOpen.join(' ')}`);
      return said;
    },
    wrong: async (victim) => {
      const problems: string[] = [];
      // What the messages led to may have been the end of the victim's work, or the way back to its beginning: both are
      // whole.
      if (told() !== truth[victim]) problems.push('the account is not what an undisturbed command leaves');
      if (Object.keys(sandbox.counts().repeatedCreates).length > 0) problems.push('a record was created twice');
      // A new piece of work of the same kind begins and ends.
      const again = victim === 'snapshot' ? commands.snapshot : victim === 'apply' ? commands.undo : apply;
      const ended = await run(again);
      if (ended.code !== (victim === 'apply' ? undoEnds : 0))
        problems.push(`${again.join(' ')} ended with ${String(ended.code)}: ${ended.text.slice(-600)}`);
      const locks = (await readdir(join(dir, '.runback', 'locks')).catch(() => [])).filter((name) => name.endsWith('.lock'));
      if (locks.length > 0) problems.push(`locks are left: ${locks.join(', ')}`);
      const partial = (await readdir(join(dir, 'backups'))).filter((name) => !name.endsWith('.zip'));
      if (victim === 'snapshot' && partial.length > 0) problems.push(`unfinished snapshots are left: ${partial.join(', ')}`);
      return problems;
    },
    close: async () => {
      await sandbox.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Records as people see them; those that were created again have other ids. */
function truthOf(sandbox: HubSpotSandbox): string {
  const live = sandbox.records('contacts').filter(({ archived }) => !archived);
  return JSON.stringify(
    live
      .map(({ properties: { email, firstname, lastname, jobtitle, phone } }) =>
        [email, firstname, lastname, jobtitle, phone].map((value) => value ?? ''),
      )
      .map((fields) => JSON.stringify(fields))
      .sort(),
  );
}

/** The command that `status` names to go on with. */
function goOnIn(text: string): readonly string[] | undefined {
  return commandIn(/Continue(?: \S+)?:? +runback ((?:restore|runbook) \w+ \S+)/u.exec(text)?.[1]);
}

/** The command that an error names. */
function nextIn(text: string): readonly string[] | undefined {
  return commandIn(/Next .*?runback ((?:restore|runbook) \w+ [a-z]+-\S+)/u.exec(text)?.[1]);
}

function commandIn(text: string | undefined): readonly string[] | undefined {
  return text?.split(' ');
}

function configOf(sandbox: HubSpotSandbox): string {
  return `version: 1
platforms:
  hubspot:
    connector: hubspot
    environment: sandbox
    account: "${sandbox.portalId}"
    url: ${sandbox.url}
    credentials: { token: file:token }
    objects: [contacts]
    limits: { requests_per_10s: 10000 }
    options: { settle: 0s }
restores: { limits: { percent: 100 } }
backups: { storage: backups }
`;
}
