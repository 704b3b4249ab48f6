import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';

import type { CastingContext } from 'csv-parse';

import { expectFile, isRunbackError, messageOf, RunbackError } from '../../lib/index.js';
import type { CsvForm, Encoding } from './examined.js';

/** A row, the header included. */
export interface CsvRow {
  /** The line of the file on which it begins; the first is 1. */
  readonly line: number;
  /** By column. Where quotes are told, undefined where nothing stands between two delimiters, and `''` where two quotes do. */
  readonly cells: readonly (string | undefined)[];
}

/** What is known of a file once it was read to its end. */
export interface Told {
  sha256?: string;
  /** Its last line has no line break. */
  endsOpen?: boolean;
}

const DELIMITERS = [',', ';', '\t', '|'];
const SNIFFED_BYTES = 65_536;
/** A quote that is never closed would take the rest of the file for one cell. */
const LONGEST_ROW = 16 * 2 ** 20;
const NOTHING = 'Nothing was imported.';

/** Finds out how a file is written, as far as nobody said. Throws `file-unreadable`. */
export async function formOf(
  path: string,
  said: { readonly encoding?: Encoding; readonly delimiter?: string; readonly emptyClears: boolean },
): Promise<CsvForm> {
  const start = await beginningOf(path);
  const encoding = said.encoding ?? markOf(start) ?? 'utf-8';
  // The beginning may end in the middle of a character: the last line does not count.
  const lines = new TextDecoder(encoding).decode(start).split(/\r\n?|\n/);
  const [, separator] = /^sep=(.)$/i.exec(lines[0] ?? '') ?? [];
  const skip = separator === undefined ? 0 : 1;
  return { encoding, delimiter: said.delimiter ?? separator ?? commonest(lines[skip] ?? ''), skip, tellsQuotes: said.emptyClears };
}

async function beginningOf(path: string): Promise<Buffer> {
  try {
    await expectFile(path);
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(SNIFFED_BYTES), 0, SNIFFED_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isRunbackError(error)) throw error;
    throw unreadable(path, messageOf(error), 'Check the path and whether you may read it.');
  }
}

/** By the byte order mark; UTF-16 without one has a zero in every plain letter. */
function markOf(start: Buffer): Encoding | undefined {
  const [a, b] = start;
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  if (b === 0 && a !== undefined && a !== 0) return 'utf-16le';
  return a === 0 && b !== 0 && b !== undefined ? 'utf-16be' : undefined;
}

function commonest(header: string): string {
  const bare = header.replaceAll(/"(?:[^"]|"")*"/g, '');
  const counts = DELIMITERS.map((delimiter) => ({ delimiter, count: bare.split(delimiter).length }));
  return counts.reduce((best, one) => (one.count > best.count ? one : best)).delimiter;
}

/** Rows as they lie, empty lines left out. `told` is filled when all are read. Throws `file-unreadable`. */
export async function* rowsOf(path: string, form: CsvForm, told: Told, signal?: AbortSignal): AsyncGenerator<CsvRow> {
  const { parse } = await import('csv-parse');
  const parser = parse({
    bom: true,
    delimiter: form.delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    max_record_size: LONGEST_ROW,
    // What each cell is asked for costs as much as reading it.
    ...(form.tellsQuotes ? { cast: (value: string, { quoting }: CastingContext) => (value === '' && !quoting ? undefined : value) } : {}),
  });
  const read = pipeline(createReadStream(path), textOf(path, form.encoding, told), parser, signal ? { signal } : {});
  // Told by the loop below.
  read.catch(() => undefined);
  let line = 1;
  let skip = form.skip;
  try {
    for await (const record of parser as AsyncIterable<CsvRow['cells']>) {
      const at = line;
      line += 1 + record.reduce((sum, cell) => sum + (cell?.match(/\r\n?|\n/g)?.length ?? 0), 0);
      if (skip > 0) skip -= 1;
      else if (record.some((cell) => cell !== undefined && cell !== '')) yield { line: at, cells: record };
    }
    await read;
  } catch (error) {
    signal?.throwIfAborted();
    throw isRunbackError(error) ? error : unreadable(path, ...reasonOf(error));
  }
}

function reasonOf(error: unknown): [why: string, next: string] {
  const { code, lines } = error as { readonly code?: string; readonly lines?: number };
  const next = 'Export the file again, or correct it there.';
  const where = lines === undefined ? '' : ` near line ${lines}`;
  if (code === 'CSV_QUOTE_NOT_CLOSED' || code === 'CSV_MAX_RECORD_SIZE')
    return [`A quote is opened and never closed${code === 'CSV_MAX_RECORD_SIZE' ? where : ''}: the file may have been cut off.`, next];
  if (code === 'INVALID_OPENING_QUOTE' || code === 'CSV_INVALID_CLOSING_QUOTE')
    return [`A quote stands in the middle of a cell${where}.`, `${next} If another character than the one found parts the cells: --delimiter.`];
  return [messageOf(error), next];
}

/** Bytes as text. Throws where they are not what the encoding allows, with the line. */
function textOf(path: string, encoding: Encoding, told: Told): (source: AsyncIterable<Buffer>) => AsyncGenerator<string> {
  return async function* (source) {
    const hash = createHash('sha256');
    const decoder = new TextDecoder(encoding, { fatal: true });
    let lines = 1;
    for await (const chunk of source) {
      hash.update(chunk);
      const text = decoded(() => decoder.decode(chunk, { stream: true }), path, encoding, lines);
      lines += text.split('\n').length - 1;
      if (text !== '') told.endsOpen = !/[\r\n]$/.test(text);
      yield text;
    }
    const rest = decoded(() => decoder.decode(), path, encoding, lines);
    told.sha256 = hash.digest('hex');
    if (rest !== '') yield rest;
  };
}

function decoded(decode: () => string, path: string, encoding: Encoding, line: number): string {
  try {
    return decode();
  } catch {
    const why = `Below line ${line} it holds a byte that is not ${encoding.toUpperCase()}.`;
    throw unreadable(
      path,
      why,
      'If Excel saved it, it may be in the code page of Windows: add --encoding windows-1252 and look at a few names in what is shown.',
    );
  }
}

function unreadable(path: string, why: string, next: string): RunbackError {
  return new RunbackError('file-unreadable', `${basename(path)} is not a CSV file that runback can read`, { why, state: NOTHING, next });
}
