import type { PlatformSchema } from '../../../connectors/index.js';
import type { CallOptions } from '../../../lib/index.js';
import { ownValue, setOwn, type Fields } from '../../../records/index.js';
import { conflictOf } from '../../decide/conflicts.js';
import { carriedLinks, referenceOf, type Carried } from '../../decide/graph.js';
import { nameOf, type RecordDraft } from '../../decide/order.js';
import { schemaOf } from '../../records/platform-items.js';
import type { PlanConflict } from '../../types.js';
import type { DecidingContext } from '../context.js';
import type { Facts, Held, Keyed, Known } from '../facts/facts.js';
import { readLive } from './live.js';

interface Reference {
  readonly link: Carried;
  /** Key of the record that is referred to once the change is written. */
  readonly parent: string;
}

/**
 * Which of these changes refer by fields only to records that are there now, or that the plan brings back. The others
 * wait until all records are planned: a record that somebody deleted after the damage cannot be referred to, and the
 * platform would refuse the whole change. Only references that are `exact` are looked at: about the others the platform
 * alone can tell.
 */
export async function withParents(context: DecidingContext, known: Known, held: readonly Held[], options: CallOptions): Promise<Facts> {
  const referring = exactLinks(context.live);
  if (referring.length === 0) return { changes: held.map(({ change }) => change) };
  const wanted = held.map((one) => ({ one, references: referencesAmong(referring, one) }));
  const present = await readParents(
    context,
    wanted.flatMap(({ references }) => references.filter(({ link, parent }) => !known.stands(link.to, parent))),
    options,
  );
  const stands = ({ link, parent }: Reference): boolean => known.stands(link.to, parent) || present.get(link.to)?.has(parent) === true;
  const changes: RecordDraft[] = [];
  const waiting: Held[] = [];
  for (const { references, one } of wanted)
    if (references.every(stands)) changes.push(one.change);
    else waiting.push(one);
  return { present, changes, waiting };
}

/** Which of the records referred to are there now. Those of an object type that cannot be read count as there. */
async function readParents(
  { platform, live: schema }: DecidingContext,
  references: readonly Reference[],
  options: CallOptions,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const asked = new Map<string, Set<string>>();
  for (const { link, parent } of references) asked.set(link.to, (asked.get(link.to) ?? new Set()).add(parent));
  const present = new Map<string, ReadonlySet<string>>();
  for (const [object, keys] of asked) {
    const type = schemaOf(schema, object);
    const live = type.refused === undefined ? (await readLive(platform, type, [...keys], [], options)).records : undefined;
    present.set(object, new Set([...keys].filter((key) => live?.has(key) !== false)));
  }
  return present;
}

/** Settles what waits: what can be written, and conflicts about the rest. Records of a ring bring each other back. */
export function settleWaiting({ live: schema }: DecidingContext, known: Known): Facts {
  const all = known.waiting;
  const back = new Set(all.filter(({ change }) => change.action === 'create').map(({ change }) => nameOf(change)));
  const missing = (one: Held): readonly Reference[] =>
    referencesOf(schema, one).filter(({ link, parent }) => !known.stands(link.to, parent) && !back.has(nameOf({ object: link.to, key: parent })));
  // One that cannot come back takes those along that need it.
  const lost = (one: Held): boolean => missing(one).length > 0 && back.delete(nameOf(one.change));
  while (all.some(lost));
  const changes: RecordDraft[] = [];
  const conflicts: PlanConflict[] = [];
  const absent: (readonly [string, readonly string[]])[] = [];
  for (const one of all) {
    const gone = missing(one);
    const rest = withoutMissing(one.change, gone);
    conflicts.push(...missingConflicts(one.change, gone));
    if (rest !== undefined) changes.push(rest);
    else if (one.change.action !== 'update') absent.push([one.change.object, [one.change.key]]);
  }
  return { changes, conflicts, absent: absent satisfies Keyed };
}

/**
 * What is left of a change without the references that cannot be written: of an update its other fields, of anything
 * else nothing.
 */
function withoutMissing(change: RecordDraft, gone: readonly Reference[]): RecordDraft | undefined {
  if (gone.length === 0) return change;
  if (change.action !== 'update') return undefined;
  const fields = { ...change.fields };
  for (const name of gone.flatMap(({ link }) => link.viaFields)) delete fields[name];
  return Object.keys(fields).length === 0 ? undefined : { ...change, fields };
}

/**
 * Tells of the references that cannot be written: of an update each, of anything else the first, which is enough to
 * keep it back.
 */
function missingConflicts(change: RecordDraft, gone: readonly Reference[]): readonly PlanConflict[] {
  const { object, key } = change;
  const isUpdate = change.action === 'update';
  return gone.slice(0, isUpdate ? undefined : 1).map(({ link, parent }) => {
    if (!isUpdate) {
      const message = `${object} ${key} belongs to ${link.to} ${parent}, which no longer exists.`;
      return conflictOf('parent-missing', { object, key }, message, 'leave it deleted');
    }
    const [field = link.kind] = link.viaFields;
    const message = `${object} ${key} belonged to ${link.to} ${parent}, which no longer exists.`;
    return conflictOf('parent-missing', { object, key, field }, message, 'leave it as it is');
  });
}

/** The links whose fields tell for certain which record is referred to. */
function exactLinks(schema: PlatformSchema): readonly Carried[] {
  return carriedLinks(schema).filter((link) => link.exact === true);
}

/** The references that a change writes. */
function referencesOf(schema: PlatformSchema, held: Held): readonly Reference[] {
  return referencesAmong(exactLinks(schema), held);
}

function referencesAmong(exact: readonly Carried[], { change, live }: Held): readonly Reference[] {
  if (change.action !== 'update' && change.action !== 'create') return [];
  const links = exact.filter((link) => link.from === change.object && link.viaFields.some((name) => isSet(change, name)));
  if (links.length === 0) return [];
  const fields: Fields = change.action === 'update' ? { ...live } : {};
  for (const [name, { to }] of Object.entries(change.fields)) setOwn(fields, name, to ?? null);
  return links.flatMap((link) => {
    const parent = referenceOf(link, fields);
    // A record may refer to itself.
    return parent === undefined || (link.to === change.object && parent === change.key) ? [] : [{ link, parent }];
  });
}

function isSet(change: RecordDraft, name: string): boolean {
  const to = ownValue(change.fields, name)?.to;
  return to !== undefined && to !== null;
}
