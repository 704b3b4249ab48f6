import { open } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { type CallOptions, type Clock, defined, newId, parseDuration, RunbackError } from '../../lib/index.js';
import { loadRunbook, type Runbook } from '../../runbooks/index.js';
import { type Automation, createRandom, type Random, type Who } from '../../sandbox/index.js';
import { openSnapshot, type SnapshotReader } from '../../snapshots/index.js';
import {
  runThere,
  type Stage,
  type StageMachine,
  stageMachine,
  type StageProgram,
  startLocalStage,
  openStagingStage,
  type StagingDeps,
} from '../../stages/index.js';
import type { Drill } from '../document/load.js';
import type { AutomationDocument, EditsDocument } from '../document/schema.js';
import type { FaultStage } from '../faults/fault.js';
import type { DrillResult, Moment } from '../result.js';
import type { CheckName } from '../verdict/checks.js';
import type { Facts } from '../verdict/facts.js';
import { scoreOf } from '../verdict/score.js';
import { Disturbances, needsMachine } from './disturb.js';
import { COLLEAGUE, makeEdits } from './edits.js';
import { type GuidedReport, type Keyboard, operateByHand } from './guided.js';
import { operate, ON_CALL, type OperatorReport, type OperatorRequest, type StepNews } from './operator.js';
import { TruthBook } from './truth-book.js';

/** What a rehearsal is given. */
export interface RehearsalRequest {
  readonly drill: Drill;
  /** Where it is staged: in a sandbox on this machine, or on a platform of the workspace. */
  readonly place: { readonly local: string } | { readonly platform: string };
  /** Path of the runbook's file. */
  readonly runbook: string;
  /** An empty folder for the workspace of the stage; whoever made it removes it. */
  readonly folder: string;
  /** Of the result; a new one unless given. */
  readonly id?: string;
  /** Instead of that of the drill. */
  readonly seed?: number;
  /** How often a run that was killed, or stopped half-way, is resumed. */
  readonly resumes?: number;
  /** Paths of the runbooks that a person at the terminal may choose from; unattended there is that of the drill only. */
  readonly choice?: readonly string[];
}

export interface RehearsalDeps {
  readonly program: StageProgram;
  readonly clock: Clock;
  readonly call: CallOptions;
  /** What is being done now, in words. */
  readonly doing: (what: string) => void;
  /** A person who rolls back at the terminal, instead of the answers of the drill. */
  readonly keyboard?: Keyboard;
  readonly people?: RehearsalPeople;
  /** The workspace whose platforms may be a stage; absent where there is none. */
  readonly staging?: StagingDeps;
}

/** Of a game day: who is at the keyboard, and who is asked for approvals before the answers of the drill give them. */
export interface RehearsalPeople {
  readonly as: string;
  /** Resolves to true where people have approved what a run on the stage in that folder waits for. */
  approve(asked: { readonly folder: string; readonly run: string; readonly step: string }): Promise<boolean>;
}

/** Who does the damage on a stage whose sync is not to blame. */
const SUSPECT: Who = { kind: 'integration', id: '48621', label: 'CRM to marketing platform' };
/** What goes on rightly on its own while damage is done. */
const AUTOMATION: Who = { kind: 'integration', id: '90210', label: 'Nightly automation' };
const MOST_RESUMES = 3;
const MOST_SAMPLES = 12;
/** How much of a snapshot is damaged. */
const DAMAGED_BYTES = 512;

/**
 * Stages the failure of a drill, lets its runbook put it right, and judges by the truth that was kept. The stage is
 * taken down in any case. Throws `fault-impossible` where the failure cannot be staged, `not-found` for a step that a
 * disturbance names and the runbook has not; a rollback that fails is a result and not an error.
 */
export async function rehearse(request: RehearsalRequest, deps: RehearsalDeps): Promise<DrillResult> {
  const runbook = await loadRunbook(request.runbook);
  requireSteps(request.drill, runbook);
  const seed = seedOf(request);
  deps.doing('Preparing the stage');
  const stage = await stageOf(request, deps, seed);
  try {
    return await new Rehearsal(request, deps, stage, runbook, seed).play();
  } finally {
    await stage.stop();
  }
}

const seedOf = ({ seed, drill }: RehearsalRequest): number => seed ?? ('seed' in drill.document.where ? drill.document.where.seed : 0);

