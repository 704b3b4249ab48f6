import { type JourneyResult, type ParallelResult, RACE_VERDICTS } from '../../../checks/index.js';
import { facts, span, table } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { folded } from '../text/width.js';

const isFine = (verdict: string): boolean => verdict === 'right' || verdict === 'normalised';

/** What people went through, step by step. */
export function journeyText({ people, steps }: JourneyResult, style: Style): readonly string[] {
  const rows = steps.map(({ step, totals, still, tookMs }) => {
    const all = Object.entries(totals);
    const fine = all.filter(([verdict]) => isFine(verdict)).reduce((sum, [, count]) => sum + count, 0);
    const wrong = all.filter(([verdict]) => !isFine(verdict)).reduce((sum, [, count]) => sum + count, 0);
    return [visible(step), String(fine), String(wrong), String(still), span(tookMs)];
  });
  const right = { align: 'right' as const };
  return [
    facts([['people', String(people)]], style),
    '',
    table(
      [
        { title: 'step', shrink: true },
        { title: 'right', ...right },
        { title: 'wrong now', ...right },
        { title: 'wrong before', ...right },
        { title: 'took', ...right },
      ],
      rows,
      style,
    ),
  ];
}

/** The first few things that are not as wanted. */
export function journeyExamples({ steps }: JourneyResult, style: Style): readonly string[] {
  const lines = steps.flatMap(({ examples }, n) =>
    examples.map(({ person, where, verdict, found, wanted, by }) => {
      const writer = by === undefined ? '' : `, written by ${visible(by)}`;
      return `  step ${n + 1}, person ${person}: ${visible(where)} ${verdict}: ${visible(found)}${writer}, wanted ${visible(wanted)}`;
    }),
  );
  return folded(lines, style.width);
}

/** What became of records that several writers wrote at the same time. */
export function parallelText({ writers, records, writes, totals, untold, seed }: ParallelResult, style: Style): readonly string[] {
  const { acknowledged, unanswered, refused } = writes;
  return [
    facts(
      [
        ['writers', visible(writers.join(', '))],
        ['records', `${records}, each written in an order of its own (seed ${seed})`],
        ['writes', `${acknowledged} acknowledged, ${unanswered} without an answer, ${refused} refused`],
      ],
      style,
    ),
    '',
    table(
      [
        { title: 'what became of them', shrink: true },
        { title: 'records', align: 'right' as const },
      ],
      RACE_VERDICTS.filter((verdict) => verdict === 'explained' || totals[verdict] > 0).map((verdict) => [verdict, String(totals[verdict])]),
      style,
    ),
    ...(untold.length === 0
      ? []
      : folded([`No history of ${untold.map(visible).join(', ')}: what stood there in between is not known.`], style.width)),
  ];
}

/** The first few records of each verdict that is not as wanted. */
export function parallelExamples({ examples }: ParallelResult, style: Style): readonly string[] {
  const lines = examples.map(({ record, verdict, where, found, order }) => {
    const shown = where === undefined ? '' : `: ${visible(where)}${found === undefined ? '' : ` is ${visible(found)}`}`;
    return `  record ${record} ${verdict}${shown}; written by ${visible(order)}`;
  });
  return folded(lines, style.width);
}
