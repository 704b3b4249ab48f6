import { type Clock, defined, newId, RunbackError, sha256 } from '../lib/index.js';
import type { JournalEntry, LockInfo, LockOwner, Store } from '../store/index.js';
import type { RunServices } from './actions/action.js';
import { builtInActions, type ActionLibrary } from './actions/registry.js';
import { resolveInputs } from './document/inputs.js';
import { parseRunbook } from './document/load.js';
import type { Runbook } from './document/runbook.js';
import { advance } from './engine/engine.js';
import { replaceInputs } from './engine/other-input.js';
import { byHolder, locksLeftBy, Runner, RunStopped, type RunOptions } from './engine/runner.js';
import { emptyRun, isClosed, type RunRecord } from './journal/run-record.js';
import { applyEntry, deriveRun, RUNS } from './journal/state.js';
import { type Verification, verificationOf } from './journal/verification.js';
import { viewOf } from './journal/view.js';
import type { RunView } from './types.js';

/** What a run is started with. */
export interface StartRequest {
  readonly runbook: Runbook;
  /** Values by name; what is missing is asked for. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The person or job. */
  readonly by: string;
  /** Lower limits than the runbook's, from the operator. */
  readonly limits?: { readonly records?: number; readonly percent?: number };
}

/** Who goes on with a run. */
export interface ContinueRequest {
  readonly by: string;
  /** Other values for inputs that no step has used yet. */
  readonly inputs?: Readonly<Record<string, unknown>>;
}

/** Services, with the library of actions where it is not the built-in one. */
export interface RunDeps extends RunServices {
  readonly actions?: ActionLibrary;
}

/**
 * Starts a run and takes it to its end, or to where a person is needed. Resolves with the closed run.
 *
 * Throws, before anything is started: `usage`, `not-found`, `person-needed` (an input is missing). Afterwards, with
 * `data.run` and the command that goes on: `person-needed`, `in-doubt`, `interrupted`, `locked`, and the error of a
 * step that failed. The run then stays open.
 */
export async function startRun(request: StartRequest, deps: RunDeps, options: RunOptions = {}): Promise<RunView> {
  const { runbook, by } = request;
  const inputs = await resolveInputs(runbook, request.inputs, deps, options.operator, options.stop ?? new AbortController().signal);
  const id = newId('run', deps.clock, await deps.store.journals(RUNS));
  const journal = await deps.store.journal(RUNS, id).open(ownerOf(id, by, runbook.title));
  const runner = new Runner(runbook, deps, options, journal, await deriveRun(id, []), by);
  return await work(runner, async () => {
    await runner.append('run.created', {
      runbook: { id: runbook.id, title: runbook.title, digest: runbook.digest, text: runbook.text, file: runbook.file },
      steps: runbook.steps.map(({ id: step, kind, document }) => ({
        id: step,
        title: document.title,
        kind,
        ...defined({ action: document.action }),
      })),
      inputs,
      limits: effectiveLimits(runbook, deps, request.limits),
    });
  });
}

/**
 * Goes on with a run where its journal ends, with the runbook text it was started with (guarantee G7). Another person
 * than before takes it over, and the journal says so. Throws as {@link startRun}; `not-found`; `usage` where it is
 * closed; `locked` where another process works on it; `journal-damaged`.
 */
export async function resumeRun(id: string, request: ContinueRequest, deps: RunDeps, options: RunOptions = {}): Promise<RunView> {
  return await reopen(id, request, deps, options, async (runner) => replaceInputs(runner, request.inputs ?? {}));
}

/** {@link resumeRun} by another person, said by name. Throws `usage` where the run is that person's already. */
export async function takeOver(id: string, request: ContinueRequest, deps: RunDeps, options: RunOptions = {}): Promise<RunView> {
  const run = await recordOf(deps.store, id);
  if (run.by === request.by)
    throw new RunbackError('usage', `Run ${id} is ${run.by}'s already`, { state: 'Nothing was changed.', next: `runback runbook resume ${id}` });
  return await resumeRun(id, request, deps, options);
}

/**
 * Takes back what a run did, in reverse order, and closes it. Goes on with an undo that was interrupted or that failed.
 * Resolves with the run, `undone` or `partial`. Throws `undo-failed`, `person-needed`, `interrupted`, and as {@link
 * resumeRun}.
 */