async function stageOf(request: RehearsalRequest, deps: RehearsalDeps, seed: number): Promise<Stage> {
  const { drill, folder, place, runbook, choice = [] } = request;
  const { where } = drill.document;
  const { records } = where;
  const runbooks = [...new Set([runbook, ...choice])];
  const { from, mask } = 'from' in where || 'platform' in where ? where : { from: undefined, mask: [] };
  if ('local' in place) {
    const snapshot = from === undefined ? undefined : await snapshotOf(drill, from, deps);
    try {
      const options = { platform: place.local, records, seed, runbooks, mask, ...defined({ from: snapshot }) };
      return await startLocalStage(folder, options, deps.clock, deps.call);
    } finally {
      await snapshot?.close();
    }
  }
  if (deps.staging === undefined)
    throw noWorkspace(`Drill ${drill.id} is staged on ${place.platform}, a platform of a workspace, and there is none here`);
  return await openStagingStage(folder, { platform: place.platform, records, runbooks, mask, ...defined({ from }) }, deps.staging);
}

/** A snapshot of the workspace, or the path of one from the drill's file. */
async function snapshotOf({ id, file }: Drill, from: string, { staging }: RehearsalDeps): Promise<SnapshotReader> {
  if (/[/\\]|\.zip$/u.test(from)) return await openSnapshot(resolve(dirname(file), from));
  if (staging === undefined) throw noWorkspace(`Drill ${id} is staged from snapshot ${from} of a workspace, and there is none here`);
  return await staging.catalog.open(from);
}

const noWorkspace = (message: string): RunbackError => new RunbackError('workspace-missing', message, { state: 'Nothing was started.' });

function requireSteps({ document, file }: Drill, runbook: Runbook): void {
  const ids = runbook.steps.map(({ id }) => id);
  const { stops } = document.expect;
  for (const at of [...document.disturb, ...document.hands].map((each) => each.at).concat(stops ?? []))
    if (!ids.includes(at))
      throw new RunbackError('not-found', `Runbook ${runbook.id} has no step "${at}"`, {
        why: `${file} names it. There are: ${ids.join(', ')}.`,
        state: 'Nothing was started.',
      });
}

/** An automation of a drill as a sandbox takes it. */
function automationOf({ name, object, when, does }: AutomationDocument, place: number): Automation {
  return {
    id: `drill-${place + 1}`,
    name,
    object,
    enabled: true,
    when: 'created' in when ? { on: 'create' } : { on: 'change', ...when },
    does: does.map((step) => ('set' in step ? { do: 'set', values: step.set } : { do: 'mail', to: step.to, subject: step.mail })),
    repeats: true,
  };
}

/** One drill on one stage, from the good snapshot to the verdict. */
class Rehearsal {
  readonly #random: Random;
  readonly #timeline: Moment[] = [];
  readonly #steps: Facts['steps'][number][] = [];
  readonly #disturbances: Disturbances;
  readonly #machine: StageMachine | undefined;
  #snapshot = '';
  readonly #startedAt: number;

  constructor(
    private readonly request: RehearsalRequest,
    private readonly deps: RehearsalDeps,
    private readonly stage: Stage,
    private readonly runbook: Runbook,
    seed: number,
  ) {
    this.#random = createRandom(seed + 1);
    const { disturb } = request.drill.document;
    this.#machine = needsMachine(disturb) ? stageMachine(join(request.folder, 'disk.full')) : undefined;
    this.#disturbances = new Disturbances(disturb, { stage, machine: this.#machine, damageBackup: async () => await this.#damageBackup() });
    this.#startedAt = deps.clock.now().getTime();
  }

