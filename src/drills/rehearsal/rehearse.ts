import { join } from 'node:path';

import { defined, newId, RunbackError } from '../../lib/index.js';
import { loadRunbook, type Runbook } from '../../runbooks/index.js';
import { type Stage, type StageMachine, stageMachine } from '../../stages/index.js';
import type { Drill } from '../document/load.js';
import type { DrillResult } from '../result.js';
import type { Facts } from '../verdict/facts.js';
import { StageActs } from './acts.js';
import { Disturbances, needsMachine } from './disturb.js';
import { type GuidedReport, operateByHand } from './guided.js';
import { operate, ON_CALL, type OperatorReport, type OperatorRequest, type StepNews } from './operator.js';
import { operatorOf, type RehearsalDeps, type RehearsalRequest } from './request.js';
import { resultOf, usedRunbook } from './result-of.js';
import { seedOf, stageOf } from './stage-of.js';
import { keepOnStage, requireStandIns } from './stand-ins.js';
import { TruthBook } from './truth-book.js';

const MOST_RESUMES = 3;

/**
 * Stages the failure of a drill, lets its runbook put it right, and judges by the truth that was kept. The stage is
 * taken down in any case. Throws `fault-impossible` where the failure cannot be staged, `not-found` for a step that a
 * disturbance names and the runbook has not; a rollback that fails is a result and not an error.
 */
export async function rehearse(request: RehearsalRequest, deps: RehearsalDeps): Promise<DrillResult> {
  const runbook = await loadRunbook(request.runbook);
  requireSteps(request.drill, runbook);
  requireStandIns(request.drill, runbook);
  const seed = seedOf(request);
  deps.doing('Preparing the stage');
  const stage = await stageOf(request, deps, seed);
  try {
    await keepOnStage(stage, request.drill, runbook, deps.clock);
    return await new Rehearsal(request, deps, stage, runbook, seed).play();
  } finally {
    await stage.stop();
  }
}

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

/** One drill on one stage, from the good snapshot to the verdict. */
class Rehearsal {
  readonly #acts: StageActs;
  readonly #steps: Facts['steps'][number][] = [];
  readonly #disturbances: Disturbances;
  readonly #machine: StageMachine | undefined;
  readonly #startedAt: number;
  #edited = false;

  constructor(
    private readonly request: RehearsalRequest,
    private readonly deps: RehearsalDeps,
    private readonly stage: Stage,
    private readonly runbook: Runbook,
    seed: number,
  ) {
    this.#acts = new StageActs(request, deps, stage, seed);
    const { disturb } = request.drill.document;
    this.#machine = needsMachine(disturb) ? stageMachine(join(request.folder, 'disk.full')) : undefined;
    this.#disturbances = new Disturbances(disturb, { stage, machine: this.#machine, damageBackup: async () => await this.#acts.damageBackup() });
    this.#startedAt = this.#now();
  }

  async play(): Promise<DrillResult> {
    const { drill, choice } = this.request;
    this.#acts.setAutomations();
    const book = await TruthBook.open(this.stage.account);
    const snapshotAt = await this.#acts.goodSnapshot();
    await this.#acts.loseKey();
    await this.#acts.edits('before', book);
    const struckAt = this.#now();
    const struck = await this.#acts.strike(book);
    await this.#acts.edits('after', book);
    this.#acts.goOnWriting(book);
    const report = await this.#rollBack(book);
    this.stage.local?.setRightfulWrite(undefined);
    const endedAt = 'endedAt' in report ? report.endedAt : this.#now();
    this.#acts.note(`the run ended: ${report.state}`);
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
    return resultOf({
      id: this.request.id ?? newId('drill', this.deps.clock),
      drill,
      runbook: await usedRunbook(this.runbook, report, choice),
      stage: this.stage,
      book,
      facts,
      timeline: this.#acts.timeline,
      disturbed: this.#disturbances.done,
      startedAt: this.#startedAt,
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
        as: operatorOf(this.deps),
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

  #askedOfPeople(): Pick<OperatorRequest, 'approvals'> {
    const { people } = this.deps;
    const steps = this.runbook.steps.flatMap(({ id, kind }) => (kind === 'approve' ? [id] : []));
    return people === undefined
      ? {}
      : { approvals: { steps, ask: async (run, step) => await people.approve({ folder: this.stage.folder, run, step }) } };
  }

  async #step(news: StepNews, kill: () => void, action: string | undefined, book: TruthBook): Promise<void> {
    this.#steps.push({ ...news, ...defined({ action }) });
    if (news.state !== 'pending') this.#acts.note(`step ${news.step}: ${news.state}${news.error === undefined ? '' : ` (${news.error})`}`);
    if (news.state === 'running') {
      this.deps.doing(`Running ${this.runbook.id}: ${news.step}`);
      await this.#disturbances.stepBegan(news.step, kill);
    }
    if (news.state === 'succeeded') await this.#acts.hands(news.step, book);
    if (action === 'restore.plan' && news.state === 'succeeded' && !this.#edited) {
      this.#edited = true;
      await this.#acts.edits('during', book);
    }
  }

  #now(): number {
    return this.deps.clock.now().getTime();
  }
}
