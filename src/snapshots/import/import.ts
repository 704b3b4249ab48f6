import { basename } from 'node:path';

import type { Platform, PlatformSchema } from '../../connectors/index.js';
import { counted, type CallOptions, defined, RunbackError, silentReporter } from '../../lib/index.js';
import { keyOf, type ObjectSchema, type PlatformRecord, setOwn, type Value } from '../../records/index.js';
import type { Catalog } from '../catalog/catalog.js';
import type { SnapshotSummary } from '../types.js';
import { badKey, type Labels, readCell } from './cells.js';
import { type Columns, columnsOf } from './columns.js';
import { fileConnector } from './connector.js';
import { type CsvRow, formOf, rowsOf, type Told } from './csv.js';
import {
  type CsvForm,
  type ExaminedFile,
  type FileToImport,
  type ImportRequest,
  invalid,
  NOTHING,
  requireUsable,
  type RowProblem,
  type WantedImport,
} from './examined.js';

/** What both passes over the file need. */
interface Reading {
  readonly request: ImportRequest;
  readonly schema: PlatformSchema;
  readonly type: ObjectSchema;
  readonly labels: ReadonlyMap<string, Labels>;
  readonly form: CsvForm;
}

const SHOWN = 50;

/**
 * Reads a file once and says what it holds: how its columns were understood, and what cannot be. Asks the platform for
 * its description and for at most one batch of records, to see whether the keys are its own. Writes nothing until it is
 * taken.
 *
 * Throws `file-unreadable`, what {@link columnsOf} throws, and what the connector throws.
 */
export async function fileToImport(request: ImportRequest, platform: Platform, options: CallOptions = {}): Promise<FileToImport> {
  const { examined, reading } = await examine(request, platform, options);
  return { examined, take: async (wanted, catalog, call = {}) => await take(examined, reading, platform, wanted, catalog, call) };
}

async function take(
  examined: ExaminedFile,
  reading: Reading,
  platform: Platform,
  { takenAt, skipBadCells, by, note }: WantedImport,
  catalog: Pick<Catalog, 'create'>,
  options: CallOptions,
): Promise<SnapshotSummary> {
  requireUsable(examined, skipBadCells);
  const { columns, file, sha256 } = examined;
  const { object } = reading.type;
  const connector = fileConnector(platform.connector, reading.schema, file, () => recordsOf(reading, columns, sha256, options));
  const from = { file, sha256, fields: columns.mapped.map(({ field }) => field.name).sort(), of: reading.type.fields.length };
  return await catalog.create(
    {
      platforms: [{ ...platform, connector, objects: [object] }],
      objects: [object],
      by,
      imported: { takenAt: takenAt.toISOString(), from },
      ...defined({ note }),
    },
    options,
  );
}

async function examine(
  request: ImportRequest,
  platform: Platform,
  options: CallOptions,
): Promise<{ readonly examined: ExaminedFile; readonly reading: Reading }> {
  const { path, object } = request;
  const { connector } = platform;
  const form = await formOf(path, request);
  const schema = await connector.describe([object], options);
  const type = schema.objects.find((one) => one.object === object) ?? schema.objects[0];
  if (type === undefined || type.refused !== undefined)
    throw new RunbackError('object-unsupported', `${platform.name}/${object} cannot be imported`, {
      ...defined({ why: type?.refused }),
      state: NOTHING,
    });
  const labels = (await connector.optionLabels?.(type.object, options)) ?? new Map<string, Labels>();
  // The first row says how the columns are called; without a fixed decimal point, a file parted by commas has a dot.
  const cells = { ...(form.delimiter === ',' ? { decimal: '.' as const } : {}), ...request.cells };
  const reading: Reading = { request: { ...request, object: type.object, cells }, schema, type, labels, form };
  const pass = new FirstPass(reading);
  const told: Told = {};
  const reporter = options.reporter ?? silentReporter;
  for await (const row of rowsOf(path, form, told, options.signal)) {
    pass.add(row);
    if (pass.rows % 1000 === 0) reporter.progress({ task: `Reading ${basename(path)}`, done: pass.rows, unit: 'rows' });
  }
  const { columns } = pass;
  if (columns === undefined) throw invalid(`${basename(path)} is empty`, [], 0, 'Check that it is the right file.');
  const keys = pass.sample(connector.capabilities.batch.read);
  let there = 0;
  if (keys.length > 0) for await (const { records } of connector.read({ schema: type, keys }, options)) there += records.length;
  const { rows, cells: counted, refused, refusedCount, bad } = pass;
  const looked = { keys: keys.length, there };
  return {
    examined: {
      path,
      file: basename(path),
      sha256: told.sha256 ?? '',
      form,
      columns,
      rows,
      cells: counted,
      refused,
      refusedCount,
      bad,
      endsOpen: told.endsOpen === true,
      looked,
    },
    reading,
  };
}

/** Looks at every row, and keeps the keys. */
class FirstPass {
  columns: Columns | undefined;
  rows = 0;
  readonly cells = { given: 0, empty: 0, bad: 0 };
  readonly refused: RowProblem[] = [];
  refusedCount = 0;
  readonly bad: RowProblem[] = [];
  /** Line of each key. */
  readonly #lines = new Map<string, number>();
  #width = 0;

