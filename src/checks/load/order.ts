import type { Judged } from './facts.js';

/** Whether something came before something else, as far as the readings tell. */
export type Order = 'right' | 'wrong' | 'unknown';

/**
 * Whether each submission came to one place before it came to the next. What came when is known only as a stretch of
 * time, last seen absent to first seen present: only stretches that do not overlap tell. `first` and `then`: the same submissions in
 * the same order. One that did not come to both places has no order, and is left out.
 */
export function ordersOf(first: readonly Judged[], then: readonly Judged[]): readonly { readonly nonce: string; readonly order: Order }[] {
  return first.flatMap(({ submission, came: a }, index) => {
    const b = then[index]?.came;
    if (a === undefined || b === undefined) return [];
    // Each end is a moment at which it was seen, or not yet: touching stretches leave no doubt.
    const order: Order = a.beforeMs <= b.afterMs ? 'right' : b.beforeMs <= a.afterMs ? 'wrong' : 'unknown';
    return [{ nonce: submission.nonce, order }];
  });
}