export async function undoRun(id: string, request: ContinueRequest, deps: RunDeps, options: RunOptions = {}): Promise<RunView> {
  return await reopen(id, request, deps, options, async (runner) => {
    if (!runner.run.undoing || !runner.run.undoAsked) await runner.append('undo.started', { why: `asked for by ${request.by}`, asked: true });
  });
}

/** What a closed run leaves behind. */
export interface AbortReport {
  readonly run: RunView;
  /** Steps whose effects stay. */
  readonly left: readonly string[];
  /** Syncs that stay paused, with the command that resumes them. */
  readonly paused: readonly { readonly pause: string; readonly syncs: readonly string[]; readonly next: string }[];
}

/**
 * Closes a run as abandoned, and gives back what a process of it that is gone still held. Nothing is undone: the report
 * says what stays. Throws `not-found`, `usage` (closed already), `locked`.
 */
export async function abortRun(id: string, request: ContinueRequest & { readonly reason: string }, deps: RunDeps): Promise<AbortReport> {
  const { store } = deps;
  const { created } = await openRecordOf(store, id);
  const owner = ownerOf(id, request.by, created.runbook.title);
  const journal = await store.journal(RUNS, id).open(owner);
  let run: RunRecord;
  try {
    run = await openRecordOf(store, id);
    run = applyEntry(run, await journal.append({ by: request.by, type: 'run.closed', data: { state: 'abandoned', because: request.reason } }));
    for (const { name } of await locksLeftBy(store, id)) await (await store.lock(name, owner, { breakDead: byHolder(id), lapse: true })).release();
  } finally {
    await journal.close();
  }
  const pauses = (await deps.syncs.pauses()).filter((pause) => pause.holder.startsWith(`${id}/`));
  const effects = [...run.effects.values()].filter(
    (effect) => effect.state !== 'none' && effect.undone !== 'undone' && effect.undone !== 'nothing-to-undo',
  );
  return {
    run: viewOf(run),
    left: [...new Set(effects.filter((effect) => effect.undo?.kind !== 'none').map((effect) => effect.step))],
    paused: pauses.map((pause) => ({
      pause: pause.id,
      syncs: pause.entries.map((entry) => entry.sync),
      next: `runback sync resume ${pause.id} --override`,
    })),
  };
}

/** A run, derived from its journal. Reads only. Throws `not-found`, `journal-damaged`. */
export async function readRun(store: Store, id: string): Promise<RunView> {
  return viewOf(await recordOf(store, id));
}

/**
 * The runbook that a run goes on with: the text in its journal, whatever became of the file since (guarantee G7). Reads
 * only. Throws `not-found`, `journal-damaged`.
 */
export async function readRunbook(store: Store, id: string, actions: ActionLibrary = builtInActions): Promise<Runbook> {
  return await runbookOf(await recordOf(store, id), actions);
}

/** Whether what a run wrote has been proved right since. Reads only. Throws `not-found`, `journal-damaged`. */
export async function readVerification(store: Store, id: string): Promise<Verification> {
  return verificationOf(await recordOf(store, id));
}

/** Runs, and ids of those whose journal cannot be read. */
export interface RunList {
  readonly runs: readonly RunView[];
  readonly damaged: readonly string[];
}

/**
 * Runs, newest first: all of them, or the newest `most`, with how many there are beside. A run whose journal cannot be
 * read is left out of the list and named in `damaged`.
 */
export async function listRuns(store: Store, most = Number.POSITIVE_INFINITY): Promise<RunList & { readonly more: number }> {
  const ids = (await store.journals(RUNS)).toReversed();
  return { ...(await listed(store, ids.slice(0, most))), more: Math.max(0, ids.length - most) };
}

async function listed(store: Store, ids: readonly string[]): Promise<RunList> {
  const runs: RunView[] = [];
  const damaged: string[] = [];
  for (const id of ids) {
    try {
      runs.push(await readRun(store, id));
    } catch (error) {
      if (!(error instanceof RunbackError)) throw error;
      if (error.code !== 'not-found') damaged.push(id);
    }
  }
  return { runs, damaged };
}

/** Runs that are not closed, newest first, and those whose journal cannot be read. Costs what is open. */
export async function openRuns(store: Store): Promise<RunList> {
  const runs: RunView[] = [];
  const damaged: string[] = [];
  await store.unsettled({ what: 'journals', kind: RUNS, meaning: 'run closed or never started 1' }, async (id) => {
    const found = await listed(store, [id]);
    const open = found.runs.filter((run) => !isClosed(run));
    runs.unshift(...open);
    damaged.unshift(...found.damaged);
    return open.length + found.damaged.length === 0;
  });
  return { runs, damaged };
}

