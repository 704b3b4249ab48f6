import { defined } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
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
  let length = 0;
  for (const text of key) length += text.length;
  for (const text of set) length += text?.length ?? 0;
  for (const text of expect) length += text?.length ?? 0;
  return length;
}

/** Sorts mutations into groups that one statement can do; what cannot be done goes into `results` at once. */
export function prepare(mutations: readonly RecordMutation[], table: Table, results: (MutationResult | undefined)[]): Group[] {
  const groups: Group[] = [];
  const frames = new Map<ObjectSchema, Frame>();
  // Of one form, those before the last hold other mutations of records that are in the last too.
  const ofForm = new Map<Form, Group[]>();
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
    let known = ofForm.get(ready.form);
    if (known === undefined) ofForm.set(ready.form, (known = []));
    // An UPDATE that meets a row twice changes it once: a second mutation of one record goes into a later statement.
    let group = known.find(({ keys }) => !keys.has(mutation.key));
    if (group === undefined) {
      group = { shape: ready.form.shape, items: [], keys: new Set<string>() };
      known.push(group);
      groups.push(group);
    }
    group.items.push(ready.item);
    group.keys.add(mutation.key);
  });
  return groups;
}

function rejected(reason: RejectReason, message: string, fields?: readonly string[]): MutationResult {
  return { status: 'rejected', reason, message: `${message} Nothing was written.`, ...defined({ fields }) };
}

/** What mutations of one schema have in common. */
interface Frame {
  readonly table: Table;
  readonly keyColumns: readonly Column[];
  /** Columns of the record that a write answers with. */
  readonly answer: readonly Column[];
  /** Those of them that are no meta of it. */
  readonly watched: readonly Column[];
  /** Columns that the description has as writable. */
  readonly writable: ReadonlySet<string>;
  /** By action and the names of the fields: most mutations have the same. */
  readonly forms: Map<string, Form>;
}

/** What mutations of the same fields have in common. */
interface Form {
  readonly shape: Shape;
  /** What is written, by the names of the columns, and a refusal where one cannot be. */
  readonly set: readonly Written[];
  /** Names of what is expected; undefined where a column is not there, so that it is not as expected. */
  readonly expect: readonly string[] | undefined;
}

interface Written {
  readonly name: string;
  readonly refusal: MutationResult | undefined;
}

function frameOf(schema: ObjectSchema, table: Table): Frame {
  const present = presentFields(schema, table);
  return {
    table,
    keyColumns: schema.keyFields.flatMap((name) => table.columns.get(name) ?? []),
    answer: present.map(({ column }) => column),
    watched: present.filter(({ field }) => !field.readOnly).map(({ column }) => column),
    writable: new Set(table.description.fields.filter((field) => !field.readOnly).map((field) => field.name)),
    forms: new Map(),
  };
}

/** No name of a column holds a NUL. */
function formOf(mutation: RecordMutation, frame: Frame): Form {
  const fields = mutation.action === 'delete' ? mutation.expect : mutation.set;
  let name: string = mutation.action;
  for (const field of Object.keys(fields)) name += `\0${field}`;
  let form = frame.forms.get(name);
  if (form === undefined) frame.forms.set(name, (form = newForm(mutation, frame)));
  return form;
}

function newForm(mutation: RecordMutation, { table, keyColumns, answer, watched, writable }: Frame): Form {
  const written = mutation.action === 'delete' ? [] : Object.keys(mutation.set).sort();
  const set = written.map((name): Written => ({ name, refusal: refusalOf(name, mutation.action, table, writable) }));
  const expected =
    mutation.action === 'update'
      ? Object.keys(mutation.set)
      : mutation.action === 'delete'
        ? Object.keys(mutation.expect).filter((name) => table.columns.has(name))
        : [];
  const columns = (names: readonly string[]): Column[] => names.flatMap((name) => table.columns.get(name) ?? []);
  const shape = {
    table,
    key: keyColumns,
    set: columns(written),
    expect: columns(expected),
    answer: mutation.action === 'delete' ? [] : answer,
    watched,
  };
  return { shape, set, expect: shape.expect.length < expected.length ? undefined : expected };
}

function refusalOf(name: string, action: RecordMutation['action'], table: Table, writable: ReadonlySet<string>): MutationResult | undefined {
  const column = table.columns.get(name);
  if (column === undefined) return rejected('field-removed', `${table.object} no longer has the column ${name}.`, [name]);
  return column.generated || (action === 'update' && !writable.has(name))
    ? rejected('read-only', `${name} of ${table.object} cannot be written.`, [name])
    : undefined;
}

function prepareOne(mutation: RecordMutation, frame: Frame, n: number): { readonly form: Form; readonly item: Item } | MutationResult {
  const { table, keyColumns } = frame;
  const { keyFields } = mutation.schema;
  const key = keyParts(mutation.key, keyFields);
  if (keyColumns.length !== keyFields.length || keyFields.length === 0)
    return rejected('field-removed', `The key of ${table.object} is no longer ${keyFields.join(', ')}.`);
  if (key === undefined)
    return mutation.action === 'create'
      ? rejected('type-changed', `"${mutation.key}" cannot be a key of ${table.object}.`)
      : rejected('deleted-later', `${table.object} has no record ${mutation.key}.`);
  const form = formOf(mutation, frame);
  const set: (string | null)[] = [];
  for (const { name, refusal } of form.set) {
    if (refusal !== undefined) return refusal;
    const text = mutation.action === 'delete' ? undefined : textOf(own(mutation.set, name));
    if (text === undefined) return rejected('type-changed', `No column can hold the value for ${name}.`, [name]);
    set.push(text);
  }
  if (mutation.action === 'update' && set.length === 0) return rejected('rejected', `There is nothing to write to ${table.object} ${mutation.key}.`);
  // Absent was expected and the column is there, or a value that no column can hold: either way it is not so.
  if (form.expect === undefined) return { status: 'moved' };
  const expect: (string | null)[] = [];
  for (const name of form.expect) {
    const text = mutation.action === 'create' ? undefined : textOf(own(mutation.expect, name));
    if (text === undefined) return { status: 'moved' };
    expect.push(text);
  }
  return { form, item: { n, key, set, expect } };
}
