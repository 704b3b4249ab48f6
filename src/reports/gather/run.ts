import { canonicalJson, defined, messageOf } from '../../lib/index.js';
import type { JournalEntry, Store } from '../../store/index.js';
import type { ApprovalFacts, DecisionFacts, RunFacts, StepFacts, StepReplaced } from '../types.js';
import { correlationIdsIn, listOf, numberOf, objectOf, textOf, textsOf, type Unknowns } from './parse.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const CLOSED: Readonly<Record<string, string>> = {
  succeeded: 'Run ended: succeeded',
  undone: 'Run ended: everything it did was undone',
  partial: 'Run ended: partly done',
  abandoned: 'Run ended: abandoned',
};

/**
 * What a run did, read from its journal alone. Tolerant: what it does not know it passes over, and where the journal is
 * missing or damaged, `problem` says so and the rest is what could be read.
 */
export async function readRunFacts(store: Store, id: string): Promise<RunFacts> {
  const reader = new RunReader(id);
  try {
    for await (const entry of store.journal('runs', id).read()) reader.take(entry);
  } catch (error) {
    return reader.facts(messageOf(error));
  }
  return reader.facts();
}

class RunReader {
  readonly #run: Mutable<RunFacts>;
  readonly #steps = new Map<string, Mutable<StepFacts>>();
  readonly #actions = new Map<string, string>();
  readonly #approving = new Set<string>();
  readonly #approvals: ApprovalFacts[] = [];
  readonly #verified: RunFacts['verified'][number][] = [];
  readonly #decisions: DecisionFacts[] = [];
  readonly #replaced: StepReplaced[] = [];
  /** The last plan of each step that makes one, and who asked for another since. */
  readonly #planOf = new Map<string, string>();
  #asked: Pick<StepReplaced, 'person' | 'at' | 'limits'> = {};
  readonly #plans = new Set<string>();
  readonly #restores = new Set<string>();
  readonly #correlations = new Set<string>();
  readonly #events: RunFacts['events'][number][] = [];