  async play(): Promise<DrillResult> {
    const { drill } = this.request;
    drill.document.automations.forEach((automation, i) => this.stage.local?.automate(automationOf(automation, i)));
    const book = await TruthBook.open(this.stage.account);
    const snapshotAt = await this.#goodSnapshot();
    await this.#edits('before', book);
    const struckAt = this.#now();
    const struck = await this.#strike(book);
    await this.#edits('after', book);
    this.#goOnWriting(book);
    const report = await this.#rollBack(book);
    this.stage.local?.setRightfulWrite(undefined);
    const endedAt = 'endedAt' in report ? report.endedAt : this.#now();
    this.#note(`the run ended: ${report.state}`);
    this.deps.doing('Comparing with the truth');
    const judged = await book.judge();
    const { integration } = this.stage.local ?? {};
    const facts: Facts = {
      struck,
      judged,
      report,
      steps: this.#steps,
      snapshotAt,
      struckAt,
      endedAt,
      ...defined({ sideEffects: this.stage.local?.sideEffects() }),
      ...defined({ sync: integration && { log: integration.log, paused: integration.paused } }),
    };
    const used = await this.#usedRunbook(report);
    const checks = scoreOf(facts, drill.document.expect);
    const mustFail = drill.document.must_fail;
    const failed = new Set(checks.filter(({ passed }) => !passed).map(({ name }) => name));
    return {
      version: 1,
      id: this.request.id ?? newId('drill', this.deps.clock),
      drill: drill.id,
      title: drill.title,
      digest: drill.digest,
      runbook: { id: used.id, title: used.title, digest: used.digest },
      stage: { label: this.stage.label, platform: this.stage.platform, environment: this.stage.environment },
      faults: drill.faults.map(({ fault }) => fault.kind),
      startedAt: new Date(this.#startedAt).toISOString(),
      endedAt: new Date(endedAt).toISOString(),
      passed: mustFail === undefined ? failed.size === 0 : report.run !== undefined && failsAsItMust(failed, mustFail),
      checks,
      recoveryMs: endedAt - struckAt,
      run: { id: report.run, state: report.state, kills: report.kills, resumes: report.resumes, ...defined({ because: report.because }) },
      disturbed: this.#disturbances.done,
      timeline: this.#timeline,
      examples: this.stage.invented ? judged.score.examples : judged.score.examples.map((example) => example.slice(0, example.indexOf(': is '))),
      // What is no invented data is kept in no report.
      samples: this.stage.invented ? book.samples(judged.actual, MOST_SAMPLES) : [],
      differs: this.stage.differs,
      ...defined({ mustFail, requests: this.stage.local?.counts().requests, byHand: 'steps' in report ? report.steps : undefined }),
    };
  }

  /** That of the drill, or the one that a person chose instead. */
  async #usedRunbook(report: OperatorReport | GuidedReport): Promise<Runbook> {
    const chosen = 'runbook' in report && report.runbook !== this.runbook.id ? report.runbook : undefined;
    const path = chosen && this.request.choice?.find((one) => basename(one).replace(/\.ya?ml$/u, '') === chosen);
    return path === undefined ? this.runbook : await loadRunbook(path);
  }

