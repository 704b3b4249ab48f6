import type { Platform } from '../../connectors/index.js';
import { platformLock } from '../../connectors/index.js';
import { defined, isRunbackError, messageOf, RunbackError } from '../../lib/index.js';
import { type BreakDead, guardOf, type JournalWriter, type Lock, type LockOwner, type NamedLock, type Store } from '../../store/index.js';
import type { ActionContext, RunServices } from '../actions/action.js';
import type { Runbook, Scope, Step } from '../document/runbook.js';
import { scopeOf } from '../document/scope.js';
import type { ErrorData, RunEventType, RunEvents } from '../journal/events.js';
import { holdersOf } from '../journal/holders.js';
import type { RunRecord } from '../journal/run-record.js';
import { applyEntry } from '../journal/state.js';
import { verificationOf } from '../journal/verification.js';
import { stepView, viewOf } from '../journal/view.js';
import type { Answer, Operator, Question, QuestionBody, RunObserver, RunView } from '../types.js';
import { earlierDecision } from './back.js';
import { sharingStore } from './sharing-store.js';

/** How a run is watched, answered and stopped. */
export interface RunOptions {
  /** Nobody answers if absent. */
  readonly operator?: Operator;
  readonly observer?: RunObserver;
  /** First stage: the present batch is finished, then the run stops. */
  readonly stop?: AbortSignal;
  /** Second stage: stop at once. Still safe: what was under way is in doubt and will be looked up. */
  readonly abort?: AbortSignal;
}

/** Ends the loop of a run with an error for the person; the run itself stays open. */
export class RunStopped extends Error {
  constructor(readonly error: RunbackError) {
    super(error.message);
  }
}

/** The person would rather take an earlier decision anew: the engine goes back there. */
export class WentBack extends RunStopped {
  constructor(readonly to: string) {
    super(new RunbackError('bug', `An earlier decision (${to}) was to be made again, but no step led there`));
  }
}

const nobody: Operator = { ask: () => Promise.resolve(undefined) };
const never = new AbortController().signal;
/** Kinds of questions from which an earlier decision can be taken anew. */
const GOES_BACK: ReadonlySet<string> = new Set(['decide', 'approve', 'confirm', 'manual'] satisfies QuestionBody['kind'][]);

/** One process working on one run: its journal, its state, its locks, its person. */
export class Runner {
  readonly operator: Operator;
  readonly stop: AbortSignal;
  readonly abort: AbortSignal;
  private readonly locks = new Map<string, Lock>();
  private readonly platforms = new Map<string, Promise<Platform>>();
  private readonly asked = new Map<string, number>();

  constructor(
    readonly runbook: Runbook,
    readonly services: RunServices,
    readonly options: RunOptions,
    private readonly journal: JournalWriter,
    private record: RunRecord,
    /** Who is at the keyboard. */
    readonly by: string,
  ) {
    this.operator = options.operator ?? nobody;
    this.stop = options.stop ?? never;
    this.abort = options.abort ?? never;
  }

  get run(): RunRecord {
    return this.record;
  }

  get view(): RunView {
    return viewOf(this.record);
  }

  /** Writes one line, durable before it resolves, and moves the state by it. */
  async append<T extends RunEventType>(type: T, data: RunEvents[T], where: { step?: string; attempt?: number; by?: string } = {}): Promise<void> {
    const { step, attempt, by = this.by } = where;
    const entry = await this.journal.append({
      by,
      type,
      data: data as Readonly<Record<string, unknown>>,
      ...defined({ step, attempt }),
    });
    this.record = applyEntry(this.record, entry);
    if (step !== undefined && this.record.steps.has(step)) this.options.observer?.stepChanged(stepView(this.record, step), this.view);
  }

  /** Values that expressions see now. */
  scope(extra: Readonly<Record<string, unknown>> = {}): Scope {
    return scopeOf(this.record, extra);
  }

