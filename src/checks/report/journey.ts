import type { Block, TextDocument } from '../../document/index.js';
import { formatDuration } from '../../lib/index.js';
import { RACE_VERDICTS } from '../journeys/parallel/race.js';
import { JOURNEY_VERDICTS } from '../journeys/persona/facts.js';
import type { JourneyResult, JourneyStepResult, ParallelResult } from '../journeys/result.js';

type Sections = TextDocument['sections'];

/** People through every platform, a section a step. */
export function journeySections({ steps }: JourneyResult): Sections {
  return steps.map((step) => ({ title: `Step ${step.step}`, blocks: stepBlocks(step) }));
}

function stepBlocks({ step, totals, still, tookMs, examples }: JourneyStepResult): readonly Block[] {
  const counted: Block = {
    kind: 'amounts',
    title: `What is wanted after: ${step}`,
    bars: JOURNEY_VERDICTS.filter((verdict) => verdict === 'right' || totals[verdict] > 0).map((verdict) => ({
      name: verdict,
      amount: totals[verdict],
      shown: String(totals[verdict]),
      ...(verdict !== 'right' && verdict !== 'normalised' && { bad: true as const }),
    })),
  };
  const facts: Block = {
    kind: 'facts',
    caption: `Step ${step}`,
    rows: [
      ['Until everything was there, or the time was over', formatDuration(tookMs)],
      ['Told of after an earlier step, and still so', String(still)],
    ],
  };
  if (examples.length === 0) return [counted, facts];
  const rows = examples.map(({ person, where, verdict, found, wanted, since, by }) => ({
    cells: [person, where, verdict, found, wanted, since === undefined ? '' : String(since), by ?? ''],
  }));
  return [
    counted,
    facts,
    {
      kind: 'table',
      caption: `Examples after: ${step}`,
      columns: ['Person', 'Field', 'Verdict', 'Found', 'Wanted', 'Right since step', 'Written by'],
      rows,
    },
  ];
}

/** Several writers at the same time. */
export function parallelSections({ writers, records, writes, totals, untold, examples, seed }: ParallelResult): Sections {
  const facts: Block = {
    kind: 'facts',
    caption: 'What was written',
    rows: [
      ['Writers', writers.join(', ')],
      ['Records', `${records}, each in an order of its own (seed ${seed})`],
      ['Writes', `${writes.acknowledged} acknowledged, ${writes.unanswered} without an answer, ${writes.refused} refused`],
      ['Without a history', untold.length === 0 ? 'none' : `${untold.join(', ')}: what stood there in between is not known`],
    ],
  };
  const counted: Block = {
    kind: 'amounts',
    title: 'What became of the records',
    bars: RACE_VERDICTS.map((verdict) => ({
      name: verdict,
      amount: totals[verdict],
      shown: String(totals[verdict]),
      ...(verdict !== 'explained' && totals[verdict] > 0 && { bad: true as const }),
    })),
  };
  const rows = examples.map(({ record, verdict, where, found, order }) => ({ cells: [String(record), verdict, where ?? '', found ?? '', order] }));
  const table: readonly Block[] =
    rows.length === 0
      ? []
      : [{ kind: 'table', caption: 'Examples of records', columns: ['Record', 'Verdict', 'Field', 'Found', 'Writers, as answered'], rows }];
  return [{ title: 'Several writers at the same time', blocks: [facts, counted, ...table] }];
}