  constructor(private readonly reading: Reading) {}

  add(row: CsvRow): void {
    if (this.columns === undefined) {
      const header = row.cells.map((cell) => (cell ?? '').trim());
      this.#width = header.length;
      this.columns = columnsOf(header, this.reading.type, this.reading.request.columns, this.reading.labels);
      return;
    }
    this.rows += 1;
    const { line, cells } = row;
    const beyond = cells.slice(this.#width).some((cell) => cell !== undefined && cell !== '');
    if (cells.length < this.#width || beyond) {
      this.#refuse({ line, why: `it has ${counted(cells.length, 'cells')}, and the header has ${this.#width}` });
      return;
    }
    const key = keyIn(row, this.columns, this.reading);
    if (!key.ok) {
      this.#refuse({ line, column: key.column, text: key.text, why: key.why });
      return;
    }
    const before = this.#lines.get(key.key);
    if (before !== undefined) {
      this.#refuse({ line, text: key.key, why: `line ${before} has the same key` });
      return;
    }
    this.#lines.set(key.key, line);
    valuesIn(row, this.columns, this.reading, (what, problem) => {
      this.cells[what] += 1;
      if (problem !== undefined && this.bad.length < SHOWN) this.bad.push(problem);
    });
  }

  #refuse(problem: RowProblem): void {
    this.refusedCount += 1;
    if (this.refused.length < SHOWN) this.refused.push(problem);
  }

  /** At most so many keys, spread over the file. */
  sample(most: number): readonly string[] {
    const all = [...this.#lines.keys()];
    const step = Math.max(1, Math.ceil(all.length / most));
    return all.filter((_, n) => n % step === 0);
  }
}

type ReadKey =
  | { readonly ok: true; readonly key: string }
  | { readonly ok: false; readonly column: string; readonly text: string; readonly why: string };

function keyIn({ cells }: CsvRow, { key }: Columns, { request, type, labels }: Reading): ReadKey {
  const parts: string[] = [];
  for (const { column, index, field } of key) {
    const text = cells[index] ?? '';
    const no = (why: string): ReadKey => ({ ok: false, column, text, why });
    const trimmed = text.trim();
    if (trimmed === '') return no('it has no key');
    const wrong = badKey(trimmed);
    if (wrong !== undefined) return no(wrong);
    if (field === undefined || field.type === 'string' || field.type === 'other') {
      if ((field === undefined || type.keyOrder === 'integer') && !/^[\w-]+$/.test(trimmed)) return no('it is not an id');
      parts.push(field === undefined ? trimmed : text);
      continue;
    }
    const read = readCell(trimmed, field, request.cells, labels.get(field.name));
    if (!read.ok) return no(read.why);
    // Everything but a number is in a key as the platform writes it.
    const isNumber = field.type === 'number' || field.type === 'integer';
    parts.push(isNumber && (typeof read.value === 'string' || typeof read.value === 'number') ? String(read.value) : trimmed);
  }
  return { ok: true, key: keyOf(parts) };
}

/** The values of a row by field; `tell` is told what became of each cell. */
function valuesIn(
  { line, cells }: CsvRow,
  { mapped }: Columns,
  { request, labels }: Reading,
  tell: (what: 'given' | 'empty' | 'bad', problem?: RowProblem) => void,
): Pick<PlatformRecord, 'fields' | 'meta'> {
  const fields: Record<string, Value> = {};
  const meta: Record<string, Value> = {};
  for (const { column, index, field } of mapped) {
    const text = cells[index];
    const into = field.readOnly ? meta : fields;
    if (text === undefined || text.trim() === '') {
      const cannot = request.emptyClears && field.required === true;
      tell(cannot ? 'bad' : 'empty', cannot ? { line, column, why: 'the field may never be empty' } : undefined);
      // Between two quotes stands the empty text, which is another thing to a database.
      if (request.emptyClears && !cannot) setOwn(into, field.name, text === '' && field.type === 'string' ? '' : null);
      continue;
    }
    const read = readCell(text, field, request.cells, labels.get(field.name));
    if (read.ok) setOwn(into, field.name, read.value);
    tell(read.ok ? 'given' : 'bad', read.ok ? undefined : { line, column, text, why: read.why });
  }
  return { fields, meta };
}

/** The records of a file that was examined. Throws `file-unreadable` where it is another one by now. */
async function* recordsOf(reading: Reading, columns: Columns, sha256: string, options: CallOptions): AsyncGenerator<PlatformRecord> {
  const told: Told = {};
  const { path } = reading.request;
  let header = true;
  for await (const row of rowsOf(path, reading.form, told, options.signal)) {
    const key = header ? undefined : keyIn(row, columns, reading);
    header = false;
    if (key?.ok === true) yield { key: key.key, ...valuesIn(row, columns, reading, () => undefined) };
  }
  if (told.sha256 === sha256) return;
  throw new RunbackError('file-unreadable', `${basename(path)} was changed while it was read`, {
    state: NOTHING,
    next: 'Run the same command again.',
  });
}
