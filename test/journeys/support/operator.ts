import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type Finished, jsonLines, runback } from '../../cli/support/child.js';
import { runHere } from '../../cli/support/here.js';

const shippedRunbooks = fileURLToPath(new URL('../../../runbooks', import.meta.url));

/** What a command with --json ended with. */
export interface Answered extends Finished {
  readonly ok: boolean;
  readonly data: Record<string, unknown>;
  readonly error: { readonly code?: string; readonly message?: string; readonly next?: string; readonly data?: Record<string, unknown> };
}

/** A folder with a runback.yml, the shipped runbooks, and the real program run in it without a terminal. */
export interface Operator {
  readonly dir: string;
  /** Runs a command with `--json --no-input`. */
  run(...args: string[]): Promise<Answered>;
  /** The same, and it must end with 0. */
  done(...args: string[]): Promise<Record<string, unknown>>;
  write(name: string, text: string): Promise<void>;
  /** `running` or `paused` by name of sync: the state files of the syncs. */
  syncs(): Promise<Readonly<Record<string, string>>>;
  /**
   * Goes through a runbook: each time it stops for a person (exit 5), `answer` gives what goes into the answers file.
   */
  follow(first: readonly string[], answer: (question: string, times: number) => Promise<unknown>): Promise<Answered>;
  close(): Promise<void>;
}

/**
 * Two syncs, each a state file that a small program reads and writes: `feed` runs, `archive` was paused before the
 * incident.
 */
export function fileSyncs(platform: string, writesAs: string): string {
  const shell = (script: string): string => JSON.stringify(['sh', '-c', script]);
  const one = (name: string): string => `  ${name}:
    controller: command
    writes_to: [${platform}]
    writes_as: [${JSON.stringify(writesAs)}]
    status: { run: ${shell(`state=$(cat sync-${name}) && printf '{"state":"%s"}' "$state"`)}, paused: json.state == "paused" }
    pause: { run: ${shell(`printf paused >sync-${name}`)} }
    resume: { run: ${shell(`printf running >sync-${name}`)} }
`;
  return `syncs:\n${one('feed')}${one('archive')}`;
}

/** Opens a folder with this runback.yml. With `processes` each command is a process of its own. */
export async function openOperator(
  config: string,
  files: Readonly<Record<string, string>> = {},
  { processes = false }: { readonly processes?: boolean } = {},
): Promise<Operator> {
  const dir = await mkdtemp(join(tmpdir(), 'runback-journey-'));
  const write = async (name: string, text: string): Promise<void> => {
    await writeFile(join(dir, name), text, { mode: 0o600 });
  };
  await mkdir(join(dir, 'runbooks'));
  await cp(shippedRunbooks, join(dir, 'runbooks'), { recursive: true });
  await write('runback.yml', config);
  await write('sync-feed', 'running');
  await write('sync-archive', 'paused');
  for (const [name, text] of Object.entries(files)) await write(name, text);
  const run = async (...args: string[]): Promise<Answered> => {
    const ended = await (processes ? runback : runHere)([...args, '--json', '--no-input', '--as', 'maya'], { cwd: dir });
    const last = jsonLines(ended.stdout).at(-1) ?? {};
    return { ...ended, ok: last['ok'] === true, data: (last['data'] ?? {}) as Answered['data'], error: last['error'] ?? {} };
  };
  return {
    dir,
    run,
    write,
    done: async (...args) => {
      const ended = await run(...args);
      if (ended.code !== 0)
        throw new Error(`runback ${args.join(' ')} ended with ${String(ended.code)}\n${ended.stdout.slice(-3000)}\n${ended.stderr}`);
      return ended.data;
    },
    syncs: async () => {
      const states = ['feed', 'archive'].map(async (name) => [name, await readFile(join(dir, `sync-${name}`), 'utf8')] as const);
      return Object.fromEntries(await Promise.all(states));
    },
    follow: async (first, answer) => {
      const answers: Record<string, unknown[]> = {};
      let ended = await run(...first);
      for (let stops = 0; ended.code === 5 && stops < 20; stops += 1) {
        const question = String(ended.error.data?.['answer'] ?? '');
        const given = (answers[question] ??= []);
        given.push(await answer(question, given.length + 1));
        // JSON is YAML too.
        await write('answers.yml', JSON.stringify(answers));
        ended = await run('runbook', 'resume', 'latest', '--answers', 'answers.yml');
      }
      return ended;
    },
    close: () => rm(dir, { recursive: true, force: true }),
  };
}

/** What the last plan has to be confirmed with. */
export async function confirmation(operator: Operator): Promise<string> {
  const counts = (await operator.done('restore', 'show', 'latest'))['counts'] as { readonly records: number };
  return `sandbox:${counts.records}`;
}
