import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { type Clock, Redactor, type Reporter, RunbackError } from '../../src/lib/index.js';
import { type AnyAction, defineAction } from '../../src/runbooks/actions/action.js';
import { type ActionLibrary, builtInActions } from '../../src/runbooks/actions/registry.js';
import { parseRunbook } from '../../src/runbooks/document/load.js';
import type { Runbook } from '../../src/runbooks/document/runbook.js';
import type { RunDeps } from '../../src/runbooks/runs.js';
import type { Answer, Operator, Question, RunObserver, RunView } from '../../src/runbooks/types.js';
import { openCatalog } from '../../src/snapshots/index.js';
import { type JournalEntry, openFileStore, type Store } from '../../src/store/index.js';
import { openSyncs } from '../../src/syncs/index.js';
import { resolveSecret, type SecretRef, type SyncConfig, type Workspace } from '../../src/workspace/index.js';
import { temporaryFolder } from '../support/store.js';

/** Time that moves only when the test says so. */
export class ManualClock implements Clock {
  private ms = Date.parse('2026-11-22T12:00:00Z');
  private readonly sleepers = new Set<{ until: number; wake: () => void }>();
  private watchers: (() => void)[] = [];
  /** Lengths of all sleeps that were asked for. */
  readonly slept: number[] = [];

  now(): Date {
    return new Date(this.ms);
  }
  monotonicMs(): number {
    return this.ms;
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      this.slept.push(ms);
      const sleeper = { until: this.ms + ms, wake: resolve };
      this.sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        this.sleepers.delete(sleeper);
        reject(signal.reason as Error);
      });
      for (const watcher of this.watchers.splice(0)) watcher();
    });
  }
  /** Resolves once somebody sleeps. */
  async someoneSleeps(): Promise<void> {
    if (this.sleepers.size > 0) return;
    await new Promise<void>((resolve) => {
      this.watchers.push(resolve);
    });
  }
  advance(ms: number): void {
    this.ms += ms;
    for (const sleeper of this.sleepers)
      if (sleeper.until <= this.ms) {
        this.sleepers.delete(sleeper);
        sleeper.wake();
      }
  }
}

