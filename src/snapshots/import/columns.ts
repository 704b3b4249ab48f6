import { didYouMean, formatCount, RunbackError } from '../../lib/index.js';
import { watchedFields, type FieldSchema, type ObjectSchema } from '../../records/index.js';
import type { Labels } from './cells.js';

/** A column whose cells are values of a field. */
export interface MappedColumn {
  readonly column: string;
  /** Place in the row. */
  readonly index: number;
  readonly field: FieldSchema;
}

/** What the columns of a file mean. */
export interface Columns {
  /** The columns that make the key, in the order of its parts. */
  readonly key: readonly { readonly column: string; readonly index: number; readonly field?: FieldSchema }[];
  readonly mapped: readonly MappedColumn[];
  /** Columns that are not imported, and why. */
  readonly left: readonly { readonly column: string; readonly why: string }[];
}

/** What a person said about the columns. */
export interface ColumnChoices {
  /** Columns of the key; none where they are found by their names. */
  readonly key: readonly string[];
  /** Column to the name of its field; an empty name leaves the column out. */
  readonly map: ReadonlyMap<string, string>;
}

/** How exports call the id of a record, without what is no letter. */
const IDS = /^(recordid.*|hsobjectid|id)$/;

/**
 * Finds the field of each column: by what a person said, else by its internal name or its label, whatever the letters'
 * case and what stands between them. `labels`: of the values of its fields, by field. Throws `usage` for a column or field that is not there, `ambiguous` where two
 * fields, or two columns, come into question: nothing is guessed.
 */
export function columnsOf(
  header: readonly string[],
  schema: ObjectSchema,
  choices: ColumnChoices,
  labels: ReadonlyMap<string, Labels> = new Map(),
): Columns {
  for (const name of [...choices.map.keys(), ...choices.key]) requireColumn(name, header);
  const key = keyColumns(header, schema, choices.key);
  const isKey = new Set(key.map(({ index }) => index));
  const watched = new Set(watchedFields(schema).map(({ name }) => name));
  const mapped: MappedColumn[] = [];
  const left: { readonly column: string; readonly why: string }[] = [];
  const unclear: { readonly column: string; readonly names: readonly string[] }[] = [];
  for (const [index, column] of header.entries()) {
    if (isKey.has(index)) continue;
    const said = choices.map.get(column);
    const fitting = said === undefined ? found(column, schema) : said === '' ? [] : [named(said, column, schema)];
    // Which of several it is matters only where one of them could be put back.
    if (fitting.length > 1 && fitting.some((one) => reason(one, watched, labels, said) === undefined))
      unclear.push({ column, names: fitting.map(({ name }) => name) });
    const [field] = fitting;
    const why =
      field === undefined ? (said === '' ? 'left out as you said' : 'no field has this name or label') : reason(field, watched, labels, said);
    if (field === undefined || why !== undefined) left.push({ column, why: why ?? '' });
    else mapped.push({ column, index, field });
  }
  refuseUnclear(unclear, schema);
  refuseTwice(mapped);
  if (mapped.length === 0)
    throw refusal('usage', 'No column of the file is a field that can be put back', {
      why:
        some(
          left.map(({ column, why }) => `${column}: ${why}`),
          '; ',
        ) || 'The file has one column.',
      next: 'Name one: --map "COLUMN=field"',
    });
  return { key, mapped, left };
}

/** Columns that an error names. */
const SHOWN = 20;

/** The first of them: an export may have thousands of columns. */
function some(texts: readonly string[], between: string): string {
  const rest = texts.length - SHOWN;
  return rest > 0 ? `${texts.slice(0, SHOWN).join(between)}${between}and ${formatCount(rest)} more` : texts.join(between);
}

function requireColumn(name: string, header: readonly string[]): void {
  const times = header.filter((column) => column === name).length;
  if (times === 1) return;
  if (times > 1) throw refusal('ambiguous', `The file has ${times} columns ${JSON.stringify(name)}`, { next: 'Rename one of them in the file.' });
  throw refusal('not-found', `The file has no column ${JSON.stringify(name)}${didYouMean(name, header)}`, { why: `It has: ${some(header, ', ')}.` });
}

