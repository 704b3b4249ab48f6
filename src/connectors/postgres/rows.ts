/** A row as the server's text, column by column. */
export type Row = readonly (string | null)[];

/** The first rows of an answer. */
export interface SomeRows {
  readonly rows: readonly Row[];
  /** These are all. */
  readonly all: boolean;
  readonly failed: boolean;
}
