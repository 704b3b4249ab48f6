import { defined } from '../../lib/index.js';
import type { LinkSchema } from '../../records/index.js';

/** A kind of link as it is now, with what it was called when the base was made. */
export interface MatchedKind {
  readonly link: LinkSchema;
  /** Undefined where the base had no such kind. */
  readonly before: LinkSchema | undefined;
}

/** A kind of the base that no longer exists. */
export interface LostKind {
  readonly before: LinkSchema;
  /** What its number stands for now. */
  readonly instead?: LinkSchema;
}

/** Kinds of link then and now. */
export interface MatchedKinds {
  readonly kinds: readonly MatchedKind[];
  readonly lost: readonly LostKind[];
}

/**
 * Finds the kinds of the base among those of now, by number and label: a label that was deleted and made again has
 * another number, and a number may stand for another label. The same label under another number is the same kind; the
 * same number under another label is not, and nothing can be said of its links.
 */
export function matchKinds(before: readonly LinkSchema[], now: readonly LinkSchema[]): MatchedKinds {
  const stored = before.filter((link) => link.viaFields === undefined);
  const found = new Map<LinkSchema, LinkSchema>();
  const matched = new Set<LinkSchema>();
  const match = (link: LinkSchema, old: LinkSchema): void => {
    found.set(link, old);
    matched.add(old);
  };
  for (const link of now) {
    const same = stored.find((old) => samePair(old, link) && old.kind === link.kind);
    if (same !== undefined && (same.label === undefined || link.label === undefined || labelOf(same) === labelOf(link))) match(link, same);
  }
  for (const old of stored) {
    if (matched.has(old) || old.label === undefined) continue;
    const alike = (link: LinkSchema): boolean => samePair(old, link) && labelOf(link) === labelOf(old);
    const then = stored.filter((link) => !matched.has(link) && alike(link)).sort(byNumber);
    const later = now.filter((link) => !found.has(link) && alike(link)).sort(byNumber);
    // Both directions of a label between records of one object type can have one name: they are told apart by their
    // order.
    if (then.length === later.length) for (const [n, link] of later.entries()) match(link, then[n] ?? old);
  }
  const lost = stored.flatMap((old): LostKind[] => {
    if (matched.has(old)) return [];
    const instead = now.find((link) => samePair(old, link) && old.kind === link.kind && !found.has(link));
    return [{ before: old, ...defined({ instead }) }];
  });
  const unclear = new Set(lost.map(({ instead }) => instead));
  return { kinds: now.filter((link) => !unclear.has(link)).map((link) => ({ link, before: found.get(link) })), lost };
}

function samePair(a: LinkSchema, b: LinkSchema): boolean {
  return a.from === b.from && a.to === b.to;
}

function byNumber(a: LinkSchema, b: LinkSchema): number {
  return a.kind.localeCompare(b.kind, 'en', { numeric: true });
}

function labelOf(link: LinkSchema): string | undefined {
  return link.label?.trim().toLowerCase();
}
