import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { CrashKind, CrashMoment } from '../../support/crash.js';
import type { RunbookName, Scene, Truth } from './run-scenes.js';

/** How a person ends what was killed. */
export const ENDINGS = ['resume', 'takeover', 'undo', 'abort'] as const;
export type Ending = (typeof ENDINGS)[number];

/** A place in a process: the n-th operation of a kind that it does. */
export interface Kill {
  readonly kind: CrashKind;
  readonly n: number;
  readonly when: CrashMoment;
}

/** A run that is killed, and what is done then. */
export interface Story {
  readonly runbook: RunbookName;
  readonly ending: Ending;
  /** The first kill is in the run itself, the others in the commands that come after it, one each. */
  readonly kills: readonly Kill[];
  /**
   * By how many milliseconds the clock is off in the first process, in the one after it, and so on; the last one counts
   * for all that follow.
   */
  readonly clocks: readonly number[];
}

/** What a story came to. */
export interface Told {
  /** Kills that were reached. */
  readonly kills: number;
  /** Every command, with what became of it. */
  readonly path: readonly string[];
  /** What is wrong, in words: nothing, where all is well. */
  readonly problems: readonly string[];
}

/** One command to its end. */
export interface Ran {
  readonly killed: boolean;
  readonly code: number | null;
  readonly text: string;
  /** With `--json`. */
  readonly error: { readonly code?: string; readonly message?: string; readonly next?: string; readonly data?: Readonly<Record<string, unknown>> };
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a story works with: a workspace, a damaged account, and the truth about it. */
export interface Tools {
  readonly dir: string;
  readonly scene: Scene;
  readonly truth: Truth;
  /** The command that starts the run. */
  readonly start: readonly string[];
  /** What is to be typed for the plans of this runbook, from earlier stories. */
  readonly learned: Record<string, string>;
  run(args: readonly string[], clockMs: number, kill?: Kill): Promise<Ran>;
}

/** Tells a story to its end, and judges it. */
export async function tellStory(story: Story, tools: Tools): Promise<Told> {
  return await new Teller(story, tools).tell();
}

/** A message that leads on and on leads nowhere. */
const MOST_COMMANDS = 15;
const HOUR_MS = 3_600_000;

const CREATED = { review_created: 'delete', allow_created: 'approve', cause: 'done' };
/** What each runbook asks, apart from what has to be typed for each plan. */
const ANSWERS: Readonly<Record<RunbookName, Readonly<Record<string, string>>>> = {
  'mass-overwrite': { review: 'yes', allow: 'approve', ...CREATED },
  'bad-import': { stop_import: 'done', review: 'yes', allow: 'approve', ...CREATED },
  'accidental-delete': { review: 'yes', allow: 'approve', new_ids: 'done', merges: 'done' },
};

class Teller {
  readonly #answers: Record<string, string>;
  readonly #path: string[] = [];
  readonly #problems: string[] = [];
  #truth: Truth;
  #processes = 0;
  #kills = 0;
  #by = 'maya';

  constructor(
    private readonly story: Story,
    private readonly tools: Tools,
  ) {
    this.#truth = tools.truth;
    this.#answers = { ...ANSWERS[story.runbook], ...tools.learned };
  }

