import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { backupTicker } from '../../backups/index.js';
import { messageOf, runProgram } from '../../lib/index.js';
import { type JobConfig, loadWorkspace } from '../../workspace/index.js';
import type { Session } from '../session/session.js';
import type { DaemonRun } from '../session/wiring.js';
import type { CommandContext } from '../shell/command.js';
import { jobsOf } from './backup-jobs.js';

/** Longest that one run of a job may take. */
const LIMIT_MS = 24 * 3_600_000;

/**
 * Runs backup jobs when they are due, in a process of their own each, so that no page waits for them. Where the daemon
 * ends in the middle of one, it is due again.
 */
export function backupJobsTicker(
  session: Session,
  { stdio, call, input, clock }: CommandContext,
  say: (line: string) => void,
): NonNullable<DaemonRun['tickers']>[number] {
  const { root } = session.workspace;
  const env = Object.fromEntries(Object.entries(stdio.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  const start = async (job: string): Promise<void> => {
    const command = [
      process.execPath,
      process.argv[1] ?? 'runback',
      '--workspace',
      root,
      '--json',
      '--as',
      session.by,
      'backup',
      'run',
      job,
      '--due',
    ];
    const end = await runProgram(command, { cwd: root, env, timeoutMs: LIMIT_MS, signal: call.signal });
    say(
      end.state === 'exited'
        ? `Backup job ${job}: ${stateIn(end.stdout) ?? 'ended'} (status ${end.status}).`
        : `Backup job ${job} did not come to its end: ${end.state}.`,
    );
  };
  return backupTicker({ store: session.store, clock, jobs: freshJobs(session, say), start, once: input.flag('once') });
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
