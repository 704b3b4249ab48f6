import type { Block, DocumentSection, Inline, TextDocument } from '../../document/index.js';
import { formatDuration } from '../../lib/index.js';
import type { DrillResult } from '../result.js';
import { CHECK_WORDS, verdictWords } from '../verdict/words.js';

/** The scorecards of drills that were run together, as a text: the summary first, then each. */
export function scorecardDocument(results: readonly DrillResult[]): TextDocument {
  const failed = results.filter(({ passed }) => !passed).length;
  const [first] = results;
  const names = results.map((result, i) => nameOf(result, results.slice(0, i)));
  const title = results.length === 1 && first !== undefined ? `Drill: ${first.title}` : `${results.length} drills`;
  const verdict =
    failed === 0 ? 'Every drill proved what it is there for.' : `${failed} of ${results.length} drills did not prove what they are there for.`;
  return {
    title,
    lead: [[failed === 0 ? verdict : { strong: verdict }], ...(first === undefined ? [] : [['Begun ', { time: first.startedAt }, '.']])],
    sections: [{ title: 'Summary', blocks: [summary(results), times(results)] }, ...results.map((result, i) => section(result, names[i] ?? ''))],
  };
}

/** A drill that was staged in several places stands there once for each. */
function nameOf({ drill }: DrillResult, before: readonly DrillResult[]): string {
  const n = before.filter((one) => one.drill === drill).length + 1;
  return n === 1 ? drill : `${drill} (${n})`;
}

/** What is not as it should be is marked. */
const verdictOf = (result: DrillResult): Inline => (result.passed ? verdictWords(result) : { strong: verdictWords(result) });

function summary(results: readonly DrillResult[]): Block {
  const found = ({ checks }: DrillResult, name: string): string => checks.find((check) => check.name === name)?.found ?? '';
  return {
    kind: 'table',
    caption: 'What each drill proved',
    columns: ['Drill', 'Failure', 'Runbook', 'Repaired', 'Innocent cells changed', 'Edits kept', { number: 'Time' }, 'Verdict'],
    rows: results.map((result) => ({
      cells: [
        result.drill,
        result.faults.join(', '),
        result.runbook.id,
        found(result, 'repaired'),
        found(result, 'innocent_changed'),
        found(result, 'edits_kept'),
        spanText(result.recoveryMs),
        [verdictOf(result)],
      ],
    })),
  };
}

function times(results: readonly DrillResult[]): Block {
  return {
    kind: 'amounts',
    title: 'Time to recover',
    bars: results.map((result) => ({
      name: result.drill,
      amount: result.recoveryMs,
      shown: `${spanText(result.recoveryMs)}, ${verdictWords(result)}`,
      ...(result.passed ? {} : { bad: true as const }),
    })),
  };
}

function section(result: DrillResult, name: string): DocumentSection {
  const { run, runbook, stage, checks, timeline, examples, samples } = result;
  return {
    title: name,
    blocks: [
      { kind: 'paragraph', text: [`${result.title}: `, verdictOf(result), '.'] },
      {
        kind: 'facts',
        caption: `How ${name} was run`,
        rows: [
          ['Staged in', stage.label],
          ['Failure', result.faults.join(', ')],
          ['Runbook', [`${runbook.title} `, { code: runbook.id }]],
          ['Run', run.because === undefined ? run.state : `${run.state}: ${run.because}`],
          ['Killed, resumed', `${run.kills}, ${run.resumes}`],
          ...(result.mustFail === undefined ? [] : [['Built to fail', result.mustFail.join(', ')] as const]),
          ['Begun', [{ time: result.startedAt }]],
          ['Ended', [{ time: result.endedAt }]],
        ],
      },
      {
        kind: 'table',
        caption: `What ${name} proved`,
        columns: ['Check', 'Found', 'Wanted', 'Verdict'],
        rows: checks.map((check) => ({
          cells: [CHECK_WORDS[check.name], check.found, check.wanted, check.passed ? 'passed' : [{ strong: 'failed' }]],
        })),
      },
      ...(samples.length === 0
        ? []
        : [
            {
              kind: 'table' as const,
              caption: `Some of the damaged cells of ${name}`,
              columns: ['Cell', 'Before', 'Damaged', 'Restored'],
              rows: samples.map(({ cell, before, damaged, restored }) => ({ cells: [cell, shown(before), shown(damaged), shown(restored)] })),
            },
          ]),
      ...examples.map((example) => ({ kind: 'paragraph' as const, text: ['Not as it should be: ', example] })),
      ...byHandBlocks(result, name),
      ...peopleBlocks(result, name),
      {
        kind: 'table',
        caption: `Timeline of ${name}`,
        columns: ['When', 'What'],
        rows: timeline.map(({ at, what }) => ({ cells: [[{ time: at }], what] })),
      },
      ...(result.differs.length === 0
        ? []
        : [
            {
              kind: 'table' as const,
              caption: `What limits the proof of ${name}`,
              columns: ['The stage is not what it stands for'],
              rows: result.differs.map((text) => ({ cells: [text] })),
            },
          ]),
    ],
  };
}

/** Where a person was at the terminal: what each step took them. */
function byHandBlocks({ byHand = [] }: DrillResult, name: string): readonly Block[] {
  if (byHand.length === 0) return [];
  const rows = byHand.map(({ title, ms }) => ({ cells: [title, spanText(ms)] }));
  return [{ kind: 'table', caption: `Steps of ${name} by hand`, columns: ['Step', { number: 'Time' }], rows }];
}

const PAGE_STATES = { open: 'on its way', accepted: 'sent', failed: 'failed', withdrawn: 'no longer needed' } as const;

/** Of a game day: who was paged, who answered and approved, and what was missing. */
function peopleBlocks({ people }: DrillResult, name: string): readonly Block[] {
  if (people === undefined) return [];
  const { answer, approvals, findings, incident, pages, severity } = people;
  return [
    {
      kind: 'facts',
      caption: `People in ${name}`,
      rows: [
        ['Incident', [{ code: incident }, `, a drill of ${severity}`]],
        ['Answered', answer === undefined ? 'nobody' : `${answer.name} after ${spanText(answer.afterMs)}`],
        ...approvals.map(({ step, given, afterMs }): [string, string] => [
          `Approval "${step}"`,
          given.length === 0 ? 'given by the answers of the drill, by no person' : `given by ${given.join(', ')} after ${spanText(afterMs)}`,
        ]),
      ],
    },
    {
      kind: 'table',
      caption: `Findings of ${name}`,
      columns: ['Kind', 'What is missing', 'Owner', 'What to do'],
      rows: findings.map(({ kind, what, owner, next }) => ({ cells: [kind, what, owner, next] })),
    },
    {
      kind: 'table',
      caption: `Pages of ${name}`,
      columns: ['When', 'Level', 'To', 'Over', 'State'],
      rows: pages.map(({ at, level, who, channel, state, why }) => ({
        cells: [
          [{ time: at }],
          level === undefined ? 'last' : `${level}`,
          who,
          channel,
          `${PAGE_STATES[state]}${why === undefined ? '' : `: ${why}`}`,
        ],
      })),
    },
  ];
}

const shown = (value: string | null): string => (value === null ? '(empty)' : value);
const spanText = (ms: number): string => formatDuration(Math.max(100, Math.round(ms / 100) * 100));
