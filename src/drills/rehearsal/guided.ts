import { type Clock, defined, Redactor } from '../../lib/index.js';
import { listRuns, type RunView } from '../../runbooks/index.js';
import { openFileStore, type Store } from '../../store/index.js';
import { loadWorkspace } from '../../workspace/index.js';
import type { OperatorReport, StepNews } from './operator.js';

/** A person who works on a stage at the terminal. */
export interface Keyboard {
  /** Lets them use runback there until they say that they are done, or give up. */
  work(stage: WorkedStage): Promise<void>;
}

/** What a person is given. */
export interface WorkedStage {
  readonly folder: string;
  /** See `StageCommand.variables`. */
  readonly variables: Readonly<Record<string, string>>;
  /** Who they are there. */
  readonly as: string;
  /** To be called whenever a run there comes by the beginning or end of a step: what happens there has happened then. */
  stepped(): Promise<void>;
  /** The newest run there, if any. */
  newestRun(): Promise<RunView | undefined>;
  /** What does not work until somebody mends it, by the names that drills use. */
  broken(): readonly string[];
  /** Mends that, as whoever may do so does when they are asked. */
  mend(): Promise<void>;
}

export interface GuidedRequest extends Omit<WorkedStage, 'newestRun' | 'stepped'> {
  readonly step: (news: StepNews, kill: () => void) => Promise<void> | void;
}

/** What came of it, with the runbook that they chose and how long each of its steps took. */
export interface GuidedReport extends OperatorReport {
  readonly runbook: string | undefined;
  /** Milliseconds since 1970: the end of the last run, or of their work where none ended. */
  readonly endedAt: number;
  readonly steps: readonly { readonly title: string; readonly ms: number }[];
}

/** How often the runs of the stage are looked at, milliseconds. */
const LOOK_EVERY_MS = 200;

/** Lets a person roll back at the terminal, and tells of each step as their runs go on. */
export async function operateByHand(keyboard: Keyboard, request: GuidedRequest, clock: Clock): Promise<GuidedReport> {
  const { folder, variables, as, broken, mend } = request;
  const { stateDir } = await loadWorkspace(folder);
  const store = openFileStore({ dir: stateDir, clock, redactor: new Redactor() });
  const watch = new RunWatch(store, request.step);
  let trouble: unknown;
  // Told once the person is done: nothing takes the terminal from them.
  const look = async (): Promise<void> =>
    await watch.look().catch((error: unknown) => {
      trouble ??= error;
    });
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  const stepped = async (): Promise<void> => {
    // The first one may have begun before the last change.
    await look();
    await look();
  };
  try {
    await keyboard.work({ folder, variables, as, broken, mend, stepped, newestRun: async () => (await runsOf(store))[0] });
  } finally {
    clearInterval(timer);
  }
  // The first one may have begun before the last change.
  await watch.look();
  await watch.look();
  if (trouble !== undefined) throw trouble;
  const [run] = await runsOf(store);
  return {
    run: run?.id,
    runbook: run?.runbook,
    state: run?.state ?? 'not started',
    status: undefined,
    ...defined({
      because: run?.because ?? run?.waitingFor,
      stoppedAt: run?.steps.find(({ state }) => state === 'running' || state === 'failed')?.id,
    }),
    kills: 0,
    resumes: 0,
    endedAt: run?.endedAt === undefined ? clock.now().getTime() : Date.parse(run.endedAt),
    steps: (run?.steps ?? []).flatMap(({ title, startedAt, endedAt }) =>
      startedAt === undefined || endedAt === undefined ? [] : [{ title, ms: Date.parse(endedAt) - Date.parse(startedAt) }],
    ),
  };
}

const runsOf = async (store: Store): Promise<readonly RunView[]> => (await listRuns(store)).runs;

/** Tells of each change of a step once, in the order in which the journals tell it. */
class RunWatch {
  readonly #told = new Map<string, string>();
  #looking: Promise<void> | undefined;

  constructor(
    private readonly store: Store,
    private readonly step: GuidedRequest['step'],
  ) {}

  /** One look at a time: where one is under way, it is waited for. */
  async look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
  }

  async #look(): Promise<void> {
    for (const run of (await runsOf(this.store)).toReversed())
      for (const { id, state, attempt, action, error, startedAt, endedAt } of run.steps) {
        const name = `${run.id}/${id}`;
        const now = `${state} ${attempt}`;
        if (state === 'pending' || this.#told.get(name) === now) continue;
        // What began and ended between two looks is told as both.
        const unseen = state !== 'running' && this.#told.get(name) !== `running ${attempt}` && startedAt !== undefined;
        this.#told.set(name, now);
        const news = { step: id, attempt, ...defined({ action }) };
        if (unseen) await this.step({ ...news, state: 'running', when: Date.parse(startedAt) }, () => {});
        await this.step(
          { ...news, state, ...defined({ error }), when: Date.parse((state === 'running' ? startedAt : endedAt) ?? run.startedAt) },
          () => {},
        );
      }
  }
}
