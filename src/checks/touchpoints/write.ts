import type { Connector, CreateMutation } from '../../connectors/index.js';
import { type CallOptions, chunksOf, type Clock, RunbackError } from '../../lib/index.js';
import type { Fields, ObjectSchema, PlatformRecord, Value } from '../../records/index.js';
import { CLOCK_MARGIN_MS } from '../clocks.js';
import { deleteRecords } from '../deletion.js';
import { type Made, valueIn } from './facts.js';

/** A record that could not be written, and why, in the platform's words. */
export interface Refused {
  readonly n: number;
  readonly why: string;
}

interface Creating {
  readonly clock: Clock;
  readonly call: CallOptions;
  /** Fields whose values no other record has. */
  readonly marks?: readonly string[];
}

/**
 * Creates a record for each set of values, and reads back what the platform made of it. An answer that was lost is looked up, and nothing is
 * created a second time.
 */
export async function createAll(
  connector: Connector,
  schema: ObjectSchema,
  values: readonly Fields[],
  creating: Creating,
): Promise<{ readonly made: readonly Made[]; readonly refused: readonly Refused[] }> {
  const { keys, refused } = await createEach(connector, schema, values, creating);
  return { made: await readMade(connector, schema, keys, creating.call), refused };
}

/** The same without reading: numbers of the records by their keys. */
export async function createEach(
  connector: Connector,
  schema: ObjectSchema,
  values: readonly Fields[],
  { clock, call, marks = [] }: Creating,
): Promise<{ readonly keys: ReadonlyMap<string, number>; readonly refused: readonly Refused[] }> {
  if (schema.createWithKey)
    throw new RunbackError('object-unsupported', `A test cannot create ${schema.object}`, {
      why: 'Its keys are not given by the platform, and a test knows none that are free.',
      state: 'Nothing was written.',
    });
  const keys = new Map<string, number>();
  const refused: Refused[] = [];
  const numbered = values.map((set, n) => ({ n, set }));
  for (const some of chunksOf(numbered, connector.capabilities.batch.create)) {
    const batch = some.map(({ n, set }) => ({ action: 'create' as const, schema, key: String(n), set }));
    const since = connector.now?.() ?? new Date(clock.now().getTime() - CLOCK_MARGIN_MS);
    const results = await connector.write(batch, call);
    const doubtful = batch.filter((_, index) => results[index]?.status === 'in_doubt');
    const lookups = doubtful.length === 0 ? [] : await connector.findCreated(doubtful, since, call);
    const isOpen = (_: CreateMutation, index: number): boolean => lookups[index]?.state !== 'created';
    const marked = await foundByMarks(connector, schema, doubtful.filter(isOpen), { marks, since, call });
    for (const [index, mutation] of batch.entries()) {
      const n = Number(mutation.key);
      const result = results[index];
      const lookup = lookups[doubtful.indexOf(mutation)];
      if (result?.status === 'applied') keys.set(result.key, n);
      else if (lookup?.state === 'created') keys.set(lookup.key, n);
      else if (marked.has(mutation)) keys.set(marked.get(mutation) ?? '', n);
      else refused.push({ n, why: result !== undefined && 'message' in result ? result.message : (result?.status ?? 'no result') });
    }
  }
  return { keys, refused };
}

/**
 * Keys of records whose answer was lost, by the marks that they bear: what a platform made of their other values may be something that nobody
 * could know them by.
 */
async function foundByMarks(
  connector: Connector,
  schema: ObjectSchema,
  open: readonly CreateMutation[],
  { marks, since, call }: { readonly marks: readonly string[]; readonly since: Date; readonly call: CallOptions },
): Promise<ReadonlyMap<CreateMutation, string>> {
  const found = new Map<CreateMutation, string>();
  if (open.length === 0 || marks.length === 0) return found;
  const formOf = (value: Value | undefined): string => (typeof value === 'string' ? value.trim().toLowerCase() : '');
  const bears = (record: PlatformRecord, { set }: CreateMutation): boolean =>
    marks.every((name) => formOf(set[name]) !== '' && formOf(valueIn(record, name)) === formOf(set[name]));
  for await (const { records } of connector.read({ schema, changedSince: since }, call))
    for (const record of records) for (const mutation of open) if (bears(record, mutation)) found.set(mutation, record.key);
  return found;
}

/** Writes the same fields of many records, each with its own values, over whatever is there. */
export async function updateAll(
  connector: Connector,
  schema: ObjectSchema,
  changes: readonly { readonly made: Made; readonly set: Fields }[],
  call: CallOptions,
): Promise<readonly Refused[]> {
  const refused: Refused[] = [];
  for (const some of chunksOf(changes, connector.capabilities.batch.update)) {
    const batch = some.map(({ made: { key, record }, set }) => ({ action: 'update' as const, schema, key, set, expect: expected(record, set) }));
    for (const [index, result] of (await connector.write(batch, call)).entries())
      // What is in doubt is looked at afterwards, as everything is.
      if (result.status !== 'applied' && result.status !== 'in_doubt')
        refused.push({ n: some[index]?.made.n ?? 0, why: 'message' in result ? result.message : 'it was changed by others just now' });
  }
  return refused;
}

function expected({ fields }: PlatformRecord, set: Fields): Fields {
  return Object.fromEntries(Object.keys(set).flatMap((name) => (Object.hasOwn(fields, name) ? [[name, fields[name] ?? null]] : [])));
}

/** Deletes records. What is in doubt is looked at afterwards, as everything is. */
export async function deleteAll(connector: Connector, schema: ObjectSchema, made: readonly Made[], call: CallOptions): Promise<readonly Refused[]> {
  const numbers = new Map(made.map(({ key, n }) => [key, n]));
  const records = made.map(({ record }) => record);
  return (await deleteRecords(connector, schema, records, call)).flatMap(({ key, result }) =>
    result.status === 'in_doubt'
      ? []
      : [{ n: numbers.get(key) ?? 0, why: 'message' in result ? result.message : 'it was changed by others just now' }],
  );
}

/** What there is of records by key. */
export async function readMade(
  connector: Connector,
  schema: ObjectSchema,
  keys: ReadonlyMap<string, number>,
  call: CallOptions,
): Promise<readonly Made[]> {
  const made: Made[] = [];
  for (const some of chunksOf([...keys.keys()], connector.capabilities.batch.read))
    for await (const { records } of connector.read({ schema, keys: some }, call))
      for (const record of records) made.push({ n: keys.get(record.key) ?? 0, key: record.key, record });
  return made.sort((a, b) => a.n - b.n);
}
