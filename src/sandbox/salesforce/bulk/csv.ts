import type { Field } from '../schema/field.js';
import type { Scalar } from '../state/record.js';
import { said } from '../state/text.js';

/** The lines of a CSV file, each as its cells. Quotes are doubled inside of quotes; a cell may hold line breaks. */
export function csvRows(text: string, delimiter: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  const endRow = (): void => {
    row.push(cell);
    if (row.length > 1 || cell !== '') rows.push(row);
    [row, cell] = [[], ''];
  };
  for (let at = 0; at < text.length; at += 1) {
    const each = text[at] ?? '';
    if (quoted) {
      if (each !== '"') cell += each;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (each === '"') quoted = true;
    else if (each === delimiter) {
      row.push(cell);
      cell = '';
    } else if (each === '\n') endRow();
    else if (each !== '\r') cell += each;
  }
  if (cell !== '' || row.length > 0) endRow();
  return rows;
}

/** A line of a CSV file: every cell in quotes, as Salesforce writes them. */
export const csvLine = (cells: readonly unknown[], { delimiter, lineEnding }: { readonly delimiter: string; readonly lineEnding: string }): string =>
  cells.map((each) => `"${said(each).replaceAll('"', '""')}"`).join(delimiter) + lineEnding;

/** A value as the files of queries write it, which is not as JSON does: times end in `Z`, numbers have a fraction. */
export function csvCell({ type }: Pick<Field, 'type'>, value: Scalar | null): string {
  if (value === null) return '';
  if (type === 'datetime') return String(value).replace(/\+0000$/, 'Z');
  return typeof value === 'number' && type !== 'int' ? doubleOf(value) : String(value);
}

/** As Java writes a double: from ten millions on, and below a thousandth, with an exponent. */
function doubleOf(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || (size >= 0.001 && size < 10_000_000)) return Number.isInteger(value) ? value.toFixed(1) : String(value);
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`;
}
