import { counted } from '../../../lib/index.js';
import type { CallOptions } from '../../../lib/index.js';
import type { Link, LinkSchema } from '../../../records/index.js';
import { conflictOf } from '../../decide/conflicts.js';
import type { LostKind, MatchedKind } from '../../decide/link-kinds.js';
import type { PlanConflict } from '../../types.js';
import type { PlanContext } from '../context.js';
import { linksKnown, linksNotCovered } from '../coverage.js';
import type { Facts, Known } from '../facts/facts.js';
import { linkDifferences, type OnDamage } from '../objects/differences.js';
import { endsOf, linkName } from './names.js';
import { keysLetThrough, whereLetsThrough } from './passing.js';

/** What the damage did to links of one kind. */
export interface LinkDamage {
  readonly link: LinkSchema;
  readonly cut: readonly Link[];
  readonly made: readonly Link[];
}

/** Links that differ, of what is asked for; why nothing can be said of them, as facts. */
export interface ComparedLinks {
  readonly facts: Facts;
  readonly damage?: LinkDamage;
}

/** Two kinds to compare: as the base has it, as the snapshot of the damage has it, and as it is planned. */
interface Kinds {
  readonly before: LinkSchema | undefined;
  /** Name in the snapshot of the damage. */
  readonly now: string;
  readonly link: LinkSchema;
}

/** Name of a kind that no snapshot has: it compares as empty. */
const NO_KIND = '';

/** Compares the links of one kind; no damage where nothing is to be done. */
export function damageOf(context: PlanContext, known: Known, { link, before }: MatchedKind, options: CallOptions): Promise<ComparedLinks> {
  return compared(context, known, { before, now: linkName(link), link }, options);
}

/**
 * Tells of a kind of link that the base has and the platform has no longer: its links cannot be made again. One
 * conflict, which says how many there were; none where there were none among what was asked for.
 */
export async function* planLostKind(context: PlanContext, known: Known, { before, instead }: LostKind, options: CallOptions): AsyncIterable<Facts> {
  // Where the number stands for something else now, links that the damage did not touch may well be there: only
  // differences are told.
  const now = instead === undefined ? NO_KIND : linkName(instead);
  const { facts, damage: lost } = await compared(context, known, { before, now, link: before }, options);
  yield facts;
  if (lost === undefined) return;
  const name = before.label ?? before.kind;
  const why =
    instead === undefined
      ? `is no longer there (${before.kind})`
      : `is not what ${before.kind} stands for now, which is ${instead.label ?? 'another kind'}: it was renamed, or its number was given to another`;
  const count =
    lost.cut.length === 0
      ? `${counted(lost.made.length, 'links')} ${lost.made.length === 1 ? 'was' : 'were'} made since`
      : `${counted(lost.cut.length, 'links')} of the base ${lost.cut.length === 1 ? 'is' : 'are'} lost with it`;
  const message = `The kind of link ${name} from ${before.from} to ${before.to} ${why}; ${count}. Create it again under the same name and make a new plan, or leave them.`;
  yield { conflicts: [conflictOf('field-removed', { object: linkName(before), key: '*' }, message, 'leave these links as they are')] };
}

/**
 * What differs between the links of two kinds. A snapshot that cannot be read for them becomes a conflict, and nothing
 * else is said.
 */
async function compared(context: PlanContext, known: Known, kinds: Kinds, options: CallOptions): Promise<ComparedLinks> {
  const { filters, pair } = context;
  const { before, link, now } = kinds;
  const extent = {
    base: linksKnown(pair.base, context.before, pair.platform, before ?? link),
    damaged: linksKnown(pair.damaged, context.after, pair.platform, link),
  };
  for (const role of ['base', 'damaged'] as const)
    if (extent[role] === 'none') return { facts: { notCovered: [linksNotCovered(role, linkName(link))] } };
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
  const proved = (change: 'added' | 'removed'): boolean => extent[change === 'added' ? 'base' : 'damaged'] === 'all';
  // Without links in `only`, just those of records that come back or that the damage created are looked at.
  const matters = (one: Link, change: 'added' | 'removed'): boolean =>
    filters.only?.includes('links') !== false ||
    endsOf(link, one).some(([object, key]) => (change === 'removed' ? known.returns(object, key) : known.isCreated(object, key)));
  // Links of records that come back, or go, belong to these.
  const isChosen = (one: Link, change: 'added' | 'removed'): boolean =>
    context.chosen === undefined ||
    context.chosen.hasLink(linkName(link), one.from, one.to) ||
    endsOf(link, one).some(([object, key]) => (change === 'removed' ? known.returns(object, key) : known.deleteOf(object, key) !== undefined));
  const names = { base: before === undefined ? NO_KIND : linkName(before), damaged: now };
  for await (const batch of linkDifferences(pair, names, onDamage, options))
    for (const { link: one, change } of batch)
      if (proved(change) && keysLetThrough(context, link, one) && isChosen(one, change) && matters(one, change))
        (change === 'removed' ? cut : made).push(one);
  if (conflicts.length > 0) return { facts: { conflicts } };
  const passes = await whereLetsThrough(context, link, [...cut, ...made], options);
  const damage = { link, cut: cut.filter(passes), made: made.filter(passes) };
  return damage.cut.length + damage.made.length === 0 ? { facts: {} } : { facts: {}, damage };
}
