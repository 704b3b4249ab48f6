import { ownValue, setOwn, type Fields, type ObjectSchema, type Value } from '../../records/index.js';
import type { RecordDecision } from '../decide/decide.js';
import type { DecidedChange, LostOnCreate, PlanLine, RecordChange } from '../types.js';

/**
 * Adds to the creates of a decision, those of its conflicts too, what the base snapshot holds of the record and nobody
 * can write back.
 */
export function withLost(decision: RecordDecision, schema: ObjectSchema, meta: Fields | undefined): RecordDecision {
  if (schema.lostOnCreate === undefined) return decision;
  const lost = lostValues(schema, meta ?? {});
  if (Object.keys(lost).length === 0) return decision;
  const add = <T extends DecidedChange>(change: T): T => (change.action === 'create' ? { ...change, lost } : change);
  return {
    ...decision,
    ...(decision.change === undefined ? {} : { change: add(decision.change) }),
    conflicts: decision.conflicts.map((conflict) => (conflict.change === undefined ? conflict : { ...conflict, change: add(conflict.change) })),
  };
}

function lostValues(schema: ObjectSchema, meta: Fields): Fields {
  const lost: Record<string, Value> = {};
  for (const { field } of schema.lostOnCreate?.fields ?? []) {
    const value = ownValue(meta, field);
    if (value !== undefined && holdsSomething(value)) setOwn(lost, field, value);
  }
  return lost;
}

/** Zero is what a counter shows of nothing. */
function holdsSomething(value: Value): boolean {
  if (value === null || value === '' || value === '0' || value === 0 || value === false) return false;
  return !Array.isArray(value) || value.length > 0;
}

/** Counts what the creates among the lines it is told do not bring back. */
export class LostCounter {
  readonly #records = new Map<string, { records: number; readonly fields: Map<string, number> }>();

  count(line: PlanLine): void {
    if (!isCreate(line)) return;
    const counts = this.#records.get(line.object) ?? { records: 0, fields: new Map<string, number>() };
    this.#records.set(line.object, counts);
    counts.records += 1;
    for (const field of Object.keys(line.lost ?? {})) counts.fields.set(field, (counts.fields.get(field) ?? 0) + 1);
  }

  /** By object type; those that come back whole are left out. */
  result(objects: readonly ObjectSchema[]): readonly LostOnCreate[] {
    return objects.flatMap(({ object, lostOnCreate }): readonly LostOnCreate[] => {
      const counts = this.#records.get(object);
      if (counts === undefined || lostOnCreate === undefined) return [];
      const fields = lostOnCreate.fields.flatMap(({ field, what }) => {
        const records = counts.fields.get(field);
        return records === undefined ? [] : [{ field, what, records }];
      });
      return [{ object, records: counts.records, always: lostOnCreate.always, fields }];
    });
  }
}

/** True for a line that creates a record again. */
export function isCreate(line: PlanLine): line is RecordChange & { readonly action: 'create' } {
  return line.kind === 'change' && line.action === 'create';
}