  async tell(): Promise<Told> {
    try {
      const first = await this.#command(this.tools.start);
      if (first.killed) this.#truth = await this.tools.scene.edit(this.story.kills[0]?.n ?? 0, this.#truth);
      await this.#toItsEnd(first);
      await this.#judge();
    } catch (error) {
      this.#problems.push(error instanceof Error ? error.message : String(error));
    }
    return { kills: this.#kills, path: this.#path, problems: this.#problems };
  }

  /** Runs one command with the clock and the kill that are its. */
  async #command(args: readonly string[]): Promise<Ran> {
    const { kills, clocks } = this.story;
    const kill = kills[this.#processes];
    const clock = clocks[Math.min(this.#processes, clocks.length - 1)] ?? 0;
    this.#processes += 1;
    await writeFile(join(this.tools.dir, 'answers.yml'), JSON.stringify(this.#answers));
    const answers = /^(?:run|resume|takeover|undo)$/u.test(args[1] ?? '') && args[0] === 'runbook' ? ['--answers', 'answers.yml'] : [];
    const ended = await this.tools.run([...args, ...answers, '--json', '--as', this.#by], clock, kill);
    const how = ended.killed ? `killed ${kill?.when} ${kill?.kind} ${kill?.n}` : `${String(ended.code)} ${ended.error.code ?? ''}`.trim();
    this.#path.push(`${args.slice(0, 3).join(' ')} (clock ${clock / HOUR_MS} h): ${how}`);
    if (ended.killed) this.#kills += 1;
    return ended;
  }

  /** Does what the person wants and what the messages name, until the run is closed. */
  async #toItsEnd(first: Ran): Promise<void> {
    let ended = first;
    for (let n = 0; n < MOST_COMMANDS; n += 1) {
      const run = await lastRun(this.tools.dir);
      if (run?.closed !== undefined) return;
      ended = await this.#command(ended.killed ? await this.#wanted(run) : this.#named(ended));
    }
    throw new Error(`The messages lead on and on:\n${ended.text.slice(-1500)}`);
  }

  /** What a person does after a crash: looks, and does what they want to do with what is open. */
  async #wanted(run: Awaited<ReturnType<typeof lastRun>>): Promise<readonly string[]> {
    const named = await this.#status();
    if (run === undefined) {
      if (named !== undefined) throw new Error(`Nothing has begun, and status says ${named.join(' ')}`);
      return this.tools.start;
    }
    if (named?.at(-1) !== run.id) throw new Error(`${run.id} is open, and status says ${named?.join(' ') ?? 'nothing'}`);
    switch (this.story.ending) {
      case 'resume':
        return named;
      case 'takeover':
        this.#by = 'lee';
        return run.by === 'lee' ? named : ['runbook', 'takeover', run.id];
      case 'undo':
        return ['runbook', 'undo', run.id];
      case 'abort':
        return ['runbook', 'abort', run.id, '--reason', 'given up'];
    }
  }

  /** What the message of a command leads to: an answer and the command with it, or another command. */
  #named({ error, text }: Ran): readonly string[] {
    const { answer, expect, step } = error.data ?? {};
    const expected = typeof expect === 'string' ? expect : / confirmed with (\S+)/u.exec(error.message ?? '')?.[1];
    const key = String(answer ?? step ?? '');
    if (expected !== undefined) this.#answers[key] = this.tools.learned[key] = expected;
    else if (typeof answer === 'string')
      this.#answers[key] = key.endsWith('.failed') ? 'retry' : key.endsWith('.undo') ? 'undo' : `nobody knows what to answer to ${key}`;
    const named = commandIn(error.next ?? '');
    if (named === undefined) throw new Error(`No command is named:\n${text.slice(-1500)}`);
    return named;
  }

  /** The command that `status` says goes on with what is open. */
  async #status(): Promise<readonly string[] | undefined> {
    const { clocks } = this.story;
    const { code, text } = await this.tools.run(['status'], clocks[Math.min(this.#processes, clocks.length - 1)] ?? 0);
    if (code !== 0) throw new Error(`status ended with ${String(code)}:\n${text.slice(-1500)}`);
    return commandIn(/Continue(?: \S+)?: +([^\n]*)/u.exec(text)?.[1] ?? '') ?? commandIn(text);
  }

  async #judge(): Promise<void> {
    const run = await lastRun(this.tools.dir);
    const { good, damaged } = this.#truth;
    switch (run?.closed) {
      case 'succeeded':
        await this.#expectLines(good, 'the run succeeded');
        break;
      case 'undone':
        await this.#expectLines(damaged, 'the run is undone');
        break;
      case 'abandoned':
        await this.#expectNothingElse();
        await this.#afterAbort();
        break;
      default:
        this.#problems.push(`The run is ${run?.closed ?? 'open'}: ${run?.because ?? ''}`);
    }
    await this.#expectFree();
  }

  /**
   * A run that was given up left what it had done: what is named gives the syncs back and ends its restore, and then a
   * new run repairs the rest.
   */
  async #afterAbort(): Promise<void> {
    for (let n = 0; n < MOST_COMMANDS; n += 1) {
      const named = await this.#status();
      if (named === undefined) break;
      const ended = await this.#command(named);
      if (ended.code !== 0 && !ended.killed) {
        const next = commandIn(ended.error.next ?? '');
        if (next === undefined) throw new Error(`No command is named:\n${ended.text.slice(-1500)}`);
        await this.#command(next);
      }
    }
    const { code } = await this.#anew();
    await this.#expectLines(this.#truth.good, `a new run ended with ${String(code)}`);
  }

  /** A new run of the same runbook, to its end. */
  async #anew(): Promise<Ran> {
    let ended = await this.#command(this.tools.start);
    for (let n = 0; n < MOST_COMMANDS && ended.code !== 0; n += 1)
      ended = await this.#command(ended.killed ? ['runbook', 'resume', 'latest'] : this.#named(ended));
    return ended;
  }

  async #expectLines(wanted: readonly string[], after: string): Promise<void> {
    const now = await this.tools.scene.lines();
    const odd = differences(now, wanted);
    if (odd.length > 0) this.#problems.push(`${after}, and ${odd.length} records or links are not as they should be: ${odd.slice(0, 6).join(', ')}`);
  }

  /** Every line is good or damaged still; none has changed that was never to be touched. */
  async #expectNothingElse(): Promise<void> {
    const now = await this.tools.scene.lines();
    const { good, damaged } = this.#truth;
    const untouched = good.filter((line) => damaged.includes(line));
    const missing = untouched.filter((line) => !now.includes(line) && !line.startsWith('["link"'));
    if (missing.length > 0)
      this.#problems.push(`given up half-way, and ${missing.length} innocent records have changed: ${missing.slice(0, 4).join(', ')}`);
  }

  /** The syncs are as they were, nothing is open, and no lock is in the way of new work. */
  async #expectFree(): Promise<void> {
    const { dir } = this.tools;
    const named = await this.#status();
    if (named !== undefined) this.#problems.push(`At the end status still says ${named.join(' ')}`);
    const states = await Promise.all(['feed', 'archive'].map((sync) => readFile(join(dir, `sync-${sync}`), 'utf8')));
    if (states.join() !== 'running,paused') this.#problems.push(`The syncs are ${states.join()}`);
    if ((await locksIn(dir)).length === 0) return;
    const ended = await this.#anew();
    if (ended.code !== 0) this.#problems.push(`With a lock left, a new run ended with ${String(ended.code)}: ${ended.text.slice(-800)}`);
    const left = await locksIn(dir);
    if (left.length > 0) this.#problems.push(`Locks are left: ${left.join(', ')}`);
  }
}

async function locksIn(dir: string): Promise<readonly string[]> {
  return (await readdir(join(dir, '.runback', 'locks')).catch(() => [])).filter((name) => name.endsWith('.lock'));
}

/** The newest run that has begun, by its journal. */
async function lastRun(
  dir: string,
): Promise<{ readonly id: string; readonly by: string; readonly closed?: string; readonly because?: string } | undefined> {
  const runs = join(dir, '.runback', 'runs');
  for (const id of (await readdir(runs).catch((): string[] => [])).sort().reverse()) {
    const text = await readFile(join(runs, id, 'journal.ndjson'), 'utf8').catch(() => '');
    const lines = text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { type: string; by: string; data: { state?: string; because?: string } });
    const last = lines.at(-1);
    if (last === undefined) continue;
    const by = lines.findLast(({ type }) => type === 'takeover' || type === 'run.created')?.by ?? '';
    return { id, by, ...(last.type === 'run.closed' ? { closed: last.data.state ?? '', because: last.data.because ?? '' } : {}) };
  }
  return undefined;
}

/** The first command that a text names. */
function commandIn(text: string): readonly string[] | undefined {
  return /runback ((?:runbook (?:resume|undo)|restore (?:resume|undo)|sync resume) [a-z]+-\S+(?: --override)?)/u
    .exec(text.replaceAll(/\s+/gu, ' '))?.[1]
    ?.split(' ');
}

function differences(now: readonly string[], wanted: readonly string[]): readonly string[] {
  const left = [...wanted];
  const odd: string[] = [];
  for (const line of now) {
    const at = left.indexOf(line);
    if (at === -1) odd.push(`is ${line}`);
    else left.splice(at, 1);
  }
  return [...odd, ...left.map((line) => `should be ${line}`)];
}
