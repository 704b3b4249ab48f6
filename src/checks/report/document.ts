import type { Block, TextDocument } from '../../document/index.js';
import { formatDuration } from '../../lib/index.js';
import { VERDICTS } from '../load/facts.js';
import type { CheckResult, LoadResult, PlaceResult, StepResult, TriggerResult } from '../result.js';
import { CELL_VERDICTS, RECORD_VERDICTS } from '../touchpoints/facts.js';
import { FIRING_VERDICTS } from '../triggers/facts.js';

/** One result as a text for people who were not there. */
export function checkDocument(result: CheckResult): TextDocument {
  const { title, passed, test, load, steps = [], trigger, startedAt } = result;
  const verdict = passed ? 'Everything is as the test wants it.' : 'Not everything is as the test wants it.';
  return {
    title: `Test: ${title}`,
    lead: [[passed ? verdict : { strong: verdict }], ['Begun ', { time: startedAt }, '.']],
    sections: [
      {
        title: 'Summary',
        blocks: [...(load === undefined ? [] : [factsOf(load)]), ...(trigger === undefined ? [] : [triggerFacts(trigger)]), wantedOf(result)],
      },
      ...(load?.places ?? []).map((place) => ({ title: `What arrived in ${place.place}`, blocks: blocksOf(place) })),
      ...steps.map((step, n) => ({ title: `Step ${n + 1}: ${step.step}`, blocks: stepBlocks(step) })),
      { title: 'How to repeat it', blocks: [{ kind: 'paragraph', text: ['Run ', { code: `runback test run ${test}` }, '.'] }] },
    ],
  };
}

function stepBlocks({ step, records, fields, examples }: StepResult): readonly Block[] {
  const counted: Block = {
    kind: 'amounts',
    title: `Records after: ${step}`,
    bars: RECORD_VERDICTS.map((verdict) => ({
      name: verdict,
      amount: records[verdict],
      shown: String(records[verdict]),
      ...(verdict !== 'right' && records[verdict] > 0 && { bad: true as const }),
    })),
  };
  const table = (caption: string, columns: readonly string[], rows: readonly (readonly string[])[]): readonly Block[] =>
    rows.length === 0 ? [] : [{ kind: 'table', caption, columns, rows: rows.map((cells) => ({ cells })) }];
  return [
    counted,
    ...table(
      `Fields after: ${step}`,
      ['Field', ...CELL_VERDICTS],
      fields.map(({ field, totals }) => [field, ...CELL_VERDICTS.map((verdict) => String(totals[verdict]))]),
    ),
    ...table(
      `Examples after: ${step}`,
      ['Field', 'Verdict', 'Found', 'Wanted'],
      examples.map(({ field, verdict, found, wanted }) => [field, verdict, found, wanted]),
    ),
  ];
}

function triggerFacts({ condition, refire, totals }: TriggerResult): Block {
  return {
    kind: 'facts',
    caption: 'What was tried',
    rows: [
      ['Fires when', condition],
      ['Again', refire],
      ['Steps', FIRING_VERDICTS.map((verdict) => `${totals[verdict]} ${verdict}`).join(', ')],
    ],
  };
}

function factsOf({ answers, submissions, people, spanMs, limit, withinMs }: LoadResult): Block {
  return {
    kind: 'facts',
    caption: 'What was submitted',
    rows: [
      ['Submissions', `${submissions} of ${people} people`],
      ['Sent within', `${formatDuration(spanMs)}${limit === undefined ? '' : `, never more than ${limit.count} in ${formatDuration(limit.perMs)}`}`],
      ['The intake said', `${answers.acknowledged} taken, ${answers.refused} refused, ${answers.unanswered} without an answer`],
      ['Time to arrive', formatDuration(withinMs)],
    ],
  };
}

function wantedOf({ checks }: CheckResult): Block {
  return {
    kind: 'table',
    caption: 'What the test wants',
    columns: ['Check', 'Found', 'Wanted', 'Verdict'],
    rows: checks.map(({ name, found, wanted, passed }) => ({ cells: [name, found, wanted, passed ? 'as wanted' : [{ strong: 'wrong' }]] })),
  };
}

function blocksOf({ totals, examples, place }: PlaceResult): readonly Block[] {
  const counted: Block = {
    kind: 'amounts',
    title: `What became of them in ${place}`,
    bars: VERDICTS.map((verdict) => ({
      name: verdict,
      amount: totals[verdict],
      shown: String(totals[verdict]),
      ...(verdict !== 'once' && totals[verdict] > 0 && { bad: true as const }),
    })),
  };
  if (examples.length === 0) return [counted];
  return [
    counted,
    {
      kind: 'table',
      caption: `Examples of ${place}`,
      columns: ['Mark', 'Verdict', 'Why'],
      rows: examples.map(({ mark, verdict, why }) => ({ cells: [[{ code: mark }], verdict, why] })),
    },
  ];
}
