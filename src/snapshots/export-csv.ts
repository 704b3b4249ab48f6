import { once } from 'node:events';
import type { Writable } from 'node:stream';

import { canonicalJson, RunbackError, silentReporter, visibleDocument, type CallOptions } from '../lib/index.js';
import { parseRecordLine, type Value } from '../records/index.js';
import type { SnapshotReader } from './types.js';

export interface ExportCsvOptions extends CallOptions {
  /**
   * Every text as it is: for programs, not for people. Otherwise a text that a spreadsheet would run as a formula (it
   * begins with `=`, `+`, `-`, `@`, tab or return, also as full-width signs, and is no plain number) gets a leading
   * apostrophe, and characters that steer a terminal or reorder text are written as signs.
   */
  readonly exact?: boolean;
  /** What null is written as; default nothing at all. The empty string is always `""`, so the two stay apart. */
  readonly nullAs?: string;
  /** What a field that the platform did not give is written as; default nothing at all, like null. */
  readonly absentAs?: string;
}

/**
 * Writes one object type as CSV (RFC 4180, UTF-8, CRLF): a column `key`, then every field of its schema, those that
 * cannot be written included. Sets and nested values are JSON. Ends the stream. Returns the number of records.
 *
 * Throws `not-found` where the snapshot has no such object type, `snapshot-damaged` at the first unreadable part.
 */
export async function exportCsv(
  reader: SnapshotReader,
  platform: string,
  object: string,
  output: Writable,
  options: ExportCsvOptions = {},
): Promise<number> {
  const info = reader.manifest.objects.find((found) => found.platform === platform && found.object === object);
  if (!info)
    throw new RunbackError('not-found', `${reader.header.id} has no ${platform}/${object}`, {
      why: `It holds ${reader.manifest.objects.map((found) => `${found.platform}/${found.object}`).join(', ') || 'nothing'}.`,
      state: 'Nothing was written.',
      next: `See what it holds: runback snapshot show ${reader.header.id}`,
    });
  const schema = await reader.objectSchema(platform, object);
  const names = schema?.fields.map(({ name }) => name) ?? [];
  const reporter = options.reporter ?? silentReporter;
  await put(output, `${['key', ...names].map((name) => quoted(guarded(name, options))).join(',')}\r\n`);
  let done = 0;
  for await (const lines of reader.lines(info, options.signal ? { signal: options.signal } : {})) {
    let text = '';
    for (const line of lines) {
      const { key, fields, meta } = parseRecordLine(line);
      text += quoted(guarded(key, options));
      for (const name of names)
        text += `,${cell(Object.hasOwn(fields, name) ? fields[name] : Object.hasOwn(meta, name) ? meta[name] : undefined, options)}`;
      text += '\r\n';
    }
    await put(output, text);
    done += lines.length;
    reporter.progress({ task: `Exporting ${object}`, done, total: info.rows, unit: 'records' });
  }
  const finished = once(output, 'finish');
  output.end();
  await finished;
  return done;
}

/** One line of CSV, with the care for formulas and quotes that {@link exportCsv} takes. */
export function csvLine(cells: readonly (Value | undefined)[], options: ExportCsvOptions = {}): string {
  return `${cells.map((value) => cell(value, options)).join(',')}\r\n`;
}

function cell(value: Value | undefined, options: ExportCsvOptions): string {
  if (value === undefined) return options.absentAs ?? '';
  if (value === null) return options.nullAs ?? '';
  if (value === '') return '""';
  return quoted(guarded(typeof value === 'object' ? canonicalJson(value) : String(value), options));
}

function guarded(text: string, { exact = false }: ExportCsvOptions): string {
  if (exact) return text;
  const formula = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/u.test(text) && !/^[+-]?\d+(\.\d+)?$/u.test(text);
  return visibleDocument(formula ? `'${text}` : text);
}

function quoted(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function put(output: Writable, text: string): Promise<void> {
  if (output.destroyed) throw output.errored ?? new RunbackError('interrupted', 'The output was closed before the export was done');
  if (!output.write(text)) await Promise.race([once(output, 'drain'), once(output, 'close')]);
}
