import { silentReporter, type CallOptions } from '../../lib/index.js';
import type { Link, LinkSchema } from '../../records/index.js';
import { conflictOf, refused } from '../decide/conflicts.js';
import type { LostKind, MatchedKind } from '../decide/link-kinds.js';
import { nameOf, type LinkDraft } from '../decide/order.js';
import { schemaOf } from '../records/platform-items.js';
import type { Attribution, PlanConflict } from '../types.js';
import { linksKnown, linksNotCovered } from './coverage.js';
import { linkDifferences, type OnDamage } from './differences.js';
import { readLive, readLiveLinks } from './live.js';
import { keysLetThrough, whereLetsThrough } from './passing.js';
import { remember, type Planning } from './planning.js';

/** Name of a link kind in snapshots and conflicts. */
export function linkName(link: LinkSchema): string {
  return `${link.from}~${link.to}~${link.kind}`;
}

/** What the damage did to links of one kind. */
interface Damaged {
  readonly link: LinkSchema;
  readonly cut: readonly Link[];
  readonly made: readonly Link[];
}

/**
 * Plans links that are stored apart, by element: what the damage cut is linked again, what it linked is unlinked, every other link of
 * live stays. `kinds`: the kinds of one pair of object types, whose live state is asked for with the same keys, so that within
 * one view of the platform one answer can serve them all.
 */
export async function planLinks(planning: Planning, kinds: readonly MatchedKind[], options: CallOptions): Promise<void> {
  const all: Damaged[] = [];
  for (const kind of kinds) {
    const damaged = await damageOf(planning, kind, options);
    if (damaged !== undefined) all.push(damaged);
  }
  const [first] = all;
  if (first === undefined) return;
  (options.reporter ?? silentReporter).progress({
    task: `Planning links ${first.link.from} to ${first.link.to}`,
    done: 0,
    total: all.reduce((sum, { cut, made }) => sum + cut.length + made.length, 0),
    unit: 'links',
  });
  const now = (object: string, key: string): string => planning.renamed.get(nameOf({ object, key })) ?? key;
  const asked = all.flatMap(({ link, cut, made }) => [...cut, ...made].map(({ from }) => now(link.from, from)));
  const toCut: { readonly link: LinkSchema; readonly one: Link }[] = [];
  for (const { link, cut, made } of all) {
    const live = new Set((await readLiveLinks(planning.platform, link, 'from', asked, options)).map(pairName));
    for (const { from, to } of cut) {
      const one = { from: now(link.from, from), to: now(link.to, to) };
      if (live.has(pairName(one))) planning.draft.nothingToDo += 1;
      else toCut.push({ link, one });
    }
    for (const one of made) planMade(planning, link, one, live);
  }
  await lookForEnds(planning, toCut, options);
  for (const { link, one } of toCut) planCut(planning, link, one);
}

/** Notes which records at the ends of links are there now, as far as nobody has looked: to one that was deleted later no link can be made. */
async function lookForEnds(
  planning: Planning,
  links: readonly { readonly link: LinkSchema; readonly one: Link }[],
  options: CallOptions,
): Promise<void> {
  const ends = new Map<string, Set<string>>();
  const known = [planning.present, planning.absent, planning.returning];
  for (const { link, one } of links)
    for (const [object, key] of endsOf(link, one)) if (!known.some((records) => records.get(object)?.has(key) === true)) remember(ends, object, key);
  for (const [object, keys] of ends) {
    const schema = schemaOf(planning.live, object);
    if (schema.refused !== undefined) continue;
    const live = await readLive(planning.platform, schema, [...keys], [], options);
    for (const key of keys) remember(live.records.has(key) ? planning.present : planning.absent, object, key);
  }
}

function endsOf(link: LinkSchema, one: Link): readonly (readonly [object: string, key: string])[] {
  return [
    [link.from, one.from],
    [link.to, one.to],
  ];
}

/**
 * Tells of a kind of link that the base has and the platform has no longer: its links cannot be made again. One conflict, which says how
 * many there were; none where there were none among what was asked for.
 */
export async function planLostKind(planning: Planning, { before, instead }: LostKind, options: CallOptions): Promise<void> {
  const { draft } = planning;
  // Where the number stands for something else now, links that the damage did not touch may well be there: only differences are told.
  const lost = await compared(planning, before, instead === undefined ? NO_KIND : linkName(instead), before, options);
  if (lost === undefined || lost.cut.length + lost.made.length === 0) return;
  const name = before.label ?? before.kind;
  const why =
    instead === undefined
      ? `is no longer there (${before.kind})`
      : `is not what ${before.kind} stands for now, which is ${instead.label ?? 'another kind'}: it was renamed, or its number was given to another`;
  const count = lost.cut.length === 0 ? `${lost.made.length} links were made since` : `${lost.cut.length} links of the base are lost with it`;
  const message = `The kind of link ${name} from ${before.from} to ${before.to} ${why}; ${count}. Make it again under the same name and plan again, or leave them.`;
  draft.conflict(conflictOf('field-removed', { object: linkName(before), key: '*' }, message, 'leave these links as they are'));
}

/** Name of a kind that no snapshot has: it compares as empty. */
const NO_KIND = '';

/** Compares the links of one kind; undefined where nothing is to be done, or where a snapshot cannot be read for them (a conflict). */
async function damageOf(planning: Planning, { link, before }: MatchedKind, options: CallOptions): Promise<Damaged | undefined> {
  const found = await compared(planning, before, linkName(link), link, options);
  return found === undefined || found.cut.length + found.made.length === 0 ? undefined : { link, ...found };
}

