import type { Check, StepResult } from '../result.js';
import { CELL_VERDICTS, type CellVerdict, RECORD_VERDICTS, type RecordVerdict } from './facts.js';
import type { Cell, Judgement } from './judge.js';
import type { Refused } from './write.js';

const EXAMPLES_EACH = 3;
const LONGEST_VALUE = 60;

/** One step in few words. */
export function stepResult({
  title,
  judgement: { records, cells },
  refused,
  tookMs,
}: {
  readonly title: string;
  readonly judgement: Judgement;
  readonly refused: readonly Refused[];
  readonly tookMs: number;
}): StepResult {
  const totals = countsOf(
    RECORD_VERDICTS,
    records.map(({ verdict }) => verdict),
  );
  const byField = new Map<string, Cell[]>();
  for (const cell of cells) byField.set(cell.name, [...(byField.get(cell.name) ?? []), cell]);
  const fields = [...byField].map(([field, of]) => ({
    field,
    totals: countsOf(
      CELL_VERDICTS,
      of.map(({ verdict }) => verdict),
    ),
  }));
  return {
    step: title,
    tookMs: Math.round(tookMs),
    records: totals,
    fields,
    checks: [...recordChecks(title, totals, refused), ...fields.map(({ field, totals: found }) => fieldCheck(title, field, found))],
    examples: [...byField.values()].flatMap(examplesOf),
  };
}

function countsOf<T extends string>(all: readonly T[], found: readonly T[]): Readonly<Record<T, number>> {
  return Object.fromEntries(all.map((verdict) => [verdict, found.filter((each) => each === verdict).length])) as Record<T, number>;
}

function recordChecks(title: string, totals: Readonly<Record<RecordVerdict, number>>, refused: readonly Refused[]): readonly Check[] {
  const [first] = refused;
  const counts = RECORD_VERDICTS.filter((verdict) => verdict !== 'right').map((verdict): Check => ({
    name: `${title}: ${verdict}`,
    passed: totals[verdict] === 0,
    found: String(totals[verdict]),
    wanted: '0',
  }));
  const refusals: Check = {
    name: `${title}: refused`,
    passed: refused.length === 0,
    found: first === undefined ? '0' : `${refused.length}: ${first.why}`,
    wanted: '0',
  };
  return [refusals, ...counts];
}

function fieldCheck(title: string, field: string, totals: Readonly<Record<CellVerdict, number>>): Check {
  const wrong = CELL_VERDICTS.filter((verdict) => verdict !== 'right' && verdict !== 'normalised' && totals[verdict] > 0);
  return {
    name: `${title}: ${field}`,
    passed: wrong.length === 0,
    found: wrong.length === 0 ? 'as the mapping says' : wrong.map((verdict) => `${totals[verdict]} ${verdict}`).join(', '),
    wanted: 'as the mapping says',
  };
}

function examplesOf(cells: readonly Cell[]): StepResult['examples'] {
  const shown = new Map<CellVerdict, number>();
  return cells.flatMap(({ name, verdict, found, wanted }) => {
    const before = shown.get(verdict) ?? 0;
    shown.set(verdict, before + 1);
    return verdict === 'right' || before >= EXAMPLES_EACH ? [] : [{ field: name, verdict, found: shownValue(found), wanted: shownValue(wanted) }];
  });
}

/** Invented data only: nothing to hide. */
function shownValue(value: unknown): string {
  const text = value === null ? 'empty' : JSON.stringify(value);
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}…`;
}
