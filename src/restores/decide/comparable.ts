import { defined } from '../../lib/index.js';
import {
  ownValue,
  setOwn,
  sameForm,
  type Cell,
  type Fields,
  type FieldSchema,
  type ObjectSchema,
  type PlatformRecord,
  type Value,
} from '../../records/index.js';
import type { RecordSides } from '../types.js';
import { fieldOf, sameSide } from './conflicts.js';

/**
 * The two snapshots of a record as they can be compared with live: without the fields that the platform sets on every
 * write, and with what is the same value in another form (a decimal whose column was given more digits) in the form of
 * live. Live itself stays as it is.
 */
export function comparable<T extends Omit<RecordSides, 'object' | 'key'>>(sides: T, baseSchema: ObjectSchema, liveSchema: ObjectSchema): T {
  const { base, damaged, live } = sides;
  const after = damaged === undefined ? undefined : inForm(damaged, [live], liveSchema, liveSchema);
  const before = base === undefined ? undefined : inForm(base, [live, after], baseSchema, liveSchema);
  return before === base && after === damaged ? sides : { ...sides, ...defined({ base: before, damaged: after }) };
}

/** True where two snapshots of a record differ once they can be compared, whatever live is. */
export function differ(base: Fields, damaged: Fields, baseSchema: ObjectSchema, liveSchema: ObjectSchema): boolean {
  for (const name of Object.keys(base)) {
    const before = base[name];
    // So it is for nearly all: what every object inherits is never a value.
    if (before === damaged[name]) continue;
    if (isOther(name, before, ownValue(damaged, name), baseSchema, liveSchema)) return true;
  }
  return Object.keys(damaged).some(
    (name) => ownValue(base, name) === undefined && !sameSide(undefined, damaged[name]) && fieldOf(liveSchema, name)?.setByItself !== true,
  );
}

/** {@link differ}, of one field that both hold. */
export function differIn({ name, a, b }: Cell, baseSchema: ObjectSchema, liveSchema: ObjectSchema): boolean {
  return isOther(name, a, b, baseSchema, liveSchema);
}

function isOther(name: string, before: Value | undefined, after: Value | undefined, baseSchema: ObjectSchema, liveSchema: ObjectSchema): boolean {
  if (sameSide(before, after)) return false;
  const field = fieldOf(liveSchema, name);
  if (field?.setByItself === true) return false;
  return after === undefined || !sameForm(before ?? null, after, describedIn(field, baseSchema, name));
}

const NO_FIELDS: Fields = {};

function inForm(fields: Fields, likes: readonly (Fields | undefined)[], schema: ObjectSchema, liveSchema: ObjectSchema): Fields {
  let others: Record<string, Value | undefined> | undefined;
  const ofPlatform = setByItself(liveSchema);
  const first = likes[0] ?? NO_FIELDS;
  const anySetThere = ofPlatform.size > 0;
  for (const name of Object.keys(fields)) {
    const value = fields[name] ?? null;
    // So it is for nearly all: nothing has to be known of the field. What every object inherits is never a value.
    if (first[name] === value && !(anySetThere && ofPlatform.has(name))) continue;
    const other = ofPlatform.has(name) ? undefined : (like(value, name, likes, liveSchema, schema) ?? value);
    if (other !== value) setOwn((others ??= {}), name, other);
  }
  // So it is for nearly all records: nothing has to be copied.
  if (others === undefined) return fields;
  const form: Record<string, Value> = {};
  for (const [name, value] of Object.entries(fields)) {
    const other = Object.hasOwn(others, name) ? others[name] : value;
    if (other !== undefined) setOwn(form, name, other);
  }
  return form;
}

/** The first of these values of a field that is the same as a value, in whatever form; undefined where none is. */
function like(value: Value, name: string, likes: readonly (Fields | undefined)[], liveSchema: ObjectSchema, schema: ObjectSchema): Value | undefined {
  for (const each of likes) {
    const other = each === undefined ? undefined : ownValue(each, name);
    if (other === undefined) continue;
    if (other === value) return value;
    if (sameForm(value, other, describedIn(fieldOf(liveSchema, name), schema, name))) return other;
  }
  return undefined;
}

/** Names of the fields that a platform sets by itself: asked for each record. */
const setThere = new WeakMap<readonly FieldSchema[], ReadonlySet<string>>();

function setByItself({ fields }: ObjectSchema): ReadonlySet<string> {
  let names = setThere.get(fields);
  if (names === undefined) setThere.set(fields, (names = new Set(fields.filter((field) => field.setByItself === true).map((field) => field.name))));
  return names;
}

/** How a field is described now and in another schema, as far as it is. */
function describedIn(field: FieldSchema | undefined, schema: ObjectSchema, name: string): readonly FieldSchema[] {
  const other = fieldOf(schema, name);
  if (field === undefined) return other === undefined ? [] : [other];
  return other === undefined ? [field] : [field, other];
}

/**
 * Values of a record that only its creation can set: an identity, the time of its last change. Undefined where there
 * are none.
 */
export function givenOnCreate(record: PlatformRecord | undefined, liveSchema: ObjectSchema, except: readonly string[] = []): Fields | undefined {
  if (record === undefined) return undefined;
  const given: Record<string, Value> = {};
  for (const { name, givenOnCreate: settable } of liveSchema.fields) {
    const value = ownValue(record.meta, name) ?? ownValue(record.fields, name);
    if (settable === true && value !== undefined && value !== null && !except.includes(name)) setOwn(given, name, value);
  }
  return Object.keys(given).length === 0 ? undefined : given;
}
