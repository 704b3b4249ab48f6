import { ownValue, setOwn, type Fields, type Value } from '../../../records/index.js';
import { sameSide } from '../../decide/conflicts.js';
import { nameOf } from '../../decide/order.js';
import type { Batches } from '../../records/batches.js';
import { backAfter, fieldsAfter } from '../../records/item-ids.js';
import type { ItemResult, JournalItem } from '../../records/items.js';
import type { FieldMove, LinkChange, PlanLine, RecordChange } from '../../types.js';
import { lengthOf, type PlanStep } from '../sending/batching.js';
import { flat, givenOf, present } from './present.js';

/**
 * The changes of a plan as steps, in order, many at a time. `apply` tells which records have been created under which
 * key; it is asked only once a step is resolved. `held` gets every interim value whose follower has passed, for
 * {@link putBackSteps}.
 */
export async function* planSteps(
  together: AsyncIterable<readonly PlanLine[]>,
  apply: Batches,
  held: Held[] = [],
): AsyncIterable<readonly PlanStep[]> {
  const interims = new Map<string, RecordChange>();
  // What an undeleted record holds is only known once it is back: its fields are put right after the undeletes of its
  // object type.
  let back: RecordChange[] = [];
  for await (const lines of together) {
    const steps: PlanStep[] = [];
    for (const line of lines) {
      if (line.kind !== 'change') continue;
      if (back[0] !== undefined && !(line.action === 'undelete' && groupOf(line) === groupOf(back[0]))) {
        steps.push(...back.map((change) => fieldsStep(change, apply)));
        back = [];
      }
      if (line.action === 'undelete') back.push(line);
      steps.push('link' in line ? linkStep(line, apply) : recordStep(line, interims, apply, held));
    }
    yield steps;
  }
  yield back.map((change) => fieldsStep(change, apply));
}

function linkStep(change: LinkChange, apply: Batches): PlanStep {
  const { n, action, from, to, link } = change;
  const id = String(n);
  const group = `${action} ${from.object}~${to.object}~${link}`;
  return { id, group, action, length: lengthOf(change), resolve: () => linkItem(id, change, apply) };
}

/** Keeps a change that sets an interim value in `interims`, and that which follows it in `held`. */
function recordStep(change: RecordChange, interims: Map<string, RecordChange>, apply: Batches, held: Held[]): PlanStep {
  const id = String(change.n);
  const record = nameOf(change);
  const interim = interims.get(record);
  if (change.interim === true) interims.set(record, change);
  else if (interim !== undefined) held.push({ interim, follows: id });
  const { action } = change;
  const group = groupOf(change);
  const length = lengthOfChange(change);
  if (action !== 'update' || interim !== undefined || change.references !== undefined) {
    const resolve = (): JournalItem | ItemResult => recordItem(id, interim === undefined ? change : following(change, interim, apply), apply);
    return { id, group, action, length, record, resolve };
  }
  // So it is for most: nothing written before can change it but the key. Made now, while the platform is at work.
  const key = apply.keyOf(change.object, change.key);
  const item = recordItem(id, change, apply);
  const resolve = (): JournalItem | ItemResult => (apply.keyOf(change.object, change.key) === key ? item : recordItem(id, change, apply));
  return { id, group, action, length, record, resolve };
}

/** About how many characters the item of a change takes. */
function lengthOfChange(change: RecordChange): number {
  if (change.action !== 'update') return lengthOf(change);
  let length = AROUND + change.key.length;
  for (const name of Object.keys(change.fields)) {
    const move = change.fields[name];
    length += 2 * (name.length + 4) + lengthOf(move?.from) + lengthOf(move?.to);
  }
  return length;
}

/** Characters of an item of an update but for its key and its values, about. */
const AROUND = 100;

/** An interim value and the change that is to follow it. */
export interface Held {
  readonly interim: RecordChange;
  readonly follows: string;
}

/**
 * Puts back what interim values stand in for, once everything was tried: where the change that was to follow one was
 * refused, or found something else. Where the old value is another record's by now, that is its result.
 */
export async function* putBackSteps(held: readonly Held[], apply: Batches): AsyncIterable<readonly PlanStep[]> {
  for (const { interim, follows } of held) {
    if (apply.statuses.get(String(interim.n)) !== 'applied') continue;
    const status = apply.statuses.get(follows);
    // What is to be tried again still needs its interim values; what was applied whole has taken them back with it.
    if (status === 'failed' || status === 'in_doubt') continue;
    if (status !== 'applied' || apply.left.has(follows) || apply.refused.has(follows) || apply.statuses.get(backAfter(interim.n)) === 'failed')
      yield [putBackStep(interim)];
  }
}

/** A change that follows an interim value as it is once that value was taken back: it finds the old one. */
function following(change: RecordChange, interim: RecordChange, apply: Batches): RecordChange {
  if (apply.statuses.get(backAfter(interim.n)) !== 'applied') return change;
  const fields: Record<string, FieldMove> = { ...change.fields };
  for (const [name, { from }] of Object.entries(interim.fields)) setOwn(fields, name, { ...ownValue(fields, name), from: from ?? null });
  return { ...change, fields };
}

