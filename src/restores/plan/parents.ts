import type { CallOptions } from '../../lib/index.js';
import { own, put, type Fields, type ObjectSchema } from '../../records/index.js';
import { conflictOf } from '../decide/conflicts.js';
import { carriedLinks, referenceOf, type Carried } from '../decide/graph.js';
import { nameOf, type RecordDraft } from '../decide/order.js';
import { schemaOf } from '../records/platform-items.js';
import { readLive } from './live.js';
import { remember, type Held, type Planning } from './planning.js';

interface Reference {
  readonly link: Carried;
  /** Key of the record that is referred to once the change is written. */
  readonly parent: string;
}

/**
 * Which of these changes refer by fields only to records that are there now, or that the plan brings back. The others wait in
 * `planning.orphans` until all records are planned: a record that somebody deleted after the damage cannot be referred to, and the platform
 * would refuse the whole change. Only references that are `exact` are looked at: about the others the platform alone can tell.
 */
export async function withParents(planning: Planning, held: readonly Held[], options: CallOptions): Promise<readonly RecordDraft[]> {
  const unknown = new Map<string, Set<string>>();
  const wanted = held.map((one) => ({ ...one, references: referencesOf(planning, one) }));
  for (const { references } of wanted)
    for (const { link, parent } of references) if (!stands(planning, link.to, parent)) remember(unknown, link.to, parent);
  for (const [object, keys] of unknown) {
    const schema = schemaOf(planning.live, object);
    const live = schema.refused === undefined ? (await readLive(planning.platform, schema, [...keys], [], options)).records : undefined;
    for (const key of keys) if (live?.has(key) !== false) remember(planning.present, object, key);
  }
  const ready: RecordDraft[] = [];
  for (const { references, ...one } of wanted)
    if (references.every(({ link, parent }) => stands(planning, link.to, parent))) ready.push(one.change);
    else planning.orphans.push(one);
  return ready;
}

/** Settles what waits: `keep` gets what can be written, the rest becomes conflicts. Records of a ring bring each other back. */
export function settleOrphans(planning: Planning, keep: (change: RecordDraft) => void): void {
  const all = planning.orphans.splice(0);
  const back = new Set(all.filter(({ change }) => change.action === 'create').map(({ change }) => nameOf(change)));
  const missing = (one: Held): readonly Reference[] =>
    referencesOf(planning, one).filter(
      ({ link, parent }) => !stands(planning, link.to, parent) && !back.has(nameOf({ object: link.to, key: parent })),
    );
  // One that cannot come back takes those along that need it.
  const lost = (one: Held): boolean => missing(one).length > 0 && back.delete(nameOf(one.change));
  while (all.some(lost));
  for (const one of all) {
    const rest = withoutMissing(planning, one.change, missing(one));
    if (rest !== undefined) keep(rest);
  }
}

/** Tells of the references that cannot be written; gives what is left of an update without them. */
function withoutMissing(planning: Planning, change: RecordDraft, gone: readonly Reference[]): RecordDraft | undefined {
  const { object, key } = change;
  const [first] = gone;
  if (first === undefined) return change;
  if (change.action !== 'update') {
    const message = `${object} ${key} belongs to ${first.link.to} ${first.parent}, which is not there any more.`;
    planning.draft.conflict(conflictOf('parent-missing', { object, key }, message, 'leave it deleted'));
    remember(planning.absent, object, key);
    return undefined;
  }
  const fields = { ...change.fields };
  for (const { link, parent } of gone) {
    const [field = link.kind] = link.viaFields;
    for (const name of link.viaFields) delete fields[name];
    const message = `${object} ${key} belonged to ${link.to} ${parent}, which is not there any more.`;
    planning.draft.conflict(conflictOf('parent-missing', { object, key, field }, message, 'leave it as it is'));
  }
  return Object.keys(fields).length === 0 ? undefined : { ...change, fields };
}

function stands(planning: Planning, object: string, key: string): boolean {
  return planning.present.get(object)?.has(key) === true || planning.returning.get(object)?.has(key) === true;
}

/** The references that a change writes. */
function referencesOf(planning: Planning, { change, live }: Held): readonly Reference[] {
  if (change.action !== 'update' && change.action !== 'create') return [];
  const links = carriedLinks(planning.live).filter(
    (link) => link.exact === true && link.from === change.object && link.viaFields.some((name) => isSet(change, name)),
  );
  if (links.length === 0) return [];
  const fields: Fields = change.action === 'update' ? { ...live } : {};
  for (const [name, { to }] of Object.entries(change.fields)) put(fields, name, to ?? null);
  return links.flatMap((link) => {
    const parent = referenceOf(link, fields);
    // A record may refer to itself.
    return parent === undefined || (link.to === change.object && parent === change.key) ? [] : [{ link, parent }];
  });
}

function isSet(change: RecordDraft, name: string): boolean {
  const to = own(change.fields, name)?.to;
  return to !== undefined && to !== null;
}

/** True where links of an object type are stored apart from its records, so that records at their ends are asked about. */
export function hasLinksApart(planning: Planning, { object }: ObjectSchema): boolean {
  return planning.live.links.some((link) => link.viaFields === undefined && (link.from === object || link.to === object));
}
