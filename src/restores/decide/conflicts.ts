import { defined } from '../../lib/index.js';
import { compareKeys, sameValue, type Fields, type FieldSchema, type ObjectSchema, type Value, ownValue } from '../../records/index.js';
import type { Attribution, ConflictCode, DecidedChange, FieldMove, PlanConflict, PlanFilters } from '../types.js';
import { inWindow, type Suspicion } from './attribution.js';

/** A move without members for absent sides. */
export function moveOf(from: Value | undefined, to: Value | undefined): FieldMove {
  if (from === undefined) return to === undefined ? {} : { to };
  return to === undefined ? { from } : { from, to };
}

/**
 * True where two sides of a field count as the same: a field that a platform does not give holds nothing, as null and
 * the empty set do.
 */
export function sameSide(a: Value | undefined, b: Value | undefined): boolean {
  return a === b || sameValue(orNull(a), orNull(b));
}

function orNull(value: Value | undefined): Value {
  return value === undefined || (Array.isArray(value) && value.length === 0) ? null : value;
}

/** Fields of schemas by name: they are looked up for each field of each record that differs. */
const byName = new WeakMap<readonly FieldSchema[], ReadonlyMap<string, FieldSchema>>();

/** Field of a schema by name. */
export function fieldOf({ fields }: ObjectSchema, name: string): FieldSchema | undefined {
  let known = byName.get(fields);
  if (known === undefined) byName.set(fields, (known = new Map(fields.map((field) => [field.name, field]))));
  return known.get(name);
}

/** True for a field that only says what a link says: a restore writes the link, and never the field. */
export function isLink(schema: ObjectSchema, name: string): boolean {
  return fieldOf(schema, name)?.viaLink !== undefined;
}

/** Names of the fields in which two records differ, sorted. */
export function differing(a: Fields, b: Fields): string[] {
  const names: string[] = [];
  const others = Object.keys(b);
  let both = 0;
  for (const name of Object.keys(a)) {
    const value = a[name];
    // So it is for nearly all: what every object inherits is never a value.
    if (value !== undefined && value === b[name]) {
      both += 1;
      continue;
    }
    const other = ownValue(b, name);
    if (other !== undefined && value !== undefined) both += 1;
    if (!sameSide(value, other)) names.push(name);
  }
  if (both < others.length)
    for (const name of others) if (ownValue(a, name) === undefined && !sameSide(undefined, b[name]) && !names.includes(name)) names.push(name);
  return names.length > 1 ? names.sort(compareKeys) : names;
}

/**
 * True where a change needs an explicit yes that the filters do not give. The incident's window is a limit: what is not
 * known to lie in it is never included with the rest, whatever is said about changes that nothing ties to the incident.
 */
export function refused(filters: PlanFilters, suspicion: Suspicion, attribution: Attribution): boolean {
  if (attribution.state === 'attributed') return false;
  const place = inWindow(suspicion, attribution.at);
  if (place === 'outside' || place === 'unknown') return true;
  if (filters.unattributed === 'include') return false;
  return filters.unattributed === 'refuse' || attribution.state === 'unattributed';
}

/** Where a conflict is and what the three sides hold. */
export interface ConflictPlace {
  readonly object: string;
  readonly key: string;
  readonly field?: string;
  readonly base?: Value;
  readonly damaged?: Value;
  readonly live?: Value;
  readonly attribution?: Attribution;
}

/** A conflict line. `restore` and `change` go together: what that choice does, in words and as a change. */
export function conflictOf(
  code: ConflictCode,
  place: ConflictPlace,
  message: string,
  keep: string,
  restore?: string,
  change?: DecidedChange,
): PlanConflict {
  return {
    kind: 'conflict',
    id: conflictId(place.object, place.key, place.field),
    code,
    ...place,
    message,
    choices: { keep, ...defined({ restore }) },
    ...defined({ change }),
  };
}

/** `<object>/<key>/<field>`, with `/` and `%` inside a part percent-encoded. */
export function conflictId(object: string, key: string, field?: string): string {
  const parts = field === undefined ? [object, key] : [object, key, field];
  return parts.map((part) => part.replaceAll('%', '%25').replaceAll('/', '%2F')).join('/');
}
