import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { backupTicker, copyWork, type DueWork, jobWork, testedJobs, testWork, verifyTask, verifyWork } from '../../../backups/index.js';
import { messageOf, runProgram } from '../../../lib/index.js';
import { loadWorkspace, type WorkspaceConfig } from '../../../workspace/index.js';
import type { Session } from '../../session/session.js';
import type { DaemonRun } from '../../session/wiring.js';
import type { CommandContext } from '../../shell/command.js';

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
  const { store } = session;
  const config = freshConfig(session, say);
  const works = async (): Promise<readonly DueWork[]> => {
    const now = await config();
    const jobs = Object.values(now.backups.jobs);
    const copies = Object.keys(now.backups.copies ?? {});
    const task = verifyTask(now);
    return [
      ...jobs.map((job) => jobWork(store, job, backup, copies)),
      ...copies.map((name) => copyWork(store, name, copy)),
      ...testedJobs(jobs).map((job) => testWork(store, job, test)),
      ...(task === undefined ? [] : [verifyWork(store, task, verify, copies)]),
    ];
  };
  return backupTicker({ clock, works, once: input.flag('once') });
}

/** What runback.yml says now; of one that cannot be used, the last that could. */
function freshConfig(session: Session, say: (line: string) => void): () => Promise<WorkspaceConfig> {
  const path = join(session.workspace.root, 'runback.yml');
  const mark = async (): Promise<string> => {
    const found = await stat(path).catch(() => undefined);
    return found === undefined ? 'none' : `${found.ino} ${found.size} ${found.mtimeMs}`;
  };
  let { config } = session.workspace;
  let known: string | undefined;
  return async () => {
    const now = await mark();
    if (known !== undefined && now !== known)
      try {
        ({ config } = await loadWorkspace(session.workspace.root));
        say('runback.yml has changed: its backup jobs are in use.');
      } catch (error) {
        say(`runback.yml cannot be used, so the backup jobs stay as they were: ${messageOf(error)}`);
      }
    known = now;
    return config;
  };
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
