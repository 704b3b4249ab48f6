import { RunbackError } from '../../../lib/index.js';
import { matchForm, type MatchKey } from '../../../mappings/index.js';
import { type PlatformRecord, type Value, valueIn } from '../../../records/index.js';
import { numberInCell, type SheetRow } from '../../../snapshots/index.js';
import { type Decimal, decimalOf, plus, ZERO } from './decimal.js';
import { groupKey, type ShownTotals, type Totals, type ViewSpec } from './view.js';

const AS_TEXT: MatchKey = { names: ['', ''] };

/** Labels of the values of a field, by value. */
export type LabelsByField = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** What a record is grouped by: its values as people see them. */
export function groupOf({ group }: ViewSpec, record: PlatformRecord, labels: LabelsByField): readonly string[] {
  return group.map(({ field }) => seen(textIn(record, field), labels.get(field)));
}

/** A value as people see it; nothing as an empty text. */
function seen(text: string | undefined, labels: ReadonlyMap<string, string> | undefined): string {
  return labelled(text ?? '', labels);
}

/** A value as people see it; of several, each, in the order of their names. */
function labelled(text: string, labels: ReadonlyMap<string, string> | undefined): string {
  const whole = labels?.get(text);
  if (whole !== undefined || !text.includes(';')) return whole ?? text;
  const each = text.split(';').flatMap((one) => matchForm(AS_TEXT, one) ?? []);
  return [...new Set(each.map((one) => labels?.get(one) ?? one))].sort().join(';');
}

/** Whether a record holds a value, or the option with that label. Of two options with one label, a value is the one that it names. */
function holds(record: PlatformRecord, { field, value }: ViewSpec['only'][number], labels: ReadonlyMap<string, string> | undefined): boolean {
  const [held, wanted] = [textIn(record, field), matchForm(AS_TEXT, value)];
  return held === wanted || (labels?.has(wanted ?? '') !== true && seen(held, labels) === seen(wanted, labels));
}

/** Adds a record to the totals of its group. */
export function addRecord(totals: Map<string, Totals>, spec: ViewSpec, record: PlatformRecord, labels: LabelsByField): void {
  if (!spec.only.every((one) => holds(record, one, labels.get(one.field)))) return;
  const key = groupKey(groupOf(spec, record, labels));
  const before = totals.get(key);
  const sums = spec.sums.map(({ field }, n) => {
    const value = valueIn(record, field);
    const number = typeof value === 'string' || typeof value === 'number' ? decimalOf(String(value)) : undefined;
    return plus(before?.sums[n] ?? ZERO, number ?? ZERO);
  });
  totals.set(key, { count: (before?.count ?? 0) + 1, sums });
}

/** Adds a row of the view. Throws `file-invalid` for a column that it does not have. */
export function addRow(shown: Map<string, ShownTotals[]>, spec: ViewSpec, { line, cells, isShort }: SheetRow, labels: LabelsByField): void {
  const cell = (column: string): string => {
    const text = cells.get(column);
    if (text !== undefined) return text;
    if (isShort === true)
      throw new RunbackError('file-invalid', `Line ${line} of the view ends before the column "${column}"`, {
        why: 'The file may have been cut off: what it lacks would look like a difference.',
        state: 'Nothing was compared.',
        next: 'Export it again.',
      });
    throw new RunbackError('file-invalid', `The view has no column "${column}"`, {
      why: `It has: ${[...cells.keys()].join(', ')}.`,
      state: 'Nothing was compared.',
    });
  };
  const group = spec.group.map(({ column, field }) => {
    const text = matchForm(AS_TEXT, cell(column)) ?? '';
    return labelled(text, labels.get(field));
  });
  const key = groupKey(group);
  const number = (column: string): Decimal | undefined => decimalOf(numberInCell(cell(column), spec.decimal) ?? '');
  const row = { line, sums: spec.sums.map(({ column }) => number(column)), ...(spec.count === undefined ? {} : { count: number(spec.count) }) };
  shown.set(key, [...(shown.get(key) ?? []), row]);
}

function textIn(record: PlatformRecord, field: string): string | undefined {
  const value: Value | undefined = valueIn(record, field);
  return matchForm(AS_TEXT, Array.isArray(value) ? value.join(';') : value);
}
