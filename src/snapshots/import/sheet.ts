import { basename } from 'node:path';

import { RunbackError } from '../../lib/index.js';
import { type CellForm, readCell } from './cells.js';
import { formOf, rowsOf } from './csv.js';
import type { Encoding } from './examined.js';

/** A row of a CSV file, by the names of its columns. */
export interface SheetRow {
  /** The line of the file on which it begins; the first is 1. */
  readonly line: number;
  /** Without those that the row does not have. */
  readonly cells: ReadonlyMap<string, string>;
  /** It has fewer cells than there are columns: the file may have been cut off. */
  readonly isShort?: true;
}

/** How a file is written, as far as someone said. */
export interface SheetForm {
  readonly encoding?: Encoding;
  readonly delimiter?: string;
}

/**
 * The rows of a CSV file, however it is written, its first row as names of columns. Throws `file-unreadable`, and `file-invalid` where two columns have
 * one name, or there are none.
 */
export async function* sheetRows(path: string, said: SheetForm = {}, signal?: AbortSignal): AsyncGenerator<SheetRow> {
  const form = await formOf(path, { ...said, emptyClears: false });
  let names: readonly string[] | undefined;
  for await (const { line, cells } of rowsOf(path, form, {}, signal)) {
    if (names === undefined) names = namesIn(path, cells);
    else
      yield {
        line,
        cells: new Map(names.slice(0, cells.length).map((name, n) => [name, cells[n] ?? ''])),
        ...(cells.length < names.length ? { isShort: true as const } : {}),
      };
  }
  if (names === undefined) throw invalid(`${basename(path)} is empty`, 'It has not even names of columns.');
}

function namesIn(path: string, cells: readonly (string | undefined)[]): readonly string[] {
  const names = cells.map((cell) => (cell ?? '').trim());
  const twice = names.find((name, n) => name !== '' && names.indexOf(name) !== n);
  if (twice !== undefined) throw invalid(`${basename(path)} has two columns "${twice}"`, 'Nobody can tell which of them is meant.');
  return names;
}

const invalid = (what: string, why: string): RunbackError =>
  new RunbackError('file-invalid', what, { why, state: 'Nothing was written.', next: 'Export the file again, or correct it there.' });

/** A number in whatever currency: what stands before or after it. */
const CURRENCY = /^(?:[A-Z]{3}|\p{Sc})\s*(?=[-+(\d])|(?<=[\d)])\s*(?:[A-Z]{3}|\p{Sc})$/u;

/**
 * The digits of a number as people and programs write it; undefined where it can be read in no way, or in two. Accounts write what is
 * below zero in brackets. `decimal`: what stands before the fraction, where someone said.
 */
export function numberInCell(text: string, decimal?: CellForm['decimal']): string | undefined {
  const plain = text
    .trim()
    .replace(/^\u2212/u, '-')
    .replace(CURRENCY, '')
    .trim();
  const [, inBrackets] = /^\((?!-)(.+)\)$/u.exec(plain) ?? [];
  const read = readCell(
    inBrackets === undefined ? plain : inBrackets.replace(CURRENCY, ''),
    { name: '', type: 'number', platformType: 'number', readOnly: false },
    decimal === undefined ? {} : { decimal },
    undefined,
  );
  if (!read.ok || typeof read.value !== 'string') return undefined;
  return inBrackets === undefined || /^[-0.]*$/u.test(read.value) ? read.value : `-${read.value}`;
}
