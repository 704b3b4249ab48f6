import type { CallOptions } from '../../lib/index.js';
import type { Link, LinkSchema } from '../../records/index.js';
import { conflictOf } from '../decide/conflicts.js';
import { nameOf, type RecordDraft } from '../decide/order.js';
import type { LinkEnds, PlanConflict } from '../types.js';
import { pairName } from './links.js';
import { readLiveLinks } from './live.js';
import type { Planning } from './planning.js';

/** A live link that touches a record to be deleted. */
interface Touching {
  readonly link: LinkSchema;
  readonly one: Link;
  /** The end that is to be deleted. */
  readonly end: 'from' | 'to';
}

/**
 * Lets records that the damage created be deleted only where nothing links to them but what goes with them: links that the damage
 * made, and records that are deleted too or that the plan points back to where they pointed before.
 */
export async function checkDeletes(planning: Planning, options: CallOptions): Promise<void> {
  const { deletes, draft } = planning;
  const touching = await linksThatMatter(planning, options);
  // A record that stays can make another one stay: again until nothing changes.
  for (let changed = true; changed;) {
    changed = false;
    for (const { link, one, end } of touching) {
      const change = deletes.get(link[end])?.get(one[end]);
      if (change === undefined || goesAway(planning, link, one, end)) continue;
      deletes.get(link[end])?.delete(one[end]);
      draft.conflict(staying(change, end === 'to' ? `${link.from} ${one.from}` : `${link.to} ${one.to}`));
      changed = true;
    }
  }
  const going = new Map<string, LinkEnds[]>();
  for (const { link, one } of planning.linksOfDeletes) {
    const ends: LinkEnds = { link: link.kind, from: { object: link.from, key: one.from }, to: { object: link.to, key: one.to } };
    for (const end of [ends.from, ends.to]) {
      if (deletes.get(end.object)?.has(end.key) !== true) continue;
      const links = going.get(nameOf(end));
      if (links === undefined) going.set(nameOf(end), [ends]);
      else links.push(ends);
    }
  }
  for (const changes of deletes.values())
    for (const change of changes.values()) {
      const links = going.get(nameOf(change));
      draft.record(links === undefined ? change : { ...change, links });
    }
}

/** Live links of the records to be deleted, without those that the plan cuts. What a record itself refers to by its fields goes with it. */
async function linksThatMatter(planning: Planning, options: CallOptions): Promise<readonly Touching[]> {
  const { deletes, platform, live } = planning;
  const touching: Touching[] = [];
  for (const link of live.links) {
    const cut = new Set(planning.linksOfDeletes.filter((entry) => entry.link === link).map((entry) => pairName(entry.one)));
    for (const end of link.viaFields === undefined ? (['from', 'to'] as const) : (['to'] as const)) {
      const keys = [...(deletes.get(link[end])?.keys() ?? [])];
      if (keys.length === 0) continue;
      for (const one of await readLiveLinks(platform, link, end, keys, options)) if (!cut.has(pairName(one))) touching.push({ link, one, end });
    }
  }
  return touching;
}

/** True where a link does not keep its end from being deleted: the other end refers by a field, and is deleted or pointed elsewhere too. */
function goesAway(planning: Planning, link: LinkSchema, one: Link, end: 'from' | 'to'): boolean {
  if (link.viaFields === undefined || end === 'from') return false;
  return planning.deletes.get(link.from)?.has(one.from) === true || planning.repointed.has(repointName(link, one.from));
}

/** Identity of a record's reference by one carried link. */
export function repointName(link: LinkSchema, key: string): string {
  return `${link.from}\u0000${link.kind}\u0000${key}`;
}

function staying(change: RecordDraft, other: string): PlanConflict {
  const { object, key } = change;
  const message = `${object} ${key} was created by the damage, but ${other} is linked to it now.`;
  return conflictOf('created-then-edited', { object, key, attribution: change.attribution }, message, 'leave the record');
}