  /**
   * Asks the person. Without an answer the run is left waiting, and this throws `person-needed` that names the step,
   * the key for an answers file, and how to go on.
   */
  async ask(body: QuestionBody, key: string, words: string, more: { readonly why?: string; readonly next?: string } = {}): Promise<Answer> {
    const time = (this.asked.get(key) ?? 0) + 1;
    const back = 'step' in body && GOES_BACK.has(body.kind) ? earlierDecision(this.runbook, this.record, body.step) : undefined;
    const question: Question = {
      ...body,
      key,
      time: Math.max(time, 'step' in body ? (this.record.steps.get(body.step)?.visit ?? 1) : 1),
      ...defined({ back }),
    };
    const answer = await this.operator.ask(question, this.stop);
    if (this.stop.aborted || this.abort.aborted) return await this.interrupted();
    if (answer !== undefined) {
      this.asked.set(key, time);
      if (answer.back === true && back !== undefined) throw new WentBack(back.step);
      return answer;
    }
    await this.append('run.stopped', { reason: 'question', waitingFor: words, answer: key });
    throw new RunStopped(
      new RunbackError('person-needed', words, {
        why: more.why ?? `Only a person can answer this, and there was neither a terminal nor an answer "${key}" in an answers file.`,
        state: this.writtenSoFar(),
        next: `${more.next === undefined ? '' : `${more.next}\nThen: `}runback runbook resume ${this.run.id}   (in a terminal, or with --answers FILE holding "${key}: …")`,
        data: {
          run: this.run.id,
          ...('step' in body ? { step: body.step } : {}),
          answer: key,
          ...(body.kind === 'confirm' ? { expect: body.expect } : {}),
        },
      }),
    );
  }

  /** Leaves the run open and ends with `error`. */
  async halt(reason: 'failed' | 'question', waitingFor: string, error: RunbackError): Promise<never> {
    await this.append('run.stopped', { reason, waitingFor });
    throw new RunStopped(error);
  }

  /** Leaves the run open after a stop by a person or a signal. */
  async interrupted(): Promise<never> {
    await this.append('run.stopped', { reason: 'interrupted' });
    throw new RunStopped(
      new RunbackError('interrupted', 'Stopped as you asked', {
        state: this.writtenSoFar(),
        next: `runback runbook resume ${this.run.id}`,
        data: { run: this.run.id },
      }),
    );
  }

  /** For errors: what the run has done to the world until now. */
  writtenSoFar(): string {
    const effects = [...this.run.effects.values()].filter((effect) => effect.state !== 'none' && effect.undone !== 'undone');
    const open = effects.filter((effect) => effect.state === 'open').map((effect) => effect.step);
    const done = [...new Set(effects.filter((effect) => effect.state === 'done').map((effect) => effect.step))];
    const parts = [done.length === 0 ? 'No step that changes anything has finished.' : `Done and journaled: ${done.join(', ')}.`];
    if (open.length > 0) parts.push(`Not certain yet; checked on resume: ${open.join(', ')}.`);
    return parts.join(' ');
  }

  /** What an action of this step works with. `signal` ends it. */
  context(step: Step, signal: AbortSignal, key: string): ActionContext {
    const run = this.record;
    const { services } = this;
    const reporter = this.options.observer?.reporter;
    const order = (id: string): number => {
      const at = run.steps.get(id)?.intent;
      return at === undefined ? 0 : (run.effects.get(run.effectOf.get(at.key) ?? -1)?.order ?? at.seq);
    };
    return {
      workspace: services.workspace,
      store: sharingStore(services.store, this.locks),
      clock: services.clock,
      catalog: services.catalog,
      syncs: services.syncs,
      redactor: services.redactor,
      ...defined({ approvals: services.approvals }),
      environment: services.environment,
      ...defined({ noteIncident: services.noteIncident, rehearse: services.rehearse }),
      secret: (ref) => services.secret(ref),
      openPlatform: (name) => this.platform(name),
      by: this.by,
      run: {
        id: run.id,
        title: run.created.runbook.title,
        runbook: run.created.runbook.id,
        limits: run.created.limits,
        approvals: run.approvals,
        firstInputs: run.created.inputs,
        steps: [...run.steps.values()].map((one) => ({
          id: one.id,
          action: one.action,
          state: one.state,
          outputs: one.outputs,
          order: order(one.id),
        })),
        notes: run.notes,
        verification: verificationOf(run),
      },
      step: { id: step.id, title: step.document.title, key },
      confirmed: run.confirmed[step.id],
      // Of what a step sends itself, beside platforms and syncs.
      options: { signal, guard: guardOf(this.journal.lease), ...defined({ reporter }) },
      note: (text, noteKey) => this.append('note', { text, key: noteKey }),
    };
  }

