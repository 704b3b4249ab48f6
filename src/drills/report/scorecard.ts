import type { Block, DocumentSection, TextDocument } from '../../document/index.js';
import { formatDuration } from '../../lib/index.js';
import type { DrillResult } from '../result.js';
import { CHECK_WORDS, verdictWords } from '../verdict/words.js';

/** The scorecards of drills that were run together, as a text: the summary first, then each. */
export function scorecardDocument(results: readonly DrillResult[]): TextDocument {
  const failed = results.filter(({ passed }) => !passed).length;
  const [first] = results;
  const title = results.length === 1 && first !== undefined ? `Drill: ${first.title}` : `${results.length} drills`;
  const verdict =
    failed === 0 ? 'Every drill proved what it is there for.' : `${failed} of ${results.length} drills did not prove what they are there for.`;
  return {
    title,
    lead: [[failed === 0 ? verdict : { strong: verdict }], ...(first === undefined ? [] : [['Begun ', { time: first.startedAt }, '.']])],
    sections: [{ title: 'Summary', blocks: [summary(results), times(results)] }, ...results.map(section)],
  };
}

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
        [{ strong: verdictWords(result) }],
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

function section(result: DrillResult): DocumentSection {
  const { run, runbook, stage, checks, timeline, examples, samples } = result;
  return {
    title: result.drill,
    blocks: [
      { kind: 'paragraph', text: [`${result.title}: `, { strong: verdictWords(result) }, '.'] },
      {
        kind: 'facts',
        caption: `How ${result.drill} was run`,
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
        caption: `What ${result.drill} proved`,
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
              caption: `Some of the damaged cells of ${result.drill}`,
              columns: ['Cell', 'Before', 'Damaged', 'Restored'],
              rows: samples.map(({ cell, before, damaged, restored }) => ({ cells: [cell, shown(before), shown(damaged), shown(restored)] })),
            },
          ]),
      ...examples.map((example) => ({ kind: 'paragraph' as const, text: ['Not as it should be: ', example] })),
      ...peopleBlocks(result),
      {
        kind: 'table',
        caption: `Timeline of ${result.drill}`,
        columns: ['When', 'What'],
        rows: timeline.map(({ at, what }) => ({ cells: [[{ time: at }], what] })),
      },
      ...(result.differs.length === 0 ? [] : [{ kind: 'tasks' as const, items: result.differs.map((text) => `What limits this proof: ${text}`) }]),
    ],
  };
}

const PAGE_STATES = { open: 'on its way', accepted: 'sent', failed: 'failed', withdrawn: 'no longer needed' } as const;

/** Of a game day: who was paged, who answered and approved, and what was missing. */
function peopleBlocks({ drill, people }: DrillResult): readonly Block[] {
  if (people === undefined) return [];
  const { answer, approvals, findings, incident, pages, severity } = people;
  return [
    {
      kind: 'facts',
      caption: `People in ${drill}`,
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
      caption: `Findings of ${drill}`,
      columns: ['Kind', 'What is missing', 'Owner', 'What to do'],
      rows: findings.map(({ kind, what, owner, next }) => ({ cells: [kind, what, [{ strong: owner }], next] })),
    },
    {
      kind: 'table',
      caption: `Pages of ${drill}`,
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
