import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll } from 'vitest';

import { jsonLines } from '../../cli/support/child.js';
import { runHere } from '../../cli/support/here.js';
import { openWorkspace, type TestWorkspace } from '../../cli/support/workspace.js';

/** A workspace with a HubSpot sandbox and these jobs, as they stand in runback.yml. Closed with the tests of the file. */
export async function workspaceWith(jobs: string, size = 20): Promise<TestWorkspace> {
  const opened = await openWorkspace(size);
  afterAll(opened.close);
  await setJobs(opened.dir, jobs);
  return opened;
}

/** Other jobs for a workspace. */
export async function setJobs(dir: string, jobs: string): Promise<void> {
  const path = join(dir, 'runback.yml');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace(/^backups:.*/msu, `backups:\n  storage: backups\n  jobs:\n${jobs.replaceAll(/^/gmu, '    ')}\n`));
}

/** Runs a command in a workspace, in this process; its exit status and the last JSON object. */
export async function call(
  dir: string,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly json: Json; readonly err: string }> {
  const { code, stdout, stderr } = await runHere([...args, '--json'], { cwd: dir });
  return { code, json: jsonLines(stdout).at(-1) as unknown as Json, err: stderr };
}

/** What a command printed with --json. */
export interface Json {
  readonly ok: boolean;
  readonly data: Readonly<Record<string, unknown>>;
  readonly error: Readonly<Record<string, unknown>>;
}
