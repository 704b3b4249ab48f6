import type { Reconciliation } from '../../../checks/index.js';
import { count, table, time } from '../text/format.js';
import type { Style } from '../text/style.js';

/** Reconciliations, the oldest first, by mapping. */
export function reconciliationHistoryText(results: readonly Reconciliation[], style: Style): string {
  if (results.length === 0) return 'Nothing was reconciled here yet: runback reconcile run <mapping>';
  return [...new Set(results.map(({ mapping }) => mapping.id))]
    .map((id) =>
      [
        style.chalk.bold(id),
        table(
          [
            { title: 'when' },
            { title: 'pairs', align: 'right' },
            { title: 'differences', align: 'right' },
            { title: 'in flight', align: 'right' },
            { title: 'result', whole: true },
          ],
          results.filter(({ mapping }) => mapping.id === id).map((result) => rowOf(result, style)),
          style,
        ),
      ].join('\n'),
    )
    .join('\n\n');
}

function rowOf({ finishedAt, matched, differences, counts, id, passed }: Reconciliation, style: Style): string[] {
  const inFlight = counts.filter((one) => one.class === 'in-flight').reduce((sum, one) => sum + one.count, 0);
  return [`${style.glyph[passed ? 'done' : 'failed']} ${time(finishedAt, style)}`, count(matched), count(differences), count(inFlight), id];
}
