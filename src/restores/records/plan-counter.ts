import type { ObjectSchema } from '../../records/index.js';
import { ByHandCounter } from '../plan/facts/by-hand.js';
import type { LostOnCreate, PlanCounts, PlanLine, RecordChange } from '../types.js';
import { LostCounter } from './lost.js';
import { RecordSet } from './record-set.js';

/** What is counted of a change that writes fields of a record. */
type Counted = Pick<RecordChange, 'object' | 'key' | 'fields' | 'attribution'>;

/** Changes that write fields of records, counted as they are taken: most of a plan, which need not be read again for that. */
export class UpdateCounter {
  readonly records = new RecordSet();
  readonly objects = new Set<string>();
  count = 0;
  cells = 0;
  unproved = 0;

  add(change: Counted): void {
    this.count += 1;
    if (change.attribution.state !== 'attributed') this.unproved += 1;
    this.records.add(change);
    this.objects.add(change.object);
    this.cells += cellsOf(change.fields);
  }
}

function cellsOf(fields: RecordChange['fields']): number {
  let cells = 0;
  for (const name of Object.keys(fields)) if (fields[name]?.keeps !== true) cells += 1;
  return cells;
}

/** Counts the lines of a plan as they pass. */
export class PlanCounter {
  readonly #records = new RecordSet();
  readonly #objects = new Set<string>();
  readonly #actions: Record<string, number> = {};
  readonly #conflicts: Record<string, number> = {};
  readonly #byHand = new ByHandCounter();
  readonly #lost = new LostCounter();
  #cells = 0;
  #unproved = 0;

  count(line: PlanLine): void {
    this.#lost.count(line);
    if (line.kind === 'conflict') {
      this.#conflicts[line.code] = (this.#conflicts[line.code] ?? 0) + 1;
      this.#byHand.count(line);
      return;
    }
    this.#actions[line.action] = (this.#actions[line.action] ?? 0) + 1;
    if (line.attribution.state !== 'attributed') this.#unproved += 1;
    const record = 'link' in line ? line.from : line;
    this.#records.add(record);
    this.#objects.add(record.object);
    if (!('link' in line) && line.action !== 'delete' && line.interim !== true) this.#cells += cellsOf(line.fields);
  }

  /** The same of updates that were counted before. */
  countUpdates({ records, objects, count, cells, unproved }: UpdateCounter): void {
    if (count === 0) return;
    this.#actions['update'] = (this.#actions['update'] ?? 0) + count;
    this.#records.addAll(records);
    for (const object of objects) this.#objects.add(object);
    this.#cells += cells;
    this.#unproved += unproved;
  }

  counts(nothingToDo: number, rowsOf: (object: string) => number): PlanCounts {
    const of = [...this.#objects].reduce((sum, object) => sum + rowsOf(object), 0);
    const byHand = this.#byHand.all();
    return {
      records: this.#records.size,
      of,
      cells: this.#cells,
      actions: this.#actions,
      conflicts: this.#conflicts,
      nothingToDo,
      ...(this.#unproved === 0 ? {} : { unproved: this.#unproved }),
      ...(byHand.length === 0 ? {} : { byHand }),
    };
  }

  /** What the creates among them do not bring back. */
  lost(objects: readonly ObjectSchema[]): readonly LostOnCreate[] {
    return this.#lost.result(objects);
  }
}
