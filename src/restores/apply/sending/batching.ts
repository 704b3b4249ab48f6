import type { Fields } from '../../../records/index.js';
import type { JournalItem, ItemResult } from '../../records/items.js';

/**
 * Characters that things done together may hold: one entry of the journal, one read of live. Many large records would
 * else be one text that is longer than a text can be, or fill the memory.
 */
const CHARACTERS = 1 << 24;

/** Things that are done together, limited by their number and by their length. */
export class Together<T> {
  #items: T[] = [];
  #characters = 0;

  get items(): readonly T[] {
    return this.#items;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /**
   * False where one more has to wait for the next time. `size`: the most there may be. One that is too long for any
   * time goes alone.
   */
  takes(length: number, size: number): boolean {
    return this.isEmpty || (this.#items.length < size && this.#characters + length <= CHARACTERS);
  }

  add(item: T, length: number): void {
    this.#items.push(item);
    this.#characters += length;
  }

  /** What was gathered; the next starts empty. */
  take(): readonly T[] {
    const items = this.#items;
    this.#items = [];
    this.#characters = 0;
    return items;
  }
}

/** About how many characters a value of JSON takes as text. */
export function lengthOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 8;
  let length = 2;
  if (Array.isArray(value)) for (const one of value) length += lengthOf(one) + 1;
  else {
    const members = value as Readonly<Record<string, unknown>>;
    for (const name of Object.keys(members)) length += name.length + 4 + lengthOf(members[name]);
  }
  return length;
}

/** One thing to write, whose keys are only known once what comes before it stands. */
export interface PlanStep {
  readonly id: string;
  /** Steps of one group that follow each other share a batch. */
  readonly group: string;
  readonly action: JournalItem['action'];
  /** About how many characters its item takes in the journal. */
  readonly length: number;
  /** The record that it changes: no batch changes a record twice, since platforms promise no order within one. */
  readonly record?: string;
  /**
   * The item to write, or why it cannot be written. `live`: the record that `reads` names, undefined where it is not
   * there.
   */
  resolve(live?: Fields): JournalItem | ItemResult;
  /** A record that has to be read before the item is known. */
  readonly reads?: { readonly object: string; readonly key: string };
}

/** Steps in the batches they are written in. */
export function* groupsOf(steps: readonly PlanStep[], sizeOf: (action: JournalItem['action']) => number): Iterable<readonly PlanStep[]> {
  const group = new StepsTogether();
  for (const step of steps) {
    if (!group.joins(step, sizeOf(step.action))) yield group.take();
    group.add(step);
  }
  if (!group.isEmpty) yield group.take();
}

/** Steps that are written together. */
export class StepsTogether {
  readonly #together = new Together<PlanStep>();
  readonly #records = new Set<string>();

  get isEmpty(): boolean {
    return this.#together.isEmpty;
  }

  /** True where a step is written with those before it. */
  joins({ group, record, length }: PlanStep, size: number): boolean {
    const [first] = this.#together.items;
    const twice = record !== undefined && this.#records.has(record);
    return !twice && (first === undefined || first.group === group) && this.#together.takes(length, size);
  }

  add(step: PlanStep): void {
    this.#together.add(step, step.length);
    if (step.record !== undefined) this.#records.add(step.record);
  }

  /** What was gathered; the next starts empty. */
  take(): readonly PlanStep[] {
    this.#records.clear();
    return this.#together.take();
  }
}