/** A folder that plays the world: every effect is a file in it and a line in its log. */
export class World {
  constructor(readonly dir: string) {}
  async effect(line: string): Promise<void> {
    await appendFile(join(this.dir, 'effects.log'), `${line}\n`);
  }
  async effects(): Promise<string[]> {
    return (await readFile(join(this.dir, 'effects.log'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  }
  async put(name: string, value: string): Promise<void> {
    await writeFile(join(this.dir, `${name}.state`), value);
  }
  async get(name: string): Promise<string | undefined> {
    return await readFile(join(this.dir, `${name}.state`), 'utf8').catch(() => undefined);
  }
  async remove(name: string): Promise<void> {
    await rm(join(this.dir, `${name}.state`), { force: true });
  }
  async names(): Promise<string[]> {
    return (await readdir(this.dir))
      .filter((name) => name.endsWith('.state'))
      .map((name) => name.slice(0, -'.state'.length))
      .sort();
  }
}

/** What a test lets an action do after its effect: throw, hang, abort. Told how often the action was called before. */
export type Mischief = (action: string, times: number, signal?: AbortSignal) => void | Promise<void>;

/** A small set of honest actions on a {@link World}: one of each effect class. */
export function worldActions(world: World, mischief: Mischief): ActionLibrary {
  const times = new Map<string, number>();
  const called = async (name: string, signal?: AbortSignal): Promise<void> => {
    const before = times.get(name) ?? 0;
    times.set(name, before + 1);
    await mischief(name, before, signal);
  };
  const named = z.strictObject({ name: z.string() });
  const actions: AnyAction[] = [
    defineAction({
      name: 'world.read',
      summary: 'Read the world',
      input: z.strictObject({ name: z.string().optional() }),
      outputs: { count: 'int', value: 'string' },
      effect: 'read',
      run: async ({ name }, context) => {
        await called('world.read', context.options.signal);
        return { count: (await world.names()).length, value: (name === undefined ? undefined : await world.get(name)) ?? '' };
      },
      manual: () => ['Look.'],
    }),
    defineAction({
      name: 'world.put',
      summary: 'Put something into the world',
      input: named,
      outputs: { name: 'string' },
      effect: 'idempotent',
      run: async ({ name }, context) => {
        await world.put(name, context.step.key);
        await world.effect(`put ${name}`);
        await called('world.put', context.options.signal);
        return { name };
      },
      undo: {
        summary: 'Take it out again',
        afterFailure: true,
        run: async ({ name }, _, context) => {
          await world.remove(name);
          await world.effect(`undo ${name}`);
          await called('world.put.undo', context.options.signal);
          return `${name} taken out`;
        },
      },
      manual: (values) => [`Put ${values['name'] ?? ''} there.`],
    }),
    defineAction({
      name: 'world.make',
      summary: 'Make something that must not be made twice',
      input: named,
      outputs: { id: 'string' },
      effect: 'verifiable',
      run: async ({ name }, context) => {
        if ((await world.get(name)) === context.step.key) throw new RunbackError('bug', `${name} was made twice`);
        await world.put(name, context.step.key);
        await world.effect(`make ${name}`);
        await called('world.make', context.options.signal);
        return { id: `id-${name}` };
      },
      lookup: async ({ name }, context) => {
        await called('world.make.lookup');
        return (await world.get(name)) === context.step.key ? { state: 'succeeded', outputs: { id: `id-${name}` } } : { state: 'not-started' };
      },
      undo: {
        summary: 'Remove it',
        afterFailure: true,
        run: async ({ name }) => {
          await world.remove(name);
          await world.effect(`unmake ${name}`);
          await called('world.make.undo');
          return `${name} removed`;
        },
      },
      manual: (values) => [`Make ${values['name'] ?? ''}.`],
    }),
    defineAction({
      name: 'world.launch',
      summary: 'Do what cannot be undone or looked up',
      input: named,
      outputs: {},
      effect: 'irreversible',
      run: async ({ name }, context) => {
        await world.effect(`launch ${name}`);
        await called('world.launch', context.options.signal);
        return {};
      },
      manual: (values) => [`Launch ${values['name'] ?? ''}.`],
    }),
  ];
  return {
    names: [...builtInActions.names, ...actions.map((action) => action.name)],
    load: async (name) => actions.find((action) => action.name === name) ?? (await builtInActions.load(name)),
  };
}

/** Everything a run needs, real, in a folder of its own. */
export interface Bench {
  readonly world: World;
  readonly deps: RunDeps;
  readonly store: Store;
  readonly clock: ManualClock;
  readonly root: string;
  /** Checks a runbook of these steps. `head`: what stands before `steps:`. */
  readonly runbook: (steps: string, head?: string) => Promise<Runbook>;
  readonly entries: (run: string) => Promise<JournalEntry[]>;
}

export interface BenchOptions {
  readonly mischief?: Mischief;
  readonly syncs?: Readonly<Record<string, SyncConfig>>;
  readonly environment?: Readonly<Record<string, string>>;
}

export async function bench(options: BenchOptions = {}): Promise<Bench> {
  const root = await temporaryFolder();
  const world = new World(join(root, 'world'));
  await mkdir(world.dir);
  const clock = new ManualClock();
  const redactor = new Redactor();
  const store = openFileStore({ dir: join(root, '.runback'), clock, redactor });
  const workspace: Workspace = {
    root,
    stateDir: join(root, '.runback'),
    backupsDir: join(root, 'backups'),
    runbooksDir: join(root, 'runbooks'),
    config: {
      version: 1,
      platforms: { crm: { name: 'crm', connector: 'hubspot', environment: 'sandbox', credentials: {}, limits: {}, options: {} } },
      syncs: options.syncs ?? {},
      backups: { storage: 'backups', jobs: {} },
      restores: { plan_max_age: '1d', canary: 10, stop_at: { errors_percent: 5, skipped_percent: 20 }, limits: {} },
    },
  };
  const environment = { PATH: process.env['PATH'], ...options.environment };
  const secret = (ref: SecretRef): Promise<string> => resolveSecret(ref, { env: environment, redactor, root });
  const actions = worldActions(world, options.mischief ?? (() => {}));
  const deps: RunDeps = {
    workspace,
    store,
    clock,
    redactor,
    environment,
    secret,
    actions,
    catalog: openCatalog({ dir: workspace.backupsDir, store, clock }),
    syncs: openSyncs({ workspace, store, clock, secret, redact: (text) => text, environment }),
    openPlatform: (name) => Promise.reject(new RunbackError('platform-unreachable', `${name} is not there`)),
  };
  return {
    world,
    deps,
    store,
    clock,
    root,
    runbook: (steps, head = '') => parseRunbook(`version: 1\nid: test\ntitle: A test\n${head}\nsteps:\n${steps}\n`, 'test.yml', actions),
    entries: async (run) => {
      const entries: JournalEntry[] = [];
      for await (const entry of store.journal('runs', run).read()) entries.push(entry);
      return entries;
    },
  };
}

type Script = string | Answer | ((question: Question) => Answer | undefined | Promise<Answer | undefined>);

/** An operator that answers from a table and remembers what it was asked. */
export function scripted(answers: Readonly<Record<string, Script>>): Operator & { readonly asked: Question[] } {
  const asked: Question[] = [];
  return {
    asked,
    ask: (question) => {
      asked.push(question);
      const answer = answers[question.key];
      if (typeof answer === 'string') return Promise.resolve({ value: answer });
      return Promise.resolve(typeof answer === 'function' ? answer(question) : answer);
    },
  };
}

/** An observer that keeps what it saw. */
export class Watcher implements RunObserver {
  readonly seen: string[] = [];
  readonly waits: string[] = [];
  run: RunView | undefined;
  readonly reporter: Reporter = {
    progress: () => {},
    waiting: (wait) => {
      this.waits.push(wait.reason);
    },
    note: () => {},
  };
  runStarted(run: RunView): void {
    this.run = run;
  }
  stepChanged(step: { readonly id: string; readonly state: string }): void {
    this.seen.push(`${step.id} ${step.state}`);
  }
  runEnded(run: RunView): void {
    this.run = run;
  }
}

/** The run an error tells to resume. */
export function runOf(error: RunbackError): string {
  const { run } = error.data;
  if (typeof run !== 'string') throw error;
  return run;
}

/** What a promise was rejected with, as our error. */
export async function rejection(promise: Promise<unknown>): Promise<RunbackError> {
  let result: unknown;
  try {
    result = await promise;
  } catch (error) {
    if (error instanceof RunbackError) return error;
    throw error;
  }
  throw new Error(`expected an error, got ${JSON.stringify(result)}`);
}
