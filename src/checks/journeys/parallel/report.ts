import { canonicalJson, defined } from '../../../lib/index.js';
import type { ParallelTest } from '../../document/load.js';
import type { Check, CheckResult } from '../../result.js';
import type { Refused } from '../../touchpoints/write.js';
import type { ParallelResult } from '../result.js';
import { type Finding, RACE_VERDICTS, type RaceVerdict } from './race.js';
import type { Raced } from './racers.js';

const EXAMPLES_EACH = 3;
const LONGEST_VALUE = 60;

/** What became of one record, by its number. */
export type RaceFound = Finding & { readonly n: number };
/** A field whose history no platform tells. */
export type Untold = string;

/** Many interleavings in few words. */
export function raceResult(
  { id: test, title, digest, document: { parallel } }: ParallelTest,
  of: {
    readonly id: string;
    readonly startedAt: string;
    readonly endedAt: string;
    readonly refused: readonly Refused[];
    /** Records that have no copy, or several. */
    readonly missing: number;
    readonly raced: readonly Raced[];
    readonly found: readonly RaceFound[];
    readonly untold: readonly Untold[];
  },
): CheckResult {
  const { id, startedAt, endedAt, raced, found, untold } = of;
  const totals = Object.fromEntries(
    RACE_VERDICTS.map((verdict) => [verdict, found.filter((each) => each.verdict === verdict).length]),
  ) as ParallelResult['totals'];
  const sent = raced.flatMap(({ writes }) => writes);
  const result: ParallelResult = {
    seed: parallel.seed,
    records: raced.length,
    writers: parallel.writers.map(({ name }) => name),
    writes: {
      acknowledged: sent.filter(({ end }) => end !== undefined).length,
      unanswered: sent.filter(({ end }) => end === undefined).length,
      refused: raced.flatMap((one) => one.refused).length,
    },
    totals: { ...totals, missing: totals.missing + of.missing },
    untold,
    examples: examplesOf(found, raced),
  };
  const checks = checksOf(result, of.refused, raced);
  return { version: 1, id, test, title, digest, startedAt, endedAt, passed: checks.every(({ passed }) => passed), parallel: result, checks };
}

function checksOf({ totals }: ParallelResult, refused: readonly Refused[], raced: readonly Raced[]): readonly Check[] {
  const [why] = [...refused.map((each) => each.why), ...raced.flatMap((one) => one.refused)];
  const all = refused.length + raced.flatMap((one) => one.refused).length;
  return [
    { name: 'writers: refused', passed: all === 0, found: why === undefined ? '0' : `${all}: ${why}`, wanted: '0' },
    ...RACE_VERDICTS.filter((verdict) => verdict !== 'explained').map((verdict): Check => ({
      name: `writers: ${verdict}`,
      passed: totals[verdict] === 0,
      found: String(totals[verdict]),
      wanted: '0',
    })),
  ];
}

function examplesOf(found: readonly RaceFound[], raced: readonly Raced[]): ParallelResult['examples'] {
  const shownOf = new Map<RaceVerdict, number>();
  return found.flatMap(({ n, verdict, where, found: value }) => {
    const before = shownOf.get(verdict) ?? 0;
    shownOf.set(verdict, before + 1);
    if (verdict === 'explained' || before >= EXAMPLES_EACH) return [];
    const writes = raced.find((one) => one.n === n)?.writes ?? [];
    const order = writes.map(({ writer, end }) => `${writer}${end === undefined ? ' (no answer)' : ''}`).join(', ');
    return [{ record: n, verdict, order, ...defined({ where, found: where === undefined || verdict === 'missing' ? undefined : shown(value) }) }];
  });
}

/** Invented data only: nothing to hide. */
function shown(value: Finding['found']): string {
  const text = value === null || value === '' ? 'empty' : typeof value === 'string' ? value : canonicalJson(value);
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}…`;
}
