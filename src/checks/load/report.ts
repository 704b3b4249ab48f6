import type { TestDocument } from '../document/schema.js';
import type { Check, OrderResult, PlaceResult } from '../result.js';
import { type Answer, type Judged, VERDICTS, type Verdict } from './facts.js';
import { ordersOf } from './order.js';
import { totalsOf } from './verdict.js';

const EXAMPLES_EACH = 5;

/** What became of all submissions in one place, in few words. */
export function placeResult(place: string, judged: readonly Judged[], answers: readonly Answer[]): PlaceResult {
  const shown = new Map<Verdict, number>();
  const examples = judged.flatMap(({ submission, verdict, why }) => {
    const before = shown.get(verdict) ?? 0;
    shown.set(verdict, before + 1);
    return verdict === 'once' || before >= EXAMPLES_EACH ? [] : [{ mark: submission.nonce, verdict, why }];
  });
  const took = judged.flatMap(({ verdict, came }, n) =>
    verdict === 'once' && came !== undefined ? [came.beforeMs - (answers[n]?.endedMs ?? 0)] : [],
  );
  return { place, totals: totalsOf(judged), examples, ...(took.length > 0 && { slowestMs: Math.max(0, Math.round(Math.max(...took))) }) };
}

/** In which order the submissions reached each place and the next. */
export function orderResults(order: readonly string[], judged: ReadonlyMap<string, readonly Judged[]>): readonly OrderResult[] {
  return order.slice(1).map((second, index) => {
    const first = order[index] ?? '';
    const orders = ordersOf(judged.get(first) ?? [], judged.get(second) ?? []);
    const many = (wanted: string): number => orders.filter((each) => each.order === wanted).length;
    const examples = orders.filter((each) => each.order === 'wrong').map(({ nonce }) => nonce);
    return { first, second, right: many('right'), wrong: many('wrong'), unknown: many('unknown'), examples: examples.slice(0, EXAMPLES_EACH) };
  });
}

/** What the test wants, and what was found: each verdict in each place, and each order. */
export function checksOf(expect: TestDocument['expect'], places: readonly PlaceResult[], orders: readonly OrderResult[]): readonly Check[] {
  const counts = places.flatMap(({ place, totals }) =>
    VERDICTS.flatMap((verdict): readonly Check[] => {
      if (verdict === 'once') return [];
      const most = expect[verdict];
      return [
        {
          name: `${place}: ${verdict}`,
          passed: totals[verdict] <= most,
          found: String(totals[verdict]),
          wanted: most === 0 ? '0' : `at most ${most}`,
        },
      ];
    }),
  );
  const order = orders.map(({ first, second, right, wrong, unknown }): Check => ({
    name: `${first} before ${second}`,
    passed: wrong === 0,
    found: `${right} in that order, ${wrong} the other way, ${unknown} not known`,
    wanted: '0 the other way',
  }));
  return [...counts, ...order];
}