  /** The backup of the night before: taken, and every byte of it read again. Gives when it was begun. */
  async #goodSnapshot(): Promise<number> {
    this.deps.doing('Taking the good snapshot');
    const { folder, platform } = this.stage;
    const age = parseDuration(this.request.drill.document.backup?.age ?? '0s');
    const at = this.#now() - age;
    const then = age === 0 ? {} : stageMachine(join(this.request.folder, 'disk.full'), -age).environment;
    const created = await this.#command(['snapshot', 'create', '--platform', platform, '--note', 'before the drill'], then);
    this.#snapshot = isSnapshot(created) ? created.id : 'latest';
    await this.#command(['snapshot', 'verify', this.#snapshot], then);
    this.#note(`the good snapshot ${this.#snapshot} is taken and verified in ${folder}`);
    return at;
  }

  /** Some bytes of it are others, more than what stands between two files of it; its length is the same. */
  async #damageBackup(): Promise<void> {
    const file = await open(join(this.stage.folder, 'backups', `${this.#snapshot}.zip`), 'r+');
    try {
      const at = Math.floor((await file.stat()).size / 3);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(DAMAGED_BYTES), 0, DAMAGED_BYTES, at);
      await file.write(
        buffer.map((byte) => byte ^ 0xff),
        0,
        bytesRead,
        at,
      );
    } finally {
      await file.close();
    }
  }

  async #command(args: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const { status, data, error, said } = await runThere(this.deps.program, {
      folder: this.stage.folder,
      args,
      as: this.#operator,
      variables: { ...this.stage.secrets, ...variables },
    });
    if (status === 0) return data;
    throw new RunbackError('bug', `runback ${args.slice(0, 2).join(' ')} failed on the stage, before anything was damaged`, {
      why: error?.message ?? said.slice(-500),
    });
  }

  async #strike(book: TruthBook): Promise<number> {
    let struck = 0;
    for (const { fault, parameters } of this.request.drill.faults) {
      this.deps.doing(fault.does);
      const account = this.stage.victims;
      const by = this.stage.local?.syncWriter ?? SUSPECT;
      const pause = async (): Promise<void> => await this.deps.clock.sleep(5, this.deps.call.signal);
      const innocent: FaultStage['innocent'] = async (object, key, values) => void (await book.edit(AUTOMATION, object, key, values));
      struck += await book.damage(async () => await fault.strike({ account, random: this.#random, by, pause, innocent }, parameters));
      this.#note(`${fault.kind}: ${fault.does}`);
    }
    return struck;
  }

  async #edits(when: EditsDocument['when'], book: TruthBook): Promise<void> {
    const given = this.request.drill.document.meanwhile?.edits;
    for (const edits of given === undefined ? [] : Array.isArray(given) ? given : [given]) {
      if (edits.when !== when) continue;
      const made = await makeEdits(edits, this.stage.victims, book, this.#random);
      this.#note(`people change ${edits.field} of ${made} ${edits.object}`);
    }
  }

  /** The sync goes on with what it is there for. */
  #goOnWriting(book: TruthBook): void {
    const sync = this.request.drill.document.meanwhile?.sync;
    const { local, account } = this.stage;
    if (sync === undefined || local === undefined) return;
    const keys = [...book.expected.records.keys()].filter((id) => id.startsWith(`${sync.object}/`)).map((id) => id.slice(sync.object.length + 1));
    let turn = 0;
    local.setRightfulWrite(() => {
      turn += 1;
      const key = keys[(turn * 37) % keys.length] ?? '';
      void account.record(sync.object, key).then(async (there) => {
        if (there !== undefined) await book.edit(local.syncWriter, sync.object, key, { [sync.field]: String(1000 + turn) });
      });
    });
  }

  async #rollBack(book: TruthBook): Promise<OperatorReport | GuidedReport> {
    const { drill, resumes = MOST_RESUMES } = this.request;
    const { folder, platform } = this.stage;
    const actions = new Map(this.runbook.steps.map(({ id, action }) => [id, action?.name]));
    const step = async (news: StepNews, kill: () => void): Promise<void> => await this.#step(news, kill, news.action ?? actions.get(news.step), book);
    const variables = { ...this.stage.secrets, ...this.#machine?.environment };
    const { keyboard, program, clock } = this.deps;
    this.deps.doing(`Running ${this.runbook.id}`);
    try {
      const mend = async (): Promise<boolean> => await this.#disturbances.mend();
      if (keyboard !== undefined) {
        const broken = (): readonly string[] => this.#disturbances.lasting;
        return await operateByHand(keyboard, { folder, variables, as: ON_CALL, step, broken, mend: async () => void (await mend()) }, clock);
      }
      return await operate(program, {
        folder,
        as: this.#operator,
        ...this.#askedOfPeople(),
        variables,
        runbook: this.runbook.id,
        inputs: { ...(this.runbook.document.inputs?.['platform'] && { platform }), ...drill.document.inputs },
        answers: drill.document.answers,
        resumes,
        mend,
        step,
      });
    } finally {
      await this.#disturbances.stop();
      this.stage.local?.faults.clear();
    }
  }

  get #operator(): string {
    return this.deps.people?.as ?? ON_CALL;
  }

  #askedOfPeople(): Pick<OperatorRequest, 'approvals'> {
    const { people } = this.deps;
    const steps = this.runbook.steps.flatMap(({ id, kind }) => (kind === 'approve' ? [id] : []));
    return people === undefined
      ? {}
      : { approvals: { steps, ask: async (run, step) => await people.approve({ folder: this.stage.folder, run, step }) } };
  }

  async #step(news: StepNews, kill: () => void, action: string | undefined, book: TruthBook): Promise<void> {
    this.#steps.push({ ...news, ...defined({ action }) });
    if (news.state !== 'pending') this.#note(`step ${news.step}: ${news.state}${news.error === undefined ? '' : ` (${news.error})`}`);
    if (news.state === 'running') {
      this.deps.doing(`Running ${this.runbook.id}: ${news.step}`);
      await this.#disturbances.stepBegan(news.step, kill);
    }
    if (news.state === 'succeeded') await this.#hands(news.step, book);
    if (action === 'restore.plan' && news.state === 'succeeded' && !this.#edited) {
      this.#edited = true;
      await this.#edits('during', book);
    }
  }

  async #hands(step: string, book: TruthBook): Promise<void> {
    for (const hand of this.request.drill.document.hands) {
      if (hand.at !== step) continue;
      if ('automations' in hand) {
        this.stage.local?.switchAutomations(hand.automations === 'on');
        this.#note(`by hand on the platform: automations ${hand.automations}`);
      } else if ('options' in hand) {
        const put = this.stage.local?.putOptionsBack() ?? [];
        this.#note(`by hand on the platform: options of ${put.join(', ') || 'no field'} added again`);
      } else {
        const put = await book.putRightByHand(COLLEAGUE, hand.object);
        this.#note(`by hand on the platform: ${put} values of ${hand.object}`);
      }
    }
  }

  #edited = false;

  #note(what: string): void {
    this.#timeline.push({ at: this.deps.clock.now().toISOString(), what });
  }

  #now(): number {
    return this.deps.clock.now().getTime();
  }
}

/** For its reason and no other: a failure that was not staged, or a run that never came to its end, shows nothing of it. */
function failsAsItMust(failed: ReadonlySet<CheckName>, mustFail: readonly CheckName[]): boolean {
  const staged = (['took_effect', 'ended'] as const).every((name) => mustFail.includes(name) || !failed.has(name));
  return staged && mustFail.every((name) => failed.has(name));
}

const isSnapshot = (data: unknown): data is { readonly id: string } =>
  typeof data === 'object' && data !== null && 'id' in data && typeof data.id === 'string';
