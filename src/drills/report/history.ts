import type { DocumentSection, TextDocument } from '../../document/index.js';
import { formatDuration, utcText } from '../../lib/index.js';
import type { DrillResult } from '../result.js';
import { verdictWords } from '../verdict/words.js';

/** Results by the runbook that they proved, runbooks in the order of their names, results oldest first. */
export function byRunbook(results: readonly DrillResult[]): readonly (readonly [runbook: string, results: readonly DrillResult[]])[] {
  const found = new Map<string, DrillResult[]>();
  for (const result of results) found.set(result.runbook.id, [...(found.get(result.runbook.id) ?? []), result]);
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** How long it took to recover, drill after drill, as a text: a chart for each runbook. */
export function historyDocument(results: readonly DrillResult[]): TextDocument {
  const [first, last] = [results[0], results.at(-1)];
  return {
    title: 'Drills over time',
    lead:
      first === undefined || last === undefined
        ? ['No drill was run here yet.']
        : [[`${results.length} drills from `, { time: first.startedAt }, ' to ', { time: last.startedAt }, '.']],
    sections: byRunbook(results).map(([runbook, own]): DocumentSection => ({
      title: runbook,
      blocks: [
        {
          kind: 'amounts',
          title: `Time to recover with ${runbook}`,
          bars: own.map((result) => ({
            name: utcText(result.startedAt),
            amount: result.recoveryMs,
            shown: `${formatDuration(Math.max(100, Math.round(result.recoveryMs / 100) * 100))}, ${verdictWords(result)}`,
            ...(result.passed ? {} : { bad: true as const }),
          })),
        },
        {
          kind: 'table',
          caption: `Drills of ${runbook}`,
          columns: ['When', 'Drill', 'Staged in', 'Verdict'],
          rows: own.map((result) => ({ cells: [[{ time: result.startedAt }], result.drill, result.stage.label, verdictWords(result)] })),
        },
      ],
    })),
  };
}
