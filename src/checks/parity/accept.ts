import type { Compared } from '../../stages/index.js';
import type { JudgedItem } from './result.js';
import type { Acceptance } from './schema.js';

/** Something that is not the same. */
export type Open = Omit<Compared, 'is' | 'area'> & { readonly area: JudgedItem['area']; readonly is: 'different' | 'unreadable' };

/** What acceptances made of what is not the same. */
export interface Judged {
  readonly items: readonly JudgedItem[];
  /** Items of acceptances that nothing came of. */
  readonly unneeded: readonly string[];
}

/**
 * Judges what is not the same by what was accepted: the first acceptance that is in force counts. One that has expired accepts nothing, and
 * is named. `today`: the day in UTC.
 */
export function judge(open: readonly Open[], accepted: readonly Acceptance[], today: string): Judged {
  const used = new Set<Acceptance>();
  const items = open.map(({ is, ...item }): JudgedItem => {
    const fitting = accepted.filter((one) => fits(one, { is, ...item }));
    for (const one of fitting) used.add(one);
    const inForce = fitting.find(({ until }) => until >= today);
    if (inForce !== undefined) return { ...item, status: 'accepted', reason: inForce.reason, until: inForce.until };
    const [expired] = fitting;
    return { ...item, status: is, ...(expired === undefined ? {} : { reason: expired.reason, until: expired.until, expired: true }) };
  });
  return { items, unneeded: accepted.filter((one) => !used.has(one)).map(({ item }) => item) };
}

function fits(acceptance: Acceptance, { item, is, test, production }: Open): boolean {
  if (!covers(acceptance.item, item) || (acceptance.unreadable === true) !== (is === 'unreadable')) return false;
  return (acceptance.test ?? test) === test && (acceptance.production ?? production) === production;
}

/** `a/b` covers itself and `a/b#c`; `a/*` covers everything that begins with `a/`. */
function covers(accepted: string, item: string): boolean {
  if (accepted.endsWith('*')) return item.startsWith(accepted.slice(0, -1));
  return item === accepted || item.startsWith(`${accepted}#`);
}