function putBackStep(interim: RecordChange): PlanStep {
  const { object, key } = interim;
  const id = backAfter(interim.n);
  const resolve = (live?: Fields): JournalItem | ItemResult => {
    const set: Record<string, Value> = {};
    const replaced: Record<string, Value> = {};
    for (const [name, { from, to }] of Object.entries(interim.fields)) {
      if (live === undefined || !sameSide(ownValue(live, name), to)) continue;
      setOwn(set, name, from ?? null);
      setOwn(replaced, name, to ?? null);
    }
    return Object.keys(set).length === 0 ? { id, status: 'applied', already: true, key } : { id, action: 'update', object, key, set, replaced };
  };
  return { id, group: `update ${object} back`, action: 'update', length: lengthOf(interim), reads: { object, key }, resolve };
}

/** Steps of one action and object type share batches; within what hands unique values on, those of one layer. */
function groupOf({ action, object, layer }: RecordChange): string {
  return layer === undefined ? `${action} ${object}` : `${action} ${object} ${layer}`;
}

function fieldsStep(change: RecordChange, apply: Batches): PlanStep {
  const { object, key } = change;
  const id = fieldsAfter(change.n);
  const resolve = (live?: Fields): JournalItem | ItemResult => {
    const made = apply.keyOf(object, key);
    // Created again instead, with all that it is to hold.
    if (made !== key) return { id, status: 'applied', already: true, key: made };
    if (live === undefined) return { id, status: 'rejected', reason: 'parent-missing', message: 'the record was not undeleted' };
    const set: Record<string, Value> = {};
    const replaced: Record<string, Value> = {};
    for (const [name, { to }] of Object.entries(change.fields)) {
      const now = ownValue(live, name);
      if (sameSide(now, to)) continue;
      setOwn(set, name, to ?? null);
      if (now !== undefined) setOwn(replaced, name, now);
    }
    return Object.keys(set).length === 0 ? { id, status: 'applied', already: true, key } : { id, action: 'update', object, key, set, replaced };
  };
  return { id, group: `update ${object}`, action: 'update', length: lengthOf(change), reads: { object, key }, resolve };
}

/** Whether the platform said of an undelete that it cannot bring the record back: then it is created again. */
export function isFinal(id: string, apply: Batches): boolean {
  return apply.whys.get(id)?.reason === 'irreversible';
}

function recordItem(id: string, change: RecordChange, apply: Batches): JournalItem | ItemResult {
  const { object } = change;
  const key = apply.keyOf(object, change.key);
  switch (change.action) {
    case 'update': {
      const set = referring(change, apply);
      if ('status' in set) return { ...set, id };
      const replaced = side(change, 'from');
      const keeps = keptIn(change);
      if (keeps === undefined) return { action: 'update', id, key, object, replaced, set: set.fields };
      return { action: 'update', id, keeps, key, object, replaced, set: set.fields };
    }
    case 'create': {
      const set = referring(change, apply);
      if ('status' in set) return { ...set, id };
      return { id, action: 'create', object, key: change.key, ...apart(set.fields, change) };
    }
    case 'delete':
      return {
        id,
        action: 'delete',
        object,
        key,
        replaced: side(change, 'from'),
        ...givenOf(change),
        links: (change.links ?? []).map((ends) => present(flat(ends), apply)),
      };
    case 'undelete':
    default:
      if (isFinal(id, apply)) return recordItem(id, { ...change, action: 'create' }, apply);
      return { id, action: 'undelete', object, key: change.key };
  }
}

function linkItem(id: string, change: LinkChange, apply: Batches): JournalItem {
  return { id, action: change.action, ...present(flat(change), apply) };
}

/** What is set, and what only a new record takes; references to records with a new key among both. */
function apart(fields: Fields, { fields: moves, given }: RecordChange): { readonly set: Fields; readonly given?: Fields } {
  if (given === undefined) return { set: fields };
  const set: Record<string, Value> = {};
  const own: Record<string, Value> = { ...given };
  for (const [name, value] of Object.entries(fields)) setOwn(Object.hasOwn(given, name) && !Object.hasOwn(moves, name) ? own : set, name, value);
  return { set, given: own };
}

/** The values to write, with references to records that were created anew. */
function referring(change: RecordChange, apply: Batches): { readonly fields: Fields } | Omit<ItemResult, 'id'> {
  const fields: Record<string, Value> = {};
  for (const name of Object.keys(change.fields)) setOwn(fields, name, change.fields[name]?.to ?? null);
  if (change.references === undefined) return { fields };
  for (const [name, { object, key, undeleted }] of Object.entries(change.references)) {
    const present = apply.keyMap.get(object)?.get(key) ?? (undeleted === true ? key : undefined);
    if (present === undefined)
      return { status: 'rejected', reason: 'parent-missing', message: `${object} ${key}, which it refers to, could not be created` };
    setOwn(fields, name, present);
  }
  return { fields };
}

function side(change: RecordChange, which: 'from' | 'to'): Fields {
  const fields: Record<string, Value> = {};
  for (const name of Object.keys(change.fields)) {
    const value = change.fields[name]?.[which];
    if (value !== undefined) setOwn(fields, name, value);
  }
  return fields;
}

/** Names of the fields that are written only so that they keep their value; undefined where there are none. */
function keptIn({ fields }: RecordChange): readonly string[] | undefined {
  const names = Object.keys(fields);
  return names.some((name) => fields[name]?.keeps === true) ? names.filter((name) => fields[name]?.keeps === true) : undefined;
}