function keyColumns(header: readonly string[], schema: ObjectSchema, said: readonly string[]): Columns['key'] {
  const at = (column: string): { readonly column: string; readonly index: number } => ({ column, index: header.indexOf(column) });
  const { keyFields, fields, object } = schema;
  const fieldAt = (n: number): FieldSchema | undefined => fields.find(({ name }) => name === keyFields[n]);
  const withField = (column: string, n: number): Columns['key'][number] => {
    const field = fieldAt(n);
    return field === undefined ? at(column) : { ...at(column), field };
  };
  const parts = Math.max(1, keyFields.length);
  if (said.length > 0) {
    if (said.length === parts) return said.map(withField);
    throw refusal('usage', `The key of ${object} has ${parts} ${parts === 1 ? 'part' : 'parts'}, and --key names ${said.length} columns`, {
      why: keyFields.length === 0 ? 'It is the id that the platform gives.' : `In this order: ${keyFields.join(', ')}.`,
    });
  }
  const fitting =
    keyFields.length === 0
      ? [(column: string) => IDS.test(plain(column))]
      : keyFields.map((name) => (column: string) => plain(column) === plain(name));
  return fitting.map((fits, n) => {
    const columns = header.filter(fits);
    const [only] = columns;
    if (columns.length === 1 && only !== undefined) return withField(only, n);
    const what = keyFields[n] ?? 'the id of a record';
    throw columns.length > 1
      ? refusal('ambiguous', `Several columns could hold ${what}: ${some(columns, ', ')}`, { next: 'Say which: --key COLUMN' })
      : refusal('not-found', `No column of the file holds ${what}`, {
          why: `Values can be put back only on the very record that they belong to. The file has: ${some(header, ', ')}.`,
          next: 'Say which column it is: --key COLUMN. If the file has none, export it again with the ids (HubSpot: "Record ID").',
        });
  });
}

/** The fields that a column could be. */
function found(column: string, { fields }: ObjectSchema): readonly FieldSchema[] {
  const wanted = plain(column);
  return wanted === '' ? [] : fields.filter(({ name, label }) => plain(name) === wanted || (label !== undefined && plain(label) === wanted));
}

function refuseUnclear(unclear: readonly { readonly column: string; readonly names: readonly string[] }[], { object }: ObjectSchema): void {
  const [first] = unclear;
  if (first === undefined) return;
  const each = unclear.map(({ column, names }) => `${JSON.stringify(column)} could be ${names.join(' or ')}`);
  throw refusal('ambiguous', `${each.join('; ')} of ${object}`, {
    why: 'These fields have the same name or label for people.',
    next: `Say which, or leave the column out: --map "${first.column}=${first.names[0] ?? ''}" or --map "${first.column}="`,
  });
}

function named(name: string, column: string, { fields, object }: ObjectSchema): FieldSchema {
  const field = fields.find((one) => one.name === name);
  if (field !== undefined) return field;
  throw refusal(
    'not-found',
    `${object} has no field ${JSON.stringify(name)}${didYouMean(
      name,
      fields.map((one) => one.name),
    )}`,
    {
      why: `--map says that column ${JSON.stringify(column)} is that field. It is the name that the platform uses in its API.`,
    },
  );
}

/** Why the values of a field are of no use in a snapshot; undefined where they are. */
function reason(
  { name, type, options = [], readOnly, setByItself, viaLink }: FieldSchema,
  watched: ReadonlySet<string>,
  labels: ReadonlyMap<string, Labels>,
  said: string | undefined,
): string | undefined {
  if (viaLink !== undefined) return `${name} only repeats a link, and a file holds no links`;
  if (setByItself === true) return `the platform sets ${name} on every write`;
  if (readOnly && !watched.has(name)) return `${name} cannot be written`;
  const isListed = (type !== 'enum' && type !== 'set') || options.length > 0 || (labels.get(name)?.size ?? 0) > 0;
  // With --map, the cells hold what the platform itself holds.
  return isListed || said !== undefined ? undefined : `the platform does not list the values of ${name}, so its labels cannot be understood`;
}

function refuseTwice(mapped: readonly MappedColumn[]): void {
  for (const { field } of mapped) {
    const columns = mapped.filter((one) => one.field === field).map(({ column }) => JSON.stringify(column));
    if (columns.length > 1)
      throw refusal('ambiguous', `Columns ${columns.join(' and ')} would both be ${field.name}`, {
        next: 'Leave one out: --map "COLUMN=". Two columns of one name have to be renamed in the file.',
      });
  }
}

/** A name as it is compared: letters and digits only. */
function plain(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
}

function refusal(
  code: 'usage' | 'not-found' | 'ambiguous',
  message: string,
  details: { readonly why?: string; readonly next?: string },
): RunbackError {
  return new RunbackError(code, message, { state: 'Nothing was imported.', ...details });
}
