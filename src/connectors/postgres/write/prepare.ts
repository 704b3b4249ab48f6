import { defined } from '../../../lib/index.js';
import type { Fields, ObjectSchema } from '../../../records/index.js';
import type { CreateMutation, DeleteMutation, MutationResult, RejectReason, UpdateMutation } from '../../connector.js';
import { keyParts, own, presentFields, textOf } from '../read/values.js';
import type { Column, Table } from '../schema/table.js';
import type { Item, Shape } from './statements.js';

/** Mutations of one shape, each key at most once. */
export interface Group {
  readonly shape: Shape;
  readonly items: Item[];
  /** Keys of the items. */
  readonly keys: Set<string>;
}

export type RecordMutation = UpdateMutation | CreateMutation | DeleteMutation;

/**
 * Texts of one statement hold so many characters at most, so that neither they nor what is answered fill the memory.
 */
const STATEMENT_LENGTH = 16 << 20;
/** A record with more cannot be sent: it would not fit into one text of this process once its quotes are escaped. */
const RECORD_LENGTH = 128 << 20;

/** Cuts items into pieces that one statement can carry. */
export function pieces(items: readonly Item[]): readonly (readonly Item[])[] {
  const cut: Item[][] = [];
  let length = 0;
  for (const item of items) {
    const more = lengthOf(item);
    if (cut.length === 0 || length + more > STATEMENT_LENGTH) {
      cut.push([]);
      length = 0;
    }
    cut.at(-1)?.push(item);
    length += more;
  }
  return cut;
}

function lengthOf({ key, set, expect }: Item): number {
  return [...key, ...set, ...expect].reduce((sum, text) => sum + (text?.length ?? 0), 0);
}

/** Sorts mutations into groups that one statement can do; what cannot be done goes into `results` at once. */
export function prepare(mutations: readonly RecordMutation[], table: Table, results: (MutationResult | undefined)[]): Group[] {
  const groups = new Map<string, Group>();
  const frames = new Map<ObjectSchema, Frame>();
  mutations.forEach((mutation, n) => {
    const { schema } = mutation;
    let frame = frames.get(schema);
    if (frame === undefined) frames.set(schema, (frame = frameOf(schema, table)));
    const ready = prepareOne(mutation, frame, n);
    if ('status' in ready) {
      results[n] = ready;
      return;
    }
    const length = lengthOf(ready.item);
    if (length > RECORD_LENGTH) {
      results[n] = rejected(
        'rejected',
        `${table.object} ${mutation.key} is ${String(length)} characters long; more than ${String(RECORD_LENGTH)} cannot be written at once.`,
      );
      return;
    }
    let signature = `${namesOf(ready.shape.set)}\0\0${namesOf(ready.shape.expect)}`;
    // An UPDATE that meets a row twice changes it once: a second mutation of one record goes into a later statement.
    while (groups.get(signature)?.keys.has(mutation.key) === true) signature += '\0\0';
    const group = groups.get(signature) ?? { shape: ready.shape, items: [], keys: new Set<string>() };
    group.items.push(ready.item);
    group.keys.add(mutation.key);
    groups.set(signature, group);
  });
  return [...groups.values()];
}

function rejected(reason: RejectReason, message: string, fields?: readonly string[]): MutationResult {
  return { status: 'rejected', reason, message: `${message} Nothing was written.`, ...defined({ fields }) };
}

/** No name of a column holds a NUL. */
function namesOf(columns: readonly Column[]): string {
  return columns.map((column) => column.name).join('\0');
}

/** What mutations of one schema have in common. */
interface Frame {
  readonly table: Table;
  readonly keyColumns: readonly Column[];
  /** Columns of the record that a write answers with. */
  readonly answer: readonly Column[];
  /** Columns that the description has as writable. */
  readonly writable: ReadonlySet<string>;
}

function frameOf(schema: ObjectSchema, table: Table): Frame {
  return {
    table,
    keyColumns: schema.keyFields.flatMap((name) => table.columns.get(name) ?? []),
    answer: presentFields(schema, table).map(({ column }) => column),
    writable: new Set(table.description.fields.filter((field) => !field.readOnly).map((field) => field.name)),
  };
}

function prepareOne(
  mutation: RecordMutation,
  { table, keyColumns, answer, writable }: Frame,
  n: number,
): { readonly shape: Shape; readonly item: Item } | MutationResult {
  const { keyFields } = mutation.schema;
  const key = keyParts(mutation.key, keyFields);
  if (keyColumns.length !== keyFields.length || keyFields.length === 0)
    return rejected('field-removed', `The key of ${table.object} is no longer ${keyFields.join(', ')}.`);
  if (key === undefined)
    return mutation.action === 'create'
      ? rejected('type-changed', `"${mutation.key}" cannot be a key of ${table.object}.`)
      : rejected('deleted-later', `${table.object} has no record ${mutation.key}.`);
  const written = mutation.action === 'delete' ? {} : mutation.set;
  const set = columnsOf(written, table, (column) =>
    column.generated || (mutation.action === 'update' && !writable.has(column.name))
      ? rejected('read-only', `${column.name} of ${table.object} cannot be written.`, [column.name])
      : undefined,
  );
  if ('status' in set) return set;
  if (mutation.action === 'update' && set.columns.length === 0)
    return rejected('rejected', `There is nothing to write to ${table.object} ${mutation.key}.`);
  const checked =
    mutation.action === 'update'
      ? Object.keys(mutation.set)
      : mutation.action === 'delete'
        ? Object.keys(mutation.expect).filter((name) => table.columns.has(name))
        : [];
  const expect: { readonly columns: Column[]; readonly texts: (string | null)[] } = { columns: [], texts: [] };
  for (const name of checked) {
    const column = table.columns.get(name);
    const text = mutation.action === 'create' ? undefined : textOf(own(mutation.expect, name));
    // Absent was expected and the column is there, or a value that no column can hold: either way it is not so.
    if (column === undefined || text === undefined) return { status: 'moved' };
    expect.columns.push(column);
    expect.texts.push(text);
  }
  return {
    shape: { table, key: keyColumns, set: set.columns, expect: expect.columns, answer: mutation.action === 'delete' ? [] : answer },
    item: { n, key, set: set.texts, expect: expect.texts },
  };
}

function columnsOf(
  fields: Fields,
  table: Table,
  refuse: (column: Column) => MutationResult | undefined,
): { columns: Column[]; texts: (string | null)[] } | MutationResult {
  const columns: Column[] = [];
  const texts: (string | null)[] = [];
  for (const name of Object.keys(fields).sort()) {
    const column = table.columns.get(name);
    if (column === undefined) return rejected('field-removed', `${table.object} no longer has the column ${name}.`, [name]);
    const refusal = refuse(column);
    if (refusal !== undefined) return refusal;
    const text = textOf(own(fields, name));
    if (text === undefined) return rejected('type-changed', `No column can hold the value for ${name}.`, [name]);
    columns.push(column);
    texts.push(text);
  }
  return { columns, texts };
}