/** Who is at an open run now, and where: a process that lives. Undefined where nobody is. */
export async function workerOf(store: Store, id: string): Promise<LockInfo | undefined> {
  const holder = await store.journal(RUNS, id).writer();
  return holder?.alive === true ? holder : undefined;
}

async function reopen(
  id: string,
  { by }: ContinueRequest,
  deps: RunDeps,
  options: RunOptions,
  first: (runner: Runner) => Promise<void>,
): Promise<RunView> {
  const before = await openRecordOf(deps.store, id);
  const runbook = await runbookOf(before, deps.actions ?? builtInActions);
  // Read again as its only writer: another process may have gone on with it, and opening may have cut a torn line off.
  let run = emptyRun(id);
  const visit = (entry: JournalEntry): void => void (run = applyEntry(run, entry));
  const journal = await deps.store.journal(RUNS, id).open(ownerOf(id, by, runbook.title), { whole: true, visit });
  const runner = new Runner(runbook, deps, options, journal, run, by);
  return await work(runner, async () => {
    refuseClosed(runner.run);
    if (runner.run.by !== by) await runner.append('takeover', { from: runner.run.by });
    await runner.append('run.resumed', {});
    await runner.takeBack();
    await first(runner);
  });
}

async function work(runner: Runner, first: () => Promise<void>): Promise<RunView> {
  const { observer } = runner.options;
  try {
    await first();
    observer?.runStarted(runner.view);
    await advance(runner);
    return runner.view;
  } catch (error) {
    throw error instanceof RunStopped ? error.error : error;
  } finally {
    await runner.close();
    observer?.runEnded(runner.view);
  }
}

/** What was parsed last: a command asks for the runbook of its run several times. */
let parsed: { readonly digest: string; readonly file: string; readonly actions: ActionLibrary; readonly runbook: Promise<Runbook> } | undefined;

async function runbookOf({ id, created }: RunRecord, actions: ActionLibrary): Promise<Runbook> {
  const { text, file, digest } = created.runbook;
  if (sha256(text) !== digest)
    throw new RunbackError('journal-damaged', `The runbook text in the journal of run ${id} is not the one it was started with`, {
      next: `runback runbook evidence ${id}`,
    });
  if (parsed?.digest !== digest || parsed.file !== file || parsed.actions !== actions)
    parsed = { digest, file, actions, runbook: parseRunbook(text, file, actions, { isRecorded: true }) };
  return await parsed.runbook;
}

async function recordOf(store: Store, id: string): Promise<RunRecord> {
  const journal = store.journal(RUNS, id);
  if (!(await journal.exists())) throw new RunbackError('not-found', `There is no run ${id}`, { next: 'runback runbook runs' });
  const run = await deriveRun(id, journal.read({ whole: true }));
  if (run.lastSeq === 0)
    throw new RunbackError('not-found', `Run ${id} was killed before it began`, {
      state: 'It did nothing.',
      next: 'Start a new one: runback runbook run',
    });
  return run;
}

async function openRecordOf(store: Store, id: string): Promise<RunRecord> {
  const run = await recordOf(store, id);
  refuseClosed(run);
  return run;
}

function refuseClosed(run: RunRecord): void {
  if (!isClosed(run)) return;
  throw new RunbackError('usage', `Run ${run.id} is closed: ${run.state}`, {
    why: `It ended at ${run.endedAt ?? 'an unknown time'}${run.because === undefined ? '' : ` (${run.because})`}.`,
    state: 'Nothing was changed.',
    next: `Start a new one: runback runbook run ${run.created.runbook.id}`,
  });
}

function ownerOf(id: string, by: string, title: string): LockOwner {
  return { by, holder: id, purpose: title };
}

/** The lower of what the runbook, the workspace and the operator allow. */
function effectiveLimits(
  runbook: Runbook,
  { workspace }: { readonly workspace: RunServices['workspace']; readonly clock: Clock },
  own: StartRequest['limits'],
): { records?: number; percent?: number } {
  const sources = [runbook.document.limits, workspace.config.restores.limits, own];
  const lowest = (pick: 'records' | 'percent'): number | undefined => {
    const values = sources.map((source) => source?.[pick]).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : Math.min(...values);
  };
  const records = lowest('records');
  const percent = lowest('percent');
  return { ...defined({ records, percent }) };
}
