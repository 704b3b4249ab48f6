import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { backupTicker, type DueWork, jobWork, testedJobs, testWork } from '../../backups/index.js';
import { messageOf, runProgram } from '../../lib/index.js';
import { type JobConfig, loadWorkspace } from '../../workspace/index.js';
import type { Session } from '../session/session.js';
import type { DaemonRun } from '../session/wiring.js';
import type { CommandContext } from '../shell/command.js';
import { jobsOf } from './backup-jobs.js';

/** Longest that one run of a job may take. */
const LIMIT_MS = 24 * 3_600_000;

/**
 * Runs backup jobs and restore tests when they are due, in a process of their own each, so that no page waits for them. Where the daemon
 * ends in the middle of one, it is due again.
 */
export function backupJobsTicker(
  session: Session,
  { stdio, call, input, clock }: CommandContext,
  say: (line: string) => void,
): NonNullable<DaemonRun['tickers']>[number] {
  const { root } = session.workspace;
  const env = Object.fromEntries(Object.entries(stdio.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  const started =
    (what: string, words: readonly string[]) =>
    async (job: string): Promise<void> => {
      const program = [process.execPath, process.argv[1] ?? 'runback', '--workspace', root, '--json', '--as', session.by];
      const end = await runProgram([...program, ...words, job, '--due'], { cwd: root, env, timeoutMs: LIMIT_MS, signal: call.signal });
      say(
        end.state === 'exited'
          ? `${what} ${job}: ${stateIn(end.stdout) ?? 'ended'} (status ${end.status}).`
          : `${what} ${job} did not come to its end: ${end.state}.`,
      );
    };
  const backup = started('Backup job', ['backup', 'run']);
  const test = started('Restore test of', ['backup', 'test-restore']);
  const { store } = session;
  const jobs = freshJobs(session, say);
  const works = async (): Promise<readonly DueWork[]> => {
    const now = await jobs();
    return [...now.map((job) => jobWork(store, job, backup)), ...testedJobs(now).map((job) => testWork(store, job, test))];
  };
  return backupTicker({ clock, works, once: input.flag('once') });
}

/** The jobs of runback.yml as it is now; of one that cannot be used, the last that could. */
function freshJobs(session: Session, say: (line: string) => void): () => Promise<readonly JobConfig[]> {
  const path = join(session.workspace.root, 'runback.yml');
  const mark = async (): Promise<string> => {
    const found = await stat(path).catch(() => undefined);
    return found === undefined ? 'none' : `${found.ino} ${found.size} ${found.mtimeMs}`;
  };
  let jobs = jobsOf(session);
  let known: string | undefined;
  return async () => {
    const now = await mark();
    if (known !== undefined && now !== known)
      try {
        jobs = jobsOf({ workspace: await loadWorkspace(session.workspace.root) });
        say('runback.yml has changed: its backup jobs are in use.');
      } catch (error) {
        say(`runback.yml cannot be used, so the backup jobs stay as they were: ${messageOf(error)}`);
      }
    known = now;
    return jobs;
  };
}

/** How a job has ended, in the words of its own output. */
function stateIn(stdout: string): string | undefined {
  try {
    const { data } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as {
      readonly data?: { readonly jobs?: readonly { readonly state: string }[] };
    };
    return data?.jobs?.[0]?.state;
  } catch {
    return undefined;
  }
}
