import { messageOf } from '../lib/index.js';
import type { JournalEntry, Store } from '../store/index.js';
import { correlationIdsIn, listOf, numberOf, objectOf, textOf, textsOf } from './report-parse.js';
import type { ApprovalFacts, RunFacts, StepFacts } from './report-types.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const CLOSED: Readonly<Record<string, string>> = {
  succeeded: 'Run ended: succeeded',
  undone: 'Run ended: everything it did was undone',
  partial: 'Run ended: partly done',
  abandoned: 'Run ended: abandoned',
};

/**
 * What a run did, read from its journal alone. Tolerant: what it does not know it passes over, and where the journal is missing or
 * damaged, `problem` says so and the rest is what could be read.
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
  readonly #approvals: ApprovalFacts[] = [];
  readonly #verified: RunFacts['verified'][number][] = [];
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
      ...(problem === undefined ? {} : { problem }),
      steps: [...this.#steps.values()],
      approvals: this.#approvals,
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
      case 'note':
        return this.#event(entry, textOf(data['text']) ?? '');
      case 'undo.started':
        this.#run.state = 'undoing';
        return this.#event(entry, 'Undo of the run began');
      case 'undo.outcome':
        if (step) step.state = data['state'] === 'undone' ? 'undone' : data['state'] === 'failed' ? 'undo failed' : step.state;
        for (const one of correlationIdsIn(data)) this.#correlations.add(one);
        return;
      case 'run.closed': {
        const state = textOf(data['state']) ?? 'closed';
        const because = textOf(data['because']);
        Object.assign(this.#run, { state, endedAt: at, ...(because === undefined ? {} : { because }) });
        return this.#event(entry, `${CLOSED[state] ?? `Run ended: ${state}`}${because === undefined ? '' : ` (${because})`}`);
      }
    }
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
    }
    this.#event(entry, `Run of runbook ${this.#run.runbook} began`);
  }

  #outcome({ at, data, step: id = '' }: JournalEntry, step: Mutable<StepFacts> | undefined): void {
    const outputs = objectOf(data['outputs']);
    const error = objectOf(data['error']);
    const plan = textOf(outputs['plan']);
    if (plan?.startsWith('plan-') === true) this.#plans.add(plan);
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
    for (const revised of Object.values(objectOf(data['outputs'])).map(objectOf)) {
      const plan = textOf(revised['plan']);
      if (plan?.startsWith('plan-') === true) this.#plans.add(plan);
    }
    if (kind !== 'confirm')
      this.#event(entry, `Answered "${textOf(data['value']) ?? ''}" to "${step?.title ?? entry.step ?? ''}"${note === undefined ? '' : `: ${note}`}`);
    if (!step) return;
    step.evidence = [...step.evidence, ...textsOf(data['evidence'])];
    if ((kind === 'manual' || kind === 'decide') && (data['effect'] === 'continue' || data['effect'] === 'go_to'))
      Object.assign(step, { state: 'succeeded', startedAt: step.startedAt ?? at, endedAt: at });
    if (data['effect'] === 'skip') Object.assign(step, { state: 'skipped', endedAt: at });
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
      ...(note === undefined ? {} : { note }),
    });
    this.#event(entry, `Approved "${step?.title ?? id}"${data['authenticated'] === true ? '' : ' (UNAUTHENTICATED: nothing proves who it was)'}`);
    if (step && numberOf(data['missing']) === 0) Object.assign(step, { state: 'succeeded', startedAt: step.startedAt ?? at, endedAt: at });
  }
}
