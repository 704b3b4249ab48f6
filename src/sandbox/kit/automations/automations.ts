import type { Clock } from '../../../lib/index.js';
import type { Automated, Automation, AutomationStep, Cause, Effect, Trigger } from '../../automation.js';
import type { TrueValues, WrittenValues } from '../../sandbox.js';
import { Failure } from '../failure.js';
import { type AutomationsDump, automationsForm } from './forms.js';
import { rewritten } from './rewrite.js';

/** What automations have to know of an account, and do in it. */
export interface AutomatedAccount {
  /** The name by which changes tell an object type, where it has several. */
  objectOf?(object: string): string;
  hasField(object: string, field: string): boolean;
  /** The values of a live record; throws for an unknown object type. */
  find(object: string, key: string): TrueValues | undefined;
  /** Writes in the name of an automation; throws a {@link Failure} for what is refused. */
  write(object: string, key: string, values: WrittenValues, automation: Automation, because: Cause): void;
  /** Whether the person does not want mail that is sent to many. */
  optedOut(object: string, values: TrueValues): boolean;
}

/** A write that took place. */
export interface Change {
  readonly object: string;
  readonly key: string;
  /** Undefined where the record is new. */
  readonly before: TrueValues | undefined;
  readonly after: TrueValues;
}

/** The next step of a record on its way; -1: it is about to be taken. */
interface Task {
  readonly due: number;
  readonly automation: string;
  readonly object: string;
  readonly key: string;
  readonly step: number;
  readonly because: Cause;
  /** What the chain went through so far. */
  readonly passed: readonly string[];
}

/**
 * The automations of one account. Nothing runs by a timer: a vendor tells every change with `changed`, and what is due
 * runs when it calls `settle`, which is before and after each request and each write, and before anything is told.
 */
