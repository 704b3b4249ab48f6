import { RunbackError, suggest } from '../../lib/index.js';

/** In which words a missing or ambiguous name is reported. */
export interface NameWords {
  /** `runbook`, `open pause`. */
  readonly what: string;
  /** Command that lists what there is. */
  readonly list: string;
}

/**
 * The one item whose id is `wanted` or begins with it. Throws `not-found` with the nearest id, or `ambiguous` with all
 * that fit.
 */
export function byPrefix<T>(wanted: string, items: readonly T[], idOf: (item: T) => string, words: NameWords): T {
  const exact = items.find((item) => idOf(item) === wanted);
  if (exact !== undefined) return exact;
  const fitting = items.filter((item) => idOf(item).startsWith(wanted));
  const [first] = fitting;
  if (first !== undefined && fitting.length === 1) return first;
  if (first !== undefined)
    throw new RunbackError('ambiguous', `"${wanted}" fits ${fitting.length} of them`, {
      why: `${fitting.slice(0, 5).map(idOf).join(', ')}${fitting.length > 5 ? ', ...' : ''}`,
      state: 'Nothing was started.',
      next: 'Type more of the id.',
      data: { ids: fitting.map(idOf) },
    });
  const near = suggest(wanted, items.map(idOf));
  throw new RunbackError('not-found', `There is no ${words.what} "${wanted}"`, {
    ...(near === undefined ? {} : { why: `Did you mean ${near}?` }),
    state: 'Nothing was started.',
    next: words.list,
  });
}
