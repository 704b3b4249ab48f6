import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'vitest';

import { type Finished } from '../../cli/support/child.js';
import { runHere } from '../../cli/support/here.js';
import { openWorkspace, type TestWorkspace } from '../../cli/support/workspace.js';

/** Records that each damage is about. */
export const DAMAGED = 20;
/**
 * A run of the small runbook from its beginning, and the last run gone on with; every question is answered by a file.
 */
export const START: readonly string[] = ['runbook', 'run', 'small', '--input', 'platform=hubspot', '--answers', 'answers.yml'];
export const RESUME: readonly string[] = ['runbook', 'resume', 'latest', '--answers', 'answers.yml'];

/** A workspace in which the same small run is made again and again, each time over new damage. */
export interface SmallRun extends TestWorkspace {
  /** Runs a command without a terminal, as maya. */
  go(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>;
  /** Writes another wrong title over the first records; forgets what was counted. */
  newDamage(): Promise<void>;
  /** Records of the last damage that are not as they were. */
  open(): number;
  /** Other text in runback.yml from now on; gives the text that was there. */
  configure(from: string, to: string): Promise<string>;
  /** The last run goes on to its end: all is repaired, each record was written once, and the sync is as it was. */
  expectResumed(env?: Readonly<Record<string, string>>): Promise<void>;
}

/** Opens one with 30 contacts and a verified snapshot of them. */
export async function openSmallRun(): Promise<SmallRun> {
  const workspace = await openWorkspace(30);
  const file = join(workspace.dir, 'runback.yml');
  await workspace.base();
  let before = new Map<string, string | undefined>();
  let turn = 0;
  const go: SmallRun['go'] = (args, env = {}) => runHere([...args, '--no-input', '--as', 'maya'], { cwd: workspace.dir, env });
  const open = (): number => [...before].filter(([id, title]) => workspace.title(id) !== title).length;
  return {
    ...workspace,
    go,
    open,
    newDamage: async () => {
      before = workspace.damage(DAMAGED, `Wrong ${(turn += 1)}`);
      workspace.sandbox.resetCounts();
      await writeFile(join(workspace.dir, 'answers.yml'), JSON.stringify({ review: 'yes', apply: `sandbox:${DAMAGED}`, told: 'done' }));
    },
    configure: async (from, to) => {
      const text = await readFile(file, 'utf8');
      expect(text).toContain(from);
      await writeFile(file, text.replace(from, to));
      return text;
    },
    expectResumed: async (env = {}) => {
      const ended = await go(RESUME, env);
      expect(ended, ended.stderr).toMatchObject({ code: 0 });
      expect(open()).toBe(0);
      expect(new Set(Object.values(workspace.sandbox.counts().writesPerRecord))).toEqual(new Set([1]));
      expect(workspace.paused()).toBe(false);
    },
  };
}

/** Text for people with its line breaks taken out. */
export const flat = ({ stderr }: Finished): string => stderr.replaceAll(/\s+/gu, ' ');
