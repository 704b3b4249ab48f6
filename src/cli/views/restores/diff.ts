import type { ByHand } from '../../../restores/index.js';
import type { NotCompared } from '../../../snapshots/index.js';
import type { DifferenceCounts, RecordDifference } from '../../flows/compare.js';
import { count, counted, table } from '../text/format.js';
import type { Style } from '../text/style.js';
import { showValue, visible } from '../text/visible.js';
import { wrap } from '../text/width.js';
import { byHandText } from './by-hand.js';
import { type Looks, recordTable, type RecordRow } from './record.js';

/** What a comparison found. */
export interface DiffFound {
  readonly counts: readonly DifferenceCounts[];
  readonly examples: readonly RecordDifference[];
  readonly notCompared: readonly NotCompared[];
  readonly byHand: readonly ByHand[];
}

/**
 * What differs: counts by object type, then the first records with old and new values, then what cannot be written and
 * what was not compared.
 */
export function diffText({ counts, examples, notCompared, byHand }: DiffFound, style: Style): string {
  return [differencesText(counts, examples, style), byHandText(byHand, style), notComparedText(notCompared, style)]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** What was not compared, and why, one a line; nothing where there is none. */
export function notComparedText(notCompared: readonly NotCompared[], style: Style): string {
  if (notCompared.length === 0) return '';
  const lines = notCompared.map(({ platform, kind, name, why }) => `${platform} ${kind === 'links' ? 'links ' : ''}${name}: ${why}`);
  const shown = lines
    .slice(0, MOST_LINES)
    .flatMap((line) => wrap(visible(line), style.width - 4).map((part, i) => `${i === 0 ? '  ' : '    '}${part}`));
  const more = lines.length > MOST_LINES ? [`  ... and ${count(lines.length - MOST_LINES)} more`] : [];
  return [`${style.glyph.warning} Not compared, so no difference is shown for:`, ...shown, ...more].join('\n');
}

const MOST_LINES = 12;

function differencesText(counts: readonly DifferenceCounts[], examples: readonly RecordDifference[], style: Style): string {
  const differing = counts.filter((one) => one.changed + one.removed + one.added > 0);
  if (differing.length === 0)
    return `${style.glyph.done} No difference in ${counted(counts.length, 'object types and kinds of link', 'object type')}`;
  const head = table(
    [
      { title: 'Object type', shrink: true },
      { title: 'Changed', align: 'right' },
      { title: 'Removed', align: 'right' },
      { title: 'Added', align: 'right' },
    ],
    differing.map((one) => [
      visible(`${one.platform} ${one.kind === 'links' ? 'links ' : ''}${one.name}`),
      count(one.changed),
      count(one.removed),
      count(one.added),
    ]),
    style,
  );
  if (examples.length === 0) return head;
  const rows = examples.flatMap(({ object, key, change, fields }): RecordRow[] => {
    const row = (...cells: string[]): RecordRow => ({ object, key, cells });
    if (change === 'removed') return [row('', '(there)', style.glyph.arrow, '(gone)')];
    if (change === 'added') return [row('', '(not there)', style.glyph.arrow, '(new)')];
    return Object.entries(fields).map(([field, { from, to }]) => row(visible(field), showValue(from), style.glyph.arrow, showValue(to)));
  });
  const looks: Looks = (object, key) => examples.find((example) => example.object === object && example.key === key)?.called ?? {};
  const columns = [{ title: 'Field', shrink: true }, { title: 'First', shrink: true }, { title: '' }, { title: 'Second', shrink: true }];
  const records = differing.filter((one) => one.kind === 'records').reduce((sum, one) => sum + one.changed + one.removed + one.added, 0);
  const more = records > examples.length ? `\n  ... and ${counted(records - examples.length, 'more records')}` : '';
  return `${head}\n\n${recordTable(columns, rows, style, looks)}${more}`;
}