  constructor(id: string) {
    this.#run = {
      id,
      runbook: '',
      title: '',
      state: 'unknown',
      by: '',
      startedAt: '',
      steps: [],
      approvals: [],
      decisions: [],
      replaced: [],
      verified: [],
      plans: [],
      restores: [],
      correlationIds: [],
      events: [],
      lastHash: '',
    };
  }

  facts(problem?: string): RunFacts {
    return {
      ...this.#run,
      ...defined({ problem }),
      steps: [...this.#steps.values()],
      approvals: this.#approvals,
      decisions: this.#decisions,
      replaced: this.#replaced,
      verified: this.#verified,
      plans: [...this.#plans],
      restores: [...this.#restores],
      correlationIds: [...this.#correlations],
      events: this.#events,
    };
  }

  take(entry: JournalEntry): void {
    const { type, at, by, data } = entry;
    this.#run.lastHash = entry.hash;
    const step = entry.step === undefined ? undefined : this.#steps.get(entry.step);
    switch (type) {
      case 'run.created':
        return this.#created(entry);
      case 'run.resumed':
        this.#run.state = 'running';
        return this.#event(entry, 'Run resumed');
      case 'takeover':
        this.#run.by = by;
        this.#decide(entry, 'took over', `The run of ${textOf(data['from']) ?? 'somebody'}`);
        return this.#event(entry, `Run taken over from ${textOf(data['from']) ?? 'somebody'}`);
      case 'run.stopped': {
        const why = textOf(data['waitingFor']);
        this.#run.state = data['reason'] === 'interrupted' ? 'interrupted' : 'waiting';
        return this.#event(entry, `Run stopped${why === undefined ? '' : `: ${why}`}`);
      }
      case 'step.intent':
        if (!step) return;
        step.state = 'running';
        step.startedAt ??= at;
        delete step.error;
        return;
      case 'step.outcome':
        return this.#outcome(entry, step);
      case 'decision':
        return this.#decision(entry, step);
      case 'approval':
        return this.#approval(entry, step);
      case 'approval.refused':
        this.#decide(
          entry,
          'refused',
          `${step?.title ?? entry.step ?? ''}${data['because'] === 'policy' ? ' (given, and it does not count)' : ''}`,
          whyOf(data),
        );
        return this.#event(entry, `Not approved: "${step?.title ?? entry.step ?? ''}"`);
      case 'lock.taken':
        return this.#decide(entry, 'took a lock', `${textOf(data['lock']) ?? '?'}, held by ${textOf(objectOf(data['from'])['by']) ?? 'somebody'}`);
      case 'note':
        return this.#event(entry, textOf(data['text']) ?? '');
      case 'undo.started':
        this.#run.state = 'undoing';
        if (data['asked'] === true) this.#decide(entry, 'undid', `What ${this.#run.title} did`);
        return this.#event(entry, 'Undo of the run began');
      case 'undo.outcome':
        if (step) step.state = data['state'] === 'undone' ? 'undone' : data['state'] === 'failed' ? 'undo failed' : step.state;
        for (const one of correlationIdsIn(data)) this.#correlations.add(one);
        return;
      case 'run.closed': {
        const state = textOf(data['state']) ?? 'closed';
        const because = textOf(data['because']);
        Object.assign(this.#run, { state, endedAt: at, ...defined({ because }) });
        if (state === 'abandoned') this.#decide(entry, 'gave up', this.#run.title, because === undefined ? {} : { why: because });
        return this.#event(entry, `${CLOSED[state] ?? `Run ended: ${state}`}${because === undefined ? '' : ` (${because})`}`);
      }
    }
  }

  #decide({ at, by }: JournalEntry, kind: DecisionFacts['kind'], what: string, more: Partial<DecisionFacts> = {}): void {
    this.#decisions.push({ at, by, kind, what, evidence: { kind: 'run', id: this.#run.id }, ...more });
  }

  /** Takes in a plan of a step: one that the step made in the place of another says so. */
  #planned(step: string, plan: string): void {
    this.#plans.add(plan);
    if (this.#actions.get(step) !== PLANS) return;
    const before = this.#planOf.get(step);
    this.#planOf.set(step, plan);
    if (before === undefined || before === plan) return;
    this.#replaced.push({ plan: before, by: plan, ...this.#asked });
    this.#asked = {};
  }

  #event({ seq, at, by }: JournalEntry, text: string): void {
    this.#events.push({ seq, at, by, text });
  }

  #created(entry: JournalEntry): void {
    const runbook = objectOf(entry.data['runbook']);
    const title = textOf(runbook['title']) ?? '';
    Object.assign(this.#run, { runbook: textOf(runbook['id']) ?? '', title, state: 'running', by: entry.by, startedAt: entry.at });
    for (const shape of listOf(entry.data['steps']).map(objectOf)) {
      const id = textOf(shape['id']);
      if (id === undefined) continue;
      this.#steps.set(id, { id, title: textOf(shape['title']) ?? id, state: 'pending', evidence: [] });
      this.#actions.set(id, textOf(shape['action']) ?? '');
      if (shape['kind'] === 'approve') this.#approving.add(id);
    }
    this.#event(entry, `Run of runbook ${this.#run.runbook} began`);
  }

  #outcome({ at, data, step: id = '' }: JournalEntry, step: Mutable<StepFacts> | undefined): void {
    const outputs = objectOf(data['outputs']);
    const error = objectOf(data['error']);
    const plan = textOf(outputs['plan']);
    if (plan?.startsWith('plan-') === true) this.#planned(id, plan);
    for (const restore of [textOf(outputs['restore']), textOf(objectOf(error['data'])['restore'])])
      if (restore?.startsWith('restore-') === true) this.#restores.add(restore);
    for (const one of correlationIdsIn(error)) this.#correlations.add(one);
    if (this.#actions.get(id) === 'restore.verify' && data['state'] === 'succeeded')
      this.#verified.push({ at, plan: plan ?? '', checked: numberOf(outputs['checked']), remaining: numberOf(outputs['remaining']) });
    if (!step) return;
    step.state = data['state'] === 'did-not-happen' ? 'pending' : (textOf(data['state']) ?? step.state);
    step.endedAt = at;
    const message = textOf(error['message']);
    if (message !== undefined) step.error = message;
  }

  #decision(entry: JournalEntry, step: Mutable<StepFacts> | undefined): void {
    const { at, data } = entry;
    const kind = textOf(data['kind']);
    const note = textOf(data['note']);
    for (const [revising, outputs] of Object.entries(objectOf(data['outputs']))) {
      const plan = textOf(objectOf(outputs)['plan']);
      if (plan?.startsWith('plan-') === true) this.#planned(revising, plan);
    }
    this.#decided(entry, step);
    if (kind !== 'confirm')
      this.#event(entry, `Answered "${textOf(data['value']) ?? ''}" to "${step?.title ?? entry.step ?? ''}"${note === undefined ? '' : `: ${note}`}`);
    if (!step) return;
    step.evidence = [...step.evidence, ...textsOf(data['evidence'])];
    if ((kind === 'manual' || kind === 'decide') && (data['effect'] === 'continue' || data['effect'] === 'go_to'))
      Object.assign(step, { state: 'succeeded', startedAt: step.startedAt ?? at, endedAt: at });
    if (data['effect'] === 'skip') Object.assign(step, { state: 'skipped', endedAt: at });
  }

  /** What a person decided. A rule of the runbook is nobody's decision, but for inputs that a person gave anew. */
  #decided(entry: JournalEntry, step: StepFacts | undefined): void {
    const { at, by, data } = entry;
    const [kind, value, effect] = [textOf(data['kind']), textOf(data['value']), textOf(data['effect'])];
    const inputs = objectOf(data['inputs']);
    const given = Object.keys(inputs).length === 0 ? {} : { answer: inputsText(inputs) };
    const action = this.#actions.get(entry.step ?? '');
    const what = step?.title ?? entry.step ?? '';
    const note = textOf(data['note']);
    const why = note === undefined ? {} : { why: note };
    const planned = textsOf(data['reset']).some((one) => this.#actions.get(one) === PLANS);
    if (kind === 'rule') {
      if (Object.keys(inputs).length > 0) this.#decide(entry, 'other input', what, { ...given, ...why });
      return;
    }
    if (planned && Object.keys(inputs).length > 0) {
      this.#asked = { person: by, at, limits: inputsText(inputs) };
      return this.#decide(entry, 'narrowed', what, { answer: `${value ?? ''}: ${inputsText(inputs)}`, ...why });
    }
    const answer = value === undefined ? {} : { answer: value };
    // Asked only where nothing has proved that the damage is gone.
    if (kind === 'confirm') return this.#decide(entry, action === 'syncs.resume' ? 'overrode' : 'confirmed', what, { ...answer, ...why });
    // Whoever says no to an approval is led back to an earlier decision.
    if (effect === 'go_to' && this.#approving.has(entry.step ?? '')) return this.#decide(entry, 'refused', what, { ...answer, ...why });
    if (effect === 'skip') return this.#decide(entry, 'skipped', what, { ...answer, ...why });
    if (kind === 'failed') return this.#decide(entry, effect === 'retry' ? 'retried' : 'answered', what, { ...answer, ...why });
    return this.#decide(entry, kind === 'in_doubt' ? 'settled doubt' : 'answered', what, { ...answer, ...given, ...why });
  }

  #approval(entry: JournalEntry, step: Mutable<StepFacts> | undefined): void {
    const { at, by, data, step: id = '' } = entry;
    const note = textOf(data['note']);
    this.#approvals.push({
      run: this.#run.id,
      step: step?.title ?? id,
      by,
      at: textOf(data['givenAt']) ?? at,
      of: textOf(data['of']) ?? '',
      authority: textOf(data['authority']) ?? '',
      authenticated: data['authenticated'] === true,
      ...defined({ note }),
    });
    const way = data['authenticated'] === true ? 'signed' : 'unauthenticated';
    this.#decide(entry, 'approved', step?.title ?? id, { answer: way, ...defined({ why: note }) });
    this.#event(entry, `Approved "${step?.title ?? id}"${data['authenticated'] === true ? '' : ' (UNAUTHENTICATED: nothing proves who it was)'}`);
    if (step && numberOf(data['missing']) === 0) Object.assign(step, { state: 'succeeded', startedAt: step.startedAt ?? at, endedAt: at });
  }
}

/** The action that makes plans. */
const PLANS = 'restore.plan';

function whyOf(data: Unknowns): { readonly why?: string; readonly answer?: string } {
  const [answer, note] = [textOf(data['why']), textOf(data['note'])];
  return { ...defined({ answer, why: note }) };
}

function inputText([name, value]: readonly [string, unknown]): string {
  return `${name} = ${typeof value === 'string' ? value : canonicalJson(value)}`;
}

function inputsText(inputs: Unknowns): string {
  return Object.entries(inputs).map(inputText).join(', ');
}
