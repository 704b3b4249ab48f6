/**
 * What a plan says of records, cell by cell, and which of it stands: plans and journals of restores joined by the keys
 * of records, never by times. A cell is a field, a link, or `''` for the record itself.
 */

import { defined } from '../../lib/index.js';
import type { Outcomes } from '../types.js';

/** One change of a plan: the cells of its record that it writes. */
export interface PlannedCells {
  /** Number of the change, as items of restores name it. */
  readonly n: string;
  readonly object: string;
  readonly key: string;
  readonly cells: readonly string[];
}

/** One conflict of a plan. */
export interface ConflictCells {
  readonly code: string;
  readonly object: string;
  readonly key: string;
  readonly cells: readonly string[];
}

/** What one plan is about. */
export interface PlanCells {
  readonly plan: string;
  readonly platform: string;
  readonly account: string;
  readonly changes: readonly PlannedCells[];
  readonly conflicts: readonly ConflictCells[];
  /** It could be read to its end. */
  readonly whole: boolean;
}

/** One item of a restore, as its journal ended for it. */
export interface WorkItem {
  readonly object: string;
  readonly key: string;
  readonly status: keyof Outcomes;
  readonly applied: boolean;
  /** It was so before: nothing was sent. */
  readonly already: boolean;
  /** Its last outcome, and the undo of it: milliseconds that never go back within one journal. */
  readonly at: number;
  readonly undoneAt?: number;
  /** Fields of it that are not as planned, with the reason. */
  readonly except: ReadonlyMap<string, string>;
  /** Why it is not applied, by code. */
  readonly why: string;
}

/** What one restore did. */
export interface RestoreWork {
  readonly restore: string;
  readonly plan: string;
  readonly platform: string;
  readonly account: string;
  /** All of it was put back again. */
  readonly undone: boolean;
  readonly items: ReadonlyMap<string, WorkItem>;
  /** Records created again: object type, old key, new key. */
  readonly recreated: readonly (readonly [object: string, old: string, now: string])[];
}

interface Write {
  readonly restore: string;
  readonly already: boolean;
  readonly at: number;
  readonly undoneAt?: number;
}

/** Which cells stand after all restores. */
export class Standing {
  readonly #names = new Map<string, string>();
  readonly #writes = new Map<string, Map<string, Write[]>>();
  readonly #whys = new Map<string, Map<string, string>>();

  constructor(
    readonly works: readonly RestoreWork[],
    plans: readonly PlanCells[],
  ) {
    for (const { platform, account, recreated } of works)
      for (const [object, old, now] of recreated) if (old !== now) this.#names.set(idOf(platform, account, object, now), old);
    const byPlan = new Map(plans.map((plan) => [plan.plan, plan]));
    for (const work of works) this.#take(work, byPlan.get(work.plan));
  }

  /** One name for a record, also where it was created again under another key. */
  idOf({ platform, account }: { readonly platform: string; readonly account: string }, object: string, key: string): string {
    return idOf(platform, account, object, this.keyOf({ platform, account }, object, key));
  }

  /** The key that a record had first. */
  keyOf({ platform, account }: { readonly platform: string; readonly account: string }, object: string, key: string): string {
    const seen = new Set<string>();
    for (let now = key; ;) {
      const before = this.#names.get(idOf(platform, account, object, now));
      if (before === undefined || seen.has(before)) return now;
      seen.add((now = before));
    }
  }

  /** Why a cell does not stand, by code; undefined where it does. */
  why(id: string, cell: string): string | undefined {
    const writes = this.#writes.get(id)?.get(cell) ?? [];
    const undone = writes.filter(({ undoneAt }) => undoneAt !== undefined);
    const stands = writes.some((write) => write.undoneAt === undefined && !undone.some(({ undoneAt = 0 }) => write.already || undoneAt > write.at));
    if (stands) return undefined;
    return writes.length > 0 ? 'undone' : (this.#whys.get(id)?.get(cell) ?? 'not-applied');
  }

  #take(work: RestoreWork, plan: PlanCells | undefined): void {
    // Without its plan, a record is all that an item tells of.
    const changes = plan?.whole === true ? plan.changes : [...work.items].map(([n, { object, key }]) => ({ n, object, key, cells: [''] }));
    for (const { n, object, key, cells } of changes) {
      const item = work.items.get(n);
      const id = this.idOf(work, object, key);
      for (const cell of [...cells, ...(item === undefined ? [] : besideOf(item, cells))]) this.#cell(id, cell, work, item);
    }
  }

  #cell(id: string, cell: string, { restore }: RestoreWork, item: WorkItem | undefined): void {
    const why = item === undefined ? undefined : item.applied ? item.except.get(cell) : item.why;
    if (item === undefined || why !== undefined) {
      if (why !== undefined) put(this.#whys, id, cell, why);
      return;
    }
    const { already, at, undoneAt } = item;
    const record = this.#writes.get(id) ?? new Map<string, Write[]>();
    this.#writes.set(id, record);
    record.set(cell, [...(record.get(cell) ?? []), { restore, already, at, ...defined({ undoneAt }) }]);
  }

  /**
   * Cells beside the plan that the platform changed while a record was written: they stand against it until something
   * puts them right.
   */
  *beside(): Iterable<{ readonly id: string; readonly object: string; readonly key: string; readonly cell: string }> {
    for (const work of this.works)
      for (const item of work.items.values())
        if (item.applied && item.undoneAt === undefined)
          for (const cell of besideOf(item, []))
            yield { id: this.idOf(work, item.object, item.key), object: item.object, key: this.keyOf(work, item.object, item.key), cell };
  }
}

/** Fields of an item that are not as planned although the plan's change does not name them. */
function besideOf({ except }: WorkItem, cells: readonly string[]): readonly string[] {
  return [...except.keys()].filter((cell) => !cells.includes(cell));
}

function put(map: Map<string, Map<string, string>>, id: string, cell: string, why: string): void {
  const record = map.get(id) ?? new Map<string, string>();
  map.set(id, record);
  record.set(cell, why);
}

function idOf(platform: string, account: string, object: string, key: string): string {
  return JSON.stringify([platform, account, object, key]);
}

/** The cell of a link, at the record that it goes out from. */
export function linkCell(link: string, toObject: string, to: string): string {
  return JSON.stringify([link, toObject, to]);
}