/**
 * What differs between links of the kind `before` in the base, and those of the kind named `now` in the snapshot of the damage, of what is asked
 * for. Undefined where a snapshot cannot be read for them, which becomes a conflict.
 */
async function compared(
  planning: Planning,
  before: LinkSchema | undefined,
  now: string,
  link: LinkSchema,
  options: CallOptions,
): Promise<Pick<Damaged, 'cut' | 'made'> | undefined> {
  const { filters, draft, pair } = planning;
  const known = {
    base: linksKnown(pair.base, planning.before, pair.platform, before ?? link),
    damaged: linksKnown(pair.damaged, planning.after, pair.platform, link),
  };
  for (const role of ['base', 'damaged'] as const)
    if (known[role] === 'none') {
      planning.notCovered.push(linksNotCovered(role, linkName(link)));
      return undefined;
    }
  const cut: Link[] = [];
  const made: Link[] = [];
  const conflicts: PlanConflict[] = [];
  const onDamage: OnDamage = (side, damage) => {
    const message = `The ${side} snapshot cannot be read for links ${linkName(link)} (${damage.entry}): ${damage.why}. Links of this kind are left as they are.`;
    conflicts.push(
      conflictOf('base-unreadable', { object: linkName(link), key: damage.firstKey ?? '?', field: side }, message, 'leave these links as they are'),
    );
  };
  // What one side does not know to be all proves nothing by what is missing there.
  const proved = (change: 'added' | 'removed'): boolean => known[change === 'added' ? 'base' : 'damaged'] === 'all';
  // Without links in `only`, just those of records that come back or that the damage created are looked at.
  const matters = (one: Link, change: 'added' | 'removed'): boolean =>
    filters.only?.includes('links') !== false || touches(change === 'removed' ? planning.returning : planning.created, link, one);
  const names = { base: before === undefined ? NO_KIND : linkName(before), damaged: now };
  for await (const batch of linkDifferences(pair, names, onDamage, options))
    for (const { link: one, change } of batch)
      if (proved(change) && keysLetThrough(planning, link, one) && matters(one, change)) (change === 'removed' ? cut : made).push(one);
  for (const conflict of conflicts) draft.conflict(conflict);
  if (conflicts.length > 0) return undefined;
  const passes = await whereLetsThrough(planning, link, [...cut, ...made], options);
  return { cut: cut.filter(passes), made: made.filter(passes) };
}

function planCut(planning: Planning, link: LinkSchema, one: Link): void {
  const { draft, filters } = planning;
  const missing = endsOf(link, one).find(([object, key]) => planning.absent.get(object)?.has(key) === true);
  const place = placeOf(link, one);
  if (missing !== undefined) {
    const [object, key] = missing;
    draft.conflict(conflictOf('parent-missing', place, `${words(link, one)} was cut, but ${object} ${key} is not there to link to.`, 'leave it cut'));
    return;
  }
  settle(
    planning,
    place,
    draftOf('link', link, one, 'in the base, cut since'),
    `${words(link, one)} was cut, and nothing ties that to the incident.`,
    filters,
  );
}

function planMade(planning: Planning, link: LinkSchema, one: Link, live: ReadonlySet<string>): void {
  const { draft, filters } = planning;
  if (!live.has(pairName(one))) {
    draft.nothingToDo += 1;
    return;
  }
  // Links of a new record belong to it: they go when it goes, and stay when it stays.
  const ends = [planning.created.get(link.from)?.has(one.from) === true, planning.created.get(link.to)?.has(one.to) === true];
  if (ends.includes(true)) {
    const leaves = planning.deletes.get(link.from)?.has(one.from) === true || planning.deletes.get(link.to)?.has(one.to) === true;
    if (leaves) planning.linksOfDeletes.push({ link, one });
    else draft.nothingToDo += 1;
    return;
  }
  settle(
    planning,
    placeOf(link, one),
    draftOf('unlink', link, one, 'not in the base, linked since'),
    `${words(link, one)} was linked after the base, and nothing ties that to the incident.`,
    filters,
  );
}

function settle(planning: Planning, place: ReturnType<typeof placeOf>, change: LinkDraft, message: string, filters: Planning['filters']): void {
  if (!refused(filters, planning.suspicion, change.attribution)) planning.draft.link(change);
  else
    planning.draft.conflict(
      conflictOf('unattributed', place, message, 'leave it as it is', change.action === 'link' ? 'link them again' : 'unlink them', change),
    );
}

/** A link change without its place. */
export function draftOf(action: 'link' | 'unlink', link: LinkSchema, one: Link, why: string): LinkDraft {
  const attribution: Attribution = { state: 'unknown' };
  return { action, link: link.kind, from: { object: link.from, key: one.from }, to: { object: link.to, key: one.to }, why, attribution };
}

/** Identity of a link within its kind. */
export function pairName({ from, to }: Link): string {
  return `${from}\u0000${to}`;
}

/** True where one end of a link is among these records. */
function touches(records: ReadonlyMap<string, ReadonlySet<string>>, link: LinkSchema, one: Link): boolean {
  return records.get(link.from)?.has(one.from) === true || records.get(link.to)?.has(one.to) === true;
}

function placeOf(link: LinkSchema, one: Link): { object: string; key: string; field: string } {
  return { object: linkName(link), key: one.from, field: one.to };
}

function words(link: LinkSchema, one: Link): string {
  return `The link from ${link.from} ${one.from} to ${link.to} ${one.to} (${link.label ?? link.kind})`;
}
