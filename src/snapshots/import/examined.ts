import { type CallOptions, formatCount, RunbackError } from '../../lib/index.js';
import type { Catalog } from '../catalog/catalog.js';
import type { SnapshotSummary } from '../types.js';
import type { CellForm } from './cells.js';
import type { ColumnChoices, Columns } from './columns.js';

/** Encodings that exports come in. */
export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** How a file is written. */
export interface CsvForm {
  readonly encoding: Encoding;
  /** One character. */
  readonly delimiter: string;
  /** Lines before the header: Excel's `sep=;`. */
  readonly skip: number;
  /** Nothing and the empty text between quotes are told apart. */
  readonly tellsQuotes: boolean;
}

/** What is asked of a file. */
export interface ImportRequest {
  readonly path: string;
  readonly object: string;
  readonly columns: ColumnChoices;
  readonly cells: CellForm;
  readonly encoding?: Encoding;
  readonly delimiter?: string;
  /** An empty cell means that the field is empty. Else it says nothing: many exports leave out what was not chosen. */
  readonly emptyClears: boolean;
}

/** Something about a row that cannot be, with its place in the file. */
export interface RowProblem {
  readonly line: number;
  readonly column?: string;
  readonly text?: string;
  readonly why: string;
}

/** What is in a file, and what of it can be understood. */
export interface ExaminedFile {
  readonly path: string;
  readonly file: string;
  readonly sha256: string;
  readonly form: CsvForm;
  readonly columns: Columns;
  readonly rows: number;
  /** Cells of mapped columns. `given`: understood. */
  readonly cells: { readonly given: number; readonly empty: number; readonly bad: number };
  /** Rows that cannot be taken at all: nothing is imported while there is one. */
  readonly refused: readonly RowProblem[];
  /** Of all refused rows, {@link refused} has the first ones only. */
  readonly refusedCount: number;
  /** The first cells that cannot be understood. */
  readonly bad: readonly RowProblem[];
  /** It ends without a line break: its last row may be cut off. */
  readonly endsOpen: boolean;
  /** How many of some of its keys are records of the platform now. */
  readonly looked: { readonly keys: number; readonly there: number };
}

/** What is asked of an import beside: when the file was exported, and by whom it is wanted. */
export interface WantedImport {
  readonly takenAt: Date;
  /** Cells that cannot be understood say nothing. */
  readonly skipBadCells: boolean;
  readonly by: string;
  readonly note?: string;
}

/** A file that was looked at. */
export interface FileToImport {
  readonly examined: ExaminedFile;
  /**
   * Makes a snapshot of it: of these bytes, or none. Throws `file-invalid` where rows, or without `skipBadCells` cells,
   * cannot be understood, `file-unreadable` where the file is another one by now, and what `createSnapshot` throws.
   */
  readonly take: (wanted: WantedImport, catalog: Pick<Catalog, 'create'>, options?: CallOptions) => Promise<SnapshotSummary>;
}

export const NOTHING = 'Nothing was imported, and nothing was changed on any platform.';

/** Refuses a file with rows or cells that cannot be understood. Throws `file-invalid`. */
export function requireUsable({ file, refused, refusedCount, bad, cells, rows }: ExaminedFile, skipBadCells: boolean): void {
  if (refusedCount > 0)
    throw invalid(
      `${formatCount(refusedCount)} ${refusedCount === 1 ? 'row' : 'rows'} of ${file} cannot be imported`,
      refused,
      refusedCount,
      'Correct the file, or export it again.',
    );
  if (rows === 0) throw invalid(`${file} has no rows`, [], 0, 'Check that it is the right file.');
  if (cells.bad > 0 && !skipBadCells)
    throw invalid(
      `${formatCount(cells.bad)} ${cells.bad === 1 ? 'cell' : 'cells'} of ${file} cannot be understood`,
      bad,
      cells.bad,
      'Correct the file, say how it is written, leave the column out (--map "COLUMN="), or add --skip-bad-cells: these cells then say nothing.',
    );
}

/** The refusal of a file for what is in it. */
export function invalid(message: string, problems: readonly RowProblem[], count: number, next: string): RunbackError {
  const shown = problems.slice(0, 5).map(problemWords).join('; ');
  return new RunbackError('file-invalid', message, {
    ...(shown === '' ? {} : { why: `${shown}${count > 5 ? `; and ${formatCount(count - 5)} more` : ''}.` }),
    state: NOTHING,
    next,
    data: { problems, count },
  });
}

/** A problem as people find it in the file. */
export function problemWords({ line, column, text, why }: RowProblem): string {
  return `line ${line}${column === undefined ? '' : `, ${column}`}${text === undefined ? '' : ` ${JSON.stringify(text.slice(0, 60))}`}: ${why}`;
}
