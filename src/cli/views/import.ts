import {
  type ExaminedFile,
  type ExaminedSchema,
  type ExaminedTable,
  problemWords,
  type RowProblem,
  type SnapshotSummary,
} from '../../snapshots/index.js';
import { snapshotText } from './snapshot.js';
import { count, counted, facts, table } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';
import { wrap } from './text/width.js';

const SHOWN = 20;
const DELIMITERS: Readonly<Record<string, string>> = { ',': 'commas', ';': 'semicolons', '\t': 'tabs', '|': 'bars' };

/** How a file was understood, and what of it cannot be. */
export function examinedText(examined: ExaminedFile, object: string, style: Style): string {
  const { file, form, columns, rows, cells, refused, refusedCount, bad, looked, endsOpen } = examined;
  const pairs: [string, string][] = [
    ['File', `${visible(file)}, ${form.encoding}, parted by ${DELIMITERS[form.delimiter] ?? visible(form.delimiter)}`],
    ['Records', `${counted(rows, 'rows')} of ${visible(object)}`],
    ['Cells', `${count(cells.given)} understood, ${count(cells.empty)} empty, ${count(cells.bad)} not understood`],
    ['Keys', `${count(looked.there)} of ${count(looked.keys)} that were looked up are there now`],
  ];
  return [
    facts(pairs, style),
    '',
    columnsTable(columns, style),
    ...leftLines(columns, style),
    ...(looked.keys > 0 && looked.there === 0
      ? warning('None of these records is there now: they were all deleted, or the file is of another account', style)
      : []),
    ...(endsOpen ? warning('The file ends without a line break: look whether its last row is whole', style) : []),
    ...problemLines('cannot be imported', refused, refusedCount, style),
    ...problemLines('not understood', bad, cells.bad, style),
  ].join('\n');
}

function columnsTable({ key, mapped }: ExaminedFile['columns'], style: Style): string {
  const rows = [
    ...key.map(({ column }) => [visible(column), 'the key', '']),
    ...mapped.map(({ column, field }) => [visible(column), visible(field.name), `${field.type}${field.readOnly ? ', compared only' : ''}`]),
  ];
  return table([{ title: 'Column', shrink: true }, { title: 'Field' }, { title: 'Type' }], rows, style);
}

function leftLines({ left }: ExaminedFile['columns'], style: Style): readonly string[] {
  if (left.length === 0) return [];
  const named = left.map(({ column, why }) => `${visible(column)} (${visible(why)})`).join(', ');
  return ['', ...wrap(`Not imported: ${named}`, style.width - 2)];
}

function problemLines(what: string, problems: readonly RowProblem[], total: number, style: Style): readonly string[] {
  if (total === 0) return [];
  const shown = problems.slice(0, SHOWN);
  const more = total > shown.length ? [`    and ${count(total - shown.length)} more`] : [];
  return [
    '',
    `${style.glyph.warning} ${count(total)} ${what}`,
    ...shown.flatMap((one) => wrap(visible(problemWords(one)), style.width - 4).map((line) => `    ${line}`)),
    ...more,
  ];
}

function warning(text: string, style: Style): readonly string[] {
  return ['', ...wrap(text, style.width - 2).map((line, n) => (n === 0 ? `${style.glyph.warning} ${line}` : `  ${line}`))];
}

/** What of a restored copy fits the platform, table by table, and what does not. */
export function tablesText({ name, tables, missing }: ExaminedSchema, style: Style): string {
  return [
    facts([['From', visible(name)]], style),
    ...tables.flatMap((one) => ['', ...tableLines(one, style)]),
    ...(missing.length === 0 ? [] : ['', ...wrap(`Not in it: ${missing.map(visible).join(', ')}`, style.width - 2)]),
  ].join('\n');
}

function tableLines({ object, source, fields, left, refused, looked }: ExaminedTable, style: Style): readonly string[] {
  const leftWords = left.map(({ field, why }) => `${visible(field)} (${visible(why)})`).join(', ');
  return [
    `${style.chalk.bold(visible(object))}  from ${visible(source)}, ${counted(fields.length, 'fields')}`,
    ...wrap(`${count(looked.there)} of ${count(looked.keys)} records that were looked up are there now`, style.width - 2).map((line) => `  ${line}`),
    ...(left.length === 0 ? [] : wrap(`Not imported: ${leftWords}`, style.width - 2).map((line) => `  ${line}`)),
    ...(looked.keys === 0 && refused.length === 0 ? warning('It is empty: look whether the dump was restored without errors', style).slice(1) : []),
    ...refused.flatMap((why) => warning(`Cannot be imported: ${visible(why)}`, style).slice(1)),
  ];
}

/** A snapshot that was just made of a file, and what it cannot give back. */
export function importedText(snapshot: SnapshotSummary, style: Style): string {
  const [platform] = snapshot.platforms;
  const [object] = snapshot.objects;
  const only = snapshot.objects.length === 1 ? ` --object ${visible(object?.object ?? '')}` : '';
  const limits = `What is not in there counts as not known: no links, no records that are not in it, no other fields. It is never latest or latest-verified.`;
  return [
    `${style.glyph.done} Imported`,
    snapshotText(snapshot, style),
    '',
    ...wrap(limits, style.width - 2),
    '',
    `Plan with it: runback restore plan --platform ${visible(platform?.name ?? '')}${only} --base ${snapshot.id}`,
  ].join('\n');
}
