import { readCell } from './cells.js';
import { formOf, rowsOf } from './csv.js';

/** A row of a CSV file, by the names of its columns. */
export interface SheetRow {
  /** The line of the file on which it begins; the first is 1. */
  readonly line: number;
  readonly cells: ReadonlyMap<string, string>;
}

/** The rows of a CSV file, however it is written, its first row as names of columns. Throws `file-unreadable`. */
export async function* sheetRows(path: string, signal?: AbortSignal): AsyncGenerator<SheetRow> {
  const form = await formOf(path, { emptyClears: false });
  let names: readonly string[] | undefined;
  for await (const { line, cells } of rowsOf(path, form, {}, signal)) {
    if (names === undefined) names = cells.map((cell) => (cell ?? '').trim());
    else yield { line, cells: new Map(names.map((name, n) => [name, cells[n] ?? ''])) };
  }
}

/** The digits of a number as people and programs write it; undefined where it can be read in no way, or in two. */
export function numberInCell(text: string): string | undefined {
  const read = readCell(text, { name: '', type: 'number', platformType: 'number', readOnly: false }, {}, undefined);
  return read.ok && typeof read.value === 'string' ? read.value : undefined;
}
