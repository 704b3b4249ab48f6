import type { Block, TextDocument } from '../../../document/index.js';
import { counted, formatCount } from '../../../lib/index.js';
import type { Mapping } from '../../../mappings/index.js';
import type { Value } from '../../../records/index.js';
import type { Difference, Reconciliation } from '../types.js';
import { CLASS_WORDS, placeWords, recordWords, agreementWords } from './words.js';

/** Examples of each class in a report. */
const EXAMPLES = 50;

/** A reconciliation as a report, with examples. The values in it are data of people. */
export function reconciliationDocument(result: Reconciliation, differences: readonly Difference[], mapping: Mapping): TextDocument {
  const { sides, counts } = result;
  const classes = [...new Set(counts.map(({ class: name }) => name))];
  return {
    title: `Reconciliation of ${result.mapping.title ?? result.mapping.id}`,
    lead: [{ strong: agreementWords(result) }, ['Read from ', { time: result.startedAt }, ' to ', { time: result.finishedAt }, ` by ${result.by}.`]],
    sections: [
      {
        title: 'Both sides',
        blocks: [
          {
            kind: 'table',
            caption: 'What was compared',
            columns: ['Side', 'Platform', 'Account', { number: 'Records' }, 'Snapshot'],
            rows: sides.map((side) => ({
              cells: [side.name, `${side.platform}/${side.object}`, side.account, formatCount(side.records), { code: side.snapshot }],
            })),
          },
          {
            kind: 'paragraph',
            text: `${counted(result.matched, 'pairs')}; ${counted(result.candidates, 'candidates')} read again, of which ${formatCount(result.settled)} were the same by then.`,
          },
        ],
      },
      ...(counts.length === 0 ? [] : [{ title: 'Differences', blocks: [countsTable(result)] }]),
      ...classes.map((name) => ({
        title: `Examples: ${CLASS_WORDS[name]}`,
        blocks: [
          examples(
            differences.filter((one) => one.class === name),
            result,
            mapping,
          ),
        ],
      })),
    ],
  };
}

function countsTable(result: Reconciliation): Block {
  return {
    kind: 'table',
    caption: 'Confirmed differences by class',
    columns: ['Difference', 'Where', { number: 'Count' }],
    rows: result.counts.map((one) => ({ cells: [CLASS_WORDS[one.class], placeWords(one, result), formatCount(one.count)] })),
  };
}

function examples(all: readonly Difference[], result: Reconciliation, { fields }: Mapping): Block {
  const rows = all.slice(0, EXAMPLES).flatMap((one) => {
    const record = recordWords(one, result);
    if (one.fields === undefined) return [{ cells: [record, '', '', '', one.why ?? ''] }];
    return one.fields.map(({ field, values, why }) => ({
      cells: [record, (fields[field]?.names ?? []).join(' / '), shown(values?.[0]), shown(values?.[1]), why ?? one.why ?? ''],
    }));
  });
  const [left, right] = result.sides;
  return {
    kind: 'table',
    caption: all.length > EXAMPLES ? `The first ${EXAMPLES} of ${formatCount(all.length)}` : counted(all.length, 'records'),
    columns: ['Records', 'Field', left.name, right.name, 'Why'],
    rows,
  };
}

function shown(value: Value | undefined): string {
  return value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}
