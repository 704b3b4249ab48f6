import type { PlatformSchema } from '../../../connectors/index.js';
import type { Link, LinkSchema, ObjectSchema } from '../../../records/index.js';
import type { LinkDraft } from '../../decide/order.js';
import type { Attribution } from '../../types.js';

/** Name of a link kind in snapshots and conflicts. */
export function linkName(link: LinkSchema): string {
  return `${link.from}~${link.to}~${link.kind}`;
}

/** Identity of a link within its kind. */
export function pairName({ from, to }: Link): string {
  return `${from}\u0000${to}`;
}

/** Where a conflict about a link is. */
export function linkPlace(link: LinkSchema, one: Link): { object: string; key: string; field: string } {
  return { object: linkName(link), key: one.from, field: one.to };
}

/** A link as a sentence begins with it. */
export function linkWords(link: LinkSchema, one: Link): string {
  return `The link from ${link.from} ${one.from} to ${link.to} ${one.to} (${link.label ?? link.kind})`;
}

/** The records at the two ends of a link. */
export function endsOf(link: LinkSchema, one: Link): readonly (readonly [object: string, key: string])[] {
  return [
    [link.from, one.from],
    [link.to, one.to],
  ];
}

/** A link change without its place. */
export function draftOf(action: 'link' | 'unlink', link: LinkSchema, one: Link, why: string): LinkDraft {
  const attribution: Attribution = { state: 'unknown' };
  return { action, link: link.kind, from: { object: link.from, key: one.from }, to: { object: link.to, key: one.to }, why, attribution };
}

/**
 * True where links of an object type are stored apart from its records, so that records at their ends are asked about.
 */
export function hasLinksApart({ links }: PlatformSchema, { object }: ObjectSchema): boolean {
  return links.some((link) => link.viaFields === undefined && (link.from === object || link.to === object));
}