export class Automations implements Omit<Automated, 'app'> {
  #automations = new Map<string, Automation>();
  #effects: Effect[] = [];
  /** By the time they are due; of the same time, what came first. */
  #tasks: Task[] = [];
  #enrolled = new Set<string>();
  #onTheWay = new Set<string>();
  #running: Task | undefined;
  /** Hears of every change as it happens; `after` is undefined where a record is gone. */
  onChange: (change: Omit<Change, 'after'> & { readonly after: TrueValues | undefined }, cause: Cause) => void = () => {};

  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    private readonly account: AutomatedAccount,
  ) {}

  /** What time it is for the account: what runs late, runs at the time it was due. */
  now(): number {
    return Math.min(this.#running?.due ?? Infinity, this.clock.now().getTime());
  }

  /** Whether a write that takes place just now is that of an automation. */
  get acting(): boolean {
    return this.#running !== undefined;
  }

  automate(automation: Automation): void {
    this.settle();
    const object = this.account.objectOf?.(automation.object) ?? automation.object;
    this.account.find(object, '');
    for (const field of fieldsOf(automation))
      if (!this.account.hasField(object, field)) throw new RangeError(`${automation.object} have no field ${field}`);
    this.#automations.set(automation.id, { ...automation, object });
  }

  automations(): readonly Automation[] {
    return [...this.#automations.values()];
  }

  effects(): readonly Effect[] {
    this.settle();
    return [...this.#effects];
  }

  resetEffects(): void {
    this.settle();
    this.#effects = [];
  }

  elapse(ms: number): void {
    this.settle(this.clock.now().getTime() + ms);
  }

  /** Takes a record that was written now where an automation waits for that. */
  changed(change: Change, cause: Cause): void {
    const { object, key, before, after } = change;
    this.onChange(change, this.#running?.because ?? cause);
    const { because, passed } = this.#running ?? { because: cause, passed: [] as readonly string[] };
    for (const { id, enabled, object: of, when, repeats = false } of this.#automations.values()) {
      if (!enabled || of !== object || !sets(when, before, after)) continue;
      const way = wayOf(id, key);
      if (this.#onTheWay.has(way) || passed.includes(way) || (!repeats && this.#enrolled.has(way))) continue;
      this.#enrolled.add(way);
      this.#onTheWay.add(way);
      const due = this.#running?.due ?? this.now();
      this.#put({ due, automation: id, object, key, step: -1, because, passed: [...passed, way] });
    }
  }

  /** A record is gone: nothing takes it, and who listens hears of it. */
  gone(object: string, key: string, before: TrueValues, cause: Cause): void {
    this.onChange({ object, key, before, after: undefined }, this.#running?.because ?? cause);
  }

  /** Something that the account did without an automation that was set up here: a mail that the platform itself sends. */
  tell(effect: Effect): void {
    this.#effects.push(effect);
  }

  /** Runs what is due, each at its time. */
  settle(until = this.clock.now().getTime()): void {
    if (this.#running) return;
    for (let [task] = this.#tasks; task && task.due <= until; [task] = this.#tasks) {
      this.#tasks.shift();
      this.#running = task;
      try {
        this.#run(task);
      } finally {
        this.#running = undefined;
      }
    }
  }

  dump(): AutomationsDump {
    this.settle();
    const state = { automations: this.automations(), effects: this.#effects, tasks: this.#tasks, enrolled: [...this.#enrolled] };
    return automationsForm.parse(state);
  }

  /** Replaces everything; undefined stands for an account from before there were automations. */
  load(dump: AutomationsDump | undefined): void {
    // Optional members of the form are absent or set, never undefined: they came from JSON.
    this.#automations = new Map(dump?.automations.map((each) => [each.id, each as Automation]));
    this.#effects = [...((dump?.effects ?? []) as readonly Effect[])];
    this.#tasks = [...(dump?.tasks ?? [])];
    this.#enrolled = new Set(dump?.enrolled);
    this.#onTheWay = new Set(this.#tasks.map(({ automation, key }) => wayOf(automation, key)));
  }

  #put(task: Task): void {
    let [low, high] = [0, this.#tasks.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#tasks[middle]?.due ?? 0) <= task.due) low = middle + 1;
      else high = middle;
    }
    this.#tasks.splice(low, 0, task);
  }

  #run(task: Task): void {
    const automation = this.#automations.get(task.automation);
    const values = this.account.find(task.object, task.key);
    const next = task.step + 1;
    // A record that is gone is on no way any more.
    const isLast = !automation || !values || next >= automation.does.length;
    if (isLast) this.#onTheWay.delete(wayOf(task.automation, task.key));
    if (!automation || !values) return;
    const step = automation.does[task.step];
    if (task.step === -1) this.#effects.push({ kind: 'enrolment', ...told(task) });
    else if (step && automation.enabled) this.#do(step, automation, task, values);
    const wait = step?.do === 'wait' ? step.ms : 0;
    if (!isLast) this.#put({ ...task, due: task.due + wait, step: next });
  }

  #do(step: AutomationStep, automation: Automation, task: Task, values: TrueValues): void {
    if (step.do === 'set') this.#set(step.values, automation, task, values);
    else if (step.do === 'rewrite') {
      const held = values[step.field];
      const made = held === undefined ? undefined : rewritten(held, step.as);
      if (made !== undefined && made !== held) this.#set({ [step.field]: made }, automation, task, values);
    } else if (step.do === 'mail') {
      const { to: field, subject, sort = 'marketing' } = step;
      const to = values[field] ?? null;
      const isOut = sort === 'marketing' && this.account.optedOut(task.object, values);
      const withheld = to === null ? 'no-address' : isOut ? 'opted-out' : undefined;
      this.#effects.push({ kind: 'mail', ...told(task), to, subject, sort, ...(withheld && { withheld }) });
    }
  }

  #set(wanted: WrittenValues, automation: Automation, task: Task, before: TrueValues): void {
    const note = (field: string, value: string | null, refused?: string): void => {
      this.#effects.push({ kind: 'write', ...told(task), field, value, ...(refused !== undefined && { refused }) });
    };
    try {
      this.account.write(task.object, task.key, wanted, automation, task.because);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      for (const [field, value] of Object.entries(wanted)) note(field, value, error.message);
      return;
    }
    const after = this.account.find(task.object, task.key) ?? {};
    for (const field of Object.keys(wanted)) if (after[field] !== before[field]) note(field, after[field] ?? null);
  }
}

const wayOf = (automation: string, key: string): string => JSON.stringify([automation, key]);
const told = ({ automation, object, key, due, because }: Task) => ({ automation, object, key, at: due, because });

function sets(when: Trigger, before: TrueValues | undefined, after: TrueValues): boolean {
  if (when.on === 'create') return before === undefined;
  const value = after[when.field];
  return value !== undefined && value !== before?.[when.field] && (when.becomes === undefined || value === when.becomes);
}

function fieldsOf({ when, does }: Automation): readonly string[] {
  const written = does.flatMap((step) => {
    if (step.do === 'set') return Object.keys(step.values);
    return step.do === 'mail' ? [step.to] : step.do === 'rewrite' ? [step.field] : [];
  });
  return when.on === 'change' ? [when.field, ...written] : written;
}