  /** One connection per platform and run; closed by {@link close}. */
  platform(name: string): Promise<Platform> {
    const open = this.platforms.get(name);
    if (open) return open;
    const opening = this.services.openPlatform(name, {
      signal: this.stop,
      ...(this.options.observer && { reporter: this.options.observer.reporter }),
    });
    this.platforms.set(name, opening);
    opening.catch(() => this.platforms.delete(name));
    return opening;
  }

  /** A person has been at the platforms, and may have changed definitions there. */
  async lookAnew(): Promise<void> {
    // One that could not be opened has described nothing.
    for (const opening of this.platforms.values()) (await opening.catch(() => undefined))?.connector.settingsMayHaveChanged?.();
  }

  /** Takes the locks of platforms that this process is not true yet. Throws `locked`: who holds it since when. */
  async hold(platforms: readonly string[]): Promise<void> {
    for (const name of platforms) {
      const lockName = platformLock(await this.platform(name));
      if (this.locks.has(lockName)) continue;
      const { takePlatform } = await import('../../restores/index.js');
      const { store } = this.services;
      await this.holds(await takePlatform(store, lockName, { owner: this.owner(`on ${name}`), look: holdersOf(store) }), name);
    }
  }

  /**
   * Takes over every lock that a process of this run left when it was killed: they belong to the run, whichever step it
   * goes on with, and are given back when it ends.
   */
  async takeBack(): Promise<void> {
    const { store } = this.services;
    for (const { name, purpose } of await locksLeftBy(store, this.run.id)) {
      const lock = await store.lock(name, { by: this.by, holder: this.run.id, purpose }, { breakDead: byHolder(this.run.id), lapse: true });
      await this.holds(lock, Object.entries(this.run.locks).find(([, held]) => held === name)?.[0]);
    }
  }

  private async holds(lock: Lock, platform: string | undefined): Promise<void> {
    this.locks.set(lock.name, lock);
    await this.append('lock.acquired', {
      lock: lock.name,
      ...defined({ platform }),
      ...(lock.broke === undefined ? {} : { broke: { ...lock.broke } }),
    });
  }

  private owner(where: string): LockOwner {
    return { by: this.by, holder: this.run.id, purpose: `${this.run.created.runbook.title} ${where}` };
  }

  /** Gives everything back. Never throws. */
  async close(): Promise<void> {
    const closing = [...this.platforms.values()].map(async (opening) => (await opening).close());
    await Promise.allSettled([...closing, ...[...this.locks.values()].map((lock) => lock.release())]);
    await this.journal.close().catch(() => undefined);
  }
}

/** Locks of processes of this run that are gone, or may be: taking them tells. */
export async function locksLeftBy(store: Store, run: string): Promise<readonly NamedLock[]> {
  return (await store.locks()).filter(({ holder, life }) => holder === run && life !== 'alive');
}

/** Takes a dead lock over from this holder, and from nobody else. */
export const byHolder =
  (holder: string): BreakDead =>
  (dead) =>
    Promise.resolve(dead.holder === holder);

/** An error as the journal holds it. Errors that are not ours are a bug and say so. */
export function errorData(error: unknown): ErrorData {
  if (!isRunbackError(error)) return { code: 'bug', message: messageOf(error) };
  return {
    code: error.code,
    message: error.message,
    ...defined({ why: error.why, state: error.state, next: error.next }),
    ...(Object.keys(error.data).length === 0 ? {} : { data: error.data }),
  };
}
