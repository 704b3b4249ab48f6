import {
  backupTicker,
  copyWork,
  type DueWork,
  jobWork,
  pruneTask,
  pruneWork,
  testedJobs,
  testWork,
  verifyTask,
  verifyWork,
} from '../../../backups/index.js';
import { runProgram } from '../../../lib/index.js';
import type { FreshSession } from '../../session/fresh.js';
import type { Session } from '../../session/session.js';
import type { DaemonRun } from '../../session/wiring.js';
import type { CommandContext } from '../../shell/command.js';
import type { Crew } from '../crew.js';

const KIND = 'backups';
/** Runs of shared work at the same time: platforms allow so many requests, whoever sends them. */
const AT_ONCE = 5;
/** Longest that one run of a job may take. */
const LIMIT_MS = 24 * 3_600_000;

/**
 * Runs backup jobs and restore tests when they are due, in a process of their own each, so that no page waits for them. Where the daemon
 * ends in the middle of one, it is due again.
 */
export function backupJobsTicker(
  session: Session,
  fresh: FreshSession,
  { stdio, call, input, clock }: CommandContext,
  say: (line: string) => void,
  crew: Crew,
): NonNullable<DaemonRun['tickers']>[number] {
  const { root } = session.workspace;
  const env = Object.fromEntries(Object.entries(stdio.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  const started =
    (what: string, words: readonly string[]) =>
    async (job = ''): Promise<void> => {
      const program = [process.execPath, process.argv[1] ?? 'runback', '--workspace', root, '--json', '--as', session.by];
      const end = await runProgram([...program, ...words, ...(job === '' ? [] : [job]), '--due'], {
        cwd: root,
        env,
        timeoutMs: LIMIT_MS,
        signal: call.signal,
      });
      say(
        end.state === 'exited'
          ? `${what}${job}: ${stateIn(end.stdout) ?? 'ended'} (status ${end.status}).`
          : `${what}${job} did not come to its end: ${end.state}.`,
      );
    };
  const backup = started('Backup job ', ['backup', 'run']);
  const test = started('Restore test of ', ['backup', 'test-restore']);
  const verify = started('Verification of snapshots', ['snapshot', 'verify']);
  const copy = started('Copying to ', ['backup', 'copy']);
  const prune = started('Pruning of snapshots', ['backup', 'prune']);
  const { store } = session;
  const works = async (): Promise<readonly DueWork[]> => {
    const now = (await fresh.now()).workspace.config;
    const jobs = Object.values(now.backups.jobs);
    const copies = Object.keys(now.backups.copies ?? {});
    const [task, pruning] = [verifyTask(now), pruneTask(now)];
    return [
      ...jobs.map((job) => jobWork(store, job, backup, copies)),
      ...copies.map((name) => copyWork(store, name, copy)),
      ...testedJobs(jobs).map((job) => testWork(store, job, test)),
      ...(task === undefined ? [] : [verifyWork(store, task, verify, copies)]),
      ...(pruning === undefined ? [] : [pruneWork(store, pruning, prune)]),
    ];
  };
  const once = input.flag('once');
  const ticker = backupTicker({
    clock,
    works,
    once,
    ...(crew.isShared && !once ? { offer: async (name) => await crew.offer(KIND, name) } : {}),
  });
  crew.does(KIND, AT_ONCE, ticker.run);
  return ticker;
}

/** How it has ended, in the words of its own output. */
function stateIn(stdout: string): string | undefined {
  try {
    const { data } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as {
      readonly data?: { readonly state?: string; readonly jobs?: readonly { readonly state: string }[] };
    };
    return data?.state ?? data?.jobs?.[0]?.state;
  } catch {
    return undefined;
  }
}
