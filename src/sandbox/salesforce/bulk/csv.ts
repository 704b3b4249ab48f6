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
