import { type CallOptions, counted } from '../../../lib/index.js';
import type { AuditConfig } from '../../../workspace/index.js';
import type { CountRequest, ReadRequest, RecordBatch, RecordHistory, WrittenBatch, WrittenRequest } from '../../connector.js';
import { type Counted, countedIn, NOW_MS } from '../read/counted.js';
import { isoOf, keyColumns, readKeys } from '../read/read.js';
import type { Reader } from '../read/reader.js';
import type { Column, Table } from '../schema/table.js';
import type { Tables } from '../schema/tables.js';
import type { Settings } from '../settings.js';
import { identifier, keyMatch, keyText, relation, sameText, target } from '../sql.js';
import { betweenSql, columnIn, instantSql, isUtc, sinceSql, skippedSql, zoneDoubt, zoneOf } from '../zone.js';
import { missingIndex } from './advice.js';
import { type EntryContext, historiesOf, type Part } from './entries.js';
import { aboutSql, actionSql, keySql, Values, withHstore, writerSql } from './entry-sql.js';
import { type Shape, shapeOf } from './shape.js';

/** Entries bear the time at which their transaction began: one may appear so much later. */
const LATE_MS = 5 * 60_000;
const KEYS_PER_BATCH = 1000;
const TIME = 'pg_catalog.timestamptz';
/** Entries whose times are looked at. */
const NEWEST = 10_000;
/** Libraries that keep UTC in columns without time zone, whatever the zone of the session. */
const KEEP_UTC: ReadonlySet<string> = new Set(['versions', 'audits']);

/** The audit table of a database: who wrote what into its tables. */
export class Audit {
  #shape: Shape | undefined;
  readonly #contexts = new Map<string, EntryContext>();

  constructor(
    private readonly config: AuditConfig,
    private readonly reader: Reader,
    private readonly tables: Tables,
    private readonly settings: Settings,
  ) {}

  get name(): string {
    return this.config.table;
  }

  /** Object types that it is about; undefined where its entries say. */
  get about(): readonly string[] | undefined {
    return this.config.about === undefined ? undefined : [this.config.about].flat();
  }

  /** Whether it has any entry about a table. */
  async tellsOf(table: Table, options: CallOptions): Promise<boolean> {
    return (await this.context(table, options)).facts.begins !== undefined;
  }

  /** How it is made up. Throws `file-invalid`, `object-unsupported`, `scope-missing`. */
  async shape(options: CallOptions): Promise<Shape> {
    this.#shape ??= await this.described(options);
    return this.#shape;
  }

  private async described(options: CallOptions): Promise<Shape> {
    const { config, settings } = this;
    const table = await this.tables.table(config.table, options);
    const shape = shapeOf(config, table, settings.platform);
    const declared = { zone: config.zone, key: 'audit', keepsUtc: KEEP_UTC.has(shape.known ?? '') };
    const zone = await zoneOf(this.reader, settings, table, shape.at, declared, options);
    return zone === undefined ? shape : { ...shape, zone };
  }

  /** What a person should know of it, as sentences. Throws as {@link shape}. */
  async advice(options: CallOptions): Promise<readonly string[]> {
    const shape = await this.shape(options);
    const missing = await missingIndex(this.reader, shape, options);
    return [
      ...[missing, zoneDoubt(shape.zone, `${shape.at} of ${shape.table.object}`, 'audit')].filter((one) => one !== undefined),
      ...(await this.timeDoubts(shape, options)),
      ...(shape.layout.is === 'copy'
        ? [
            `${shape.table.object} keeps copies of rows, and not what they replaced: a write past its trigger is put down to whoever wrote the record next`,
          ]
        : []),
    ];
  }

  /** Times that cannot be right in the zone that they are taken in: those to come, and those that its clocks skip. */
  private async timeDoubts(shape: Shape, options: CallOptions): Promise<readonly string[]> {
    const { zone, table, at } = shape;
    if (zone === undefined) return [];
    const column = columnIn('a', at);
    const now = isUtc(zone) ? `pg_catalog.timezone('UTC', pg_catalog.now())` : 'pg_catalog.now()';
    const late = `${instantSql(zone, column)} OPERATOR(pg_catalog.>) (${now} OPERATOR(pg_catalog.+) '2 minutes'::pg_catalog.interval)`;
    const skipped = isUtc(zone) ? 'false' : skippedSql(zone, column);
    // The newest entries tell of it; all of them may be hundreds of millions.
    const newest = `SELECT a.* FROM ${target(table)} AS a WHERE ${column} IS NOT NULL ORDER BY ${columnIn('a', shape.order ?? at)} DESC LIMIT ${String(NEWEST)}`;
    const [row] = await this.reader.ask(
      `SELECT pg_catalog.count(*) FILTER (WHERE ${late}), pg_catalog.count(*) FILTER (WHERE ${skipped}) FROM (${newest}) AS a`,
      [],
      options,
      `reading ${table.object}`,
      table,
    );
    const [future, never] = [Number(row?.[0] ?? 0), Number(row?.[1] ?? 0)];
    const wrong = (n: number, what: string): string =>
      `${counted(n, 'entries', 'entry')} of ${table.object} ${n === 1 ? 'bears' : 'bear'} ${what}, taken as ${zone.name}: it is written in another zone. Say in which: zone: UTC under audit`;
    return [
      ...(future > 0 ? [wrong(future, 'a time that is still to come')] : []),
      ...(never > 0 ? [wrong(never, 'a time that its clocks skip')] : []),
    ];
  }

  /** Records by key with what the audit table tells of them. */
  async *read(request: ReadRequest, keys: readonly string[], table: Table, options: CallOptions): AsyncGenerator<RecordBatch> {
    const { history, ...plain } = request;
    const context = await this.context(table, options);
    const absent = new Set(keys);
    for await (const { records } of readKeys(plain, keys, KEYS_PER_BATCH, { reader: this.reader, settings: this.settings, table }, options)) {
      for (const { key } of records) absent.delete(key);
      const histories = await historiesOf(
        records.map(({ key }) => key),
        history ?? [],
        context,
        options,
      );
      yield { records, history: histories };
    }
    if (absent.size > 0 && holdsRows(context.shape)) yield { records: [], history: await deletedAmong([...absent], history ?? [], context, options) };
  }

  /** See `Connector.writtenSince`. In a view that is held, so that what is counted and what is listed agree. */
  async *writtenSince({ since, only }: WrittenRequest, table: Table, options: CallOptions): AsyncGenerator<WrittenBatch> {
    const context = await this.context(table, options);
    // What was pruned away while the view was opened would not be there for it.
    await this.tables.table(this.config.table, options);
    const { shape, facts } = context;
    const [count] = await this.reader.ask(`SELECT count(*) FROM ${relation(table)}`, [], options, `counting ${table.object}`, table);
    if (only !== 'keys') yield { begins: facts.begins ?? null };
    yield { total: Number(count?.[0] ?? 0) };
    if (only === 'total') return;
    const columns = keyColumns(table, table.description.keyFields);
    const names = columns.map((_, n) => `k${String(n)}`);
    const values = new Values();
    const from = new Date(since.getTime() - LATE_MS).toISOString();
    const written = entriesSince(context, names, from, values, 'written');
    const query = withHstore(
      `SELECT DISTINCT ${keyText(columns, 't')} FROM (${written}) AS v JOIN ${relation(table)} AS t ON ${keyMatch(columns, 't', 'v', names)}`,
      shape,
    );
    for await (const rows of this.reader.rows(query, values.list, KEYS_PER_BATCH, options, `reading ${shape.table.object}`, shape.table))
      yield { keys: rows.map(([key]) => key ?? '') };
    if (holdsRows(shape)) {
      const of = new Values();
      const gone = withHstore(goneSince(context, from, of, keyOf(columns, names)), shape);
      for await (const rows of this.reader.rows(gone, of.list, KEYS_PER_BATCH, options, `reading ${shape.table.object}`, shape.table))
        yield { gone: rows.map(([key]) => key ?? '') };
    }
    if (only !== undefined) return;
    const deleted = await this.deletedSince(context, since.toISOString(), options);
    if (deleted !== undefined) yield { deleted };
  }

  /**
   * Records that entries since a time are about, by key; undefined where the entries do not reach back so far: then only the
   * whole table tells. In a view that is held.
   */
  async changedSince(since: Date, table: Table, options: CallOptions): Promise<readonly string[] | undefined> {
    const { begins } = (await this.context(table, options)).facts;
    if (begins === undefined || Date.parse(begins) > since.getTime() - LATE_MS) return undefined;
    const keys: string[] = [];
    const schema = { ...table.description, object: table.object };
    for await (const batch of this.writtenSince({ schema, since, only: 'keys' }, table, options)) if ('keys' in batch) keys.push(...batch.keys);
    return keys;
  }

  /**
   * How many rows were inserted in a stretch of time; undefined where entries do not say what they did.
   */
  async countCreated({ from, to, writer }: CountRequest, table: Table, options: CallOptions): Promise<Counted | undefined> {
    const { shape, parts } = await this.context(table, options);
    if ((shape.action === undefined && shape.layout.is !== 'rows') || (writer !== undefined && shape.by.length === 0)) return undefined;
    const values = new Values();
    const within = betweenSql(shape.zone, columnIn('a', shape.at), values.add(from.toISOString(), TIME), values.add(to.toISOString(), TIME));
    const by = writer === undefined ? '' : ` AND ${writerSql(shape, 'a')} OPERATOR(pg_catalog.=) ${values.add(writer)}`;
    const query = `SELECT pg_catalog.count(*), ${NOW_MS} FROM ${target(shape.table)} AS a WHERE ${aboutSql(shape, table, parts, 'a', values)} AND ${within} AND ${actionSql(shape, 'a')} OPERATOR(pg_catalog.=) 'I'${by}`;
    const [row] = await this.reader.ask(query, values.list, options, `reading ${shape.table.object}`, shape.table);
    return countedIn(row);
  }

  /** How many records were deleted and are not there now; undefined where the table was emptied: nothing tells how many that were. */
  private async deletedSince(context: EntryContext, since: string, options: CallOptions): Promise<number | undefined> {
    const { shape, table, parts } = context;
    if (shape.action === undefined && shape.layout.is !== 'rows') return undefined;
    const of = new Values();
    const emptied = `SELECT EXISTS (SELECT FROM ${target(shape.table)} AS a WHERE ${aboutSql(shape, table, parts, 'a', of)} AND ${actionSql(shape, 'a')} OPERATOR(pg_catalog.=) 'T' AND ${writtenSql(shape, since, of)})`;
    const [answer] = await this.reader.ask(emptied, of.list, options, `reading ${shape.table.object}`, shape.table);
    if (answer?.[0] === 't') return undefined;
    const values = new Values();
    const query = `SELECT count(*) FROM (${goneSince(context, since, values)}) AS g`;
    const [row] = await this.reader.ask(withHstore(query, shape), values.list, options, `reading ${shape.table.object}`, shape.table);
    return Number(row?.[0] ?? 0);
  }

  private async context(table: Table, options: CallOptions): Promise<EntryContext> {
    const known = this.#contexts.get(table.object);
    if (known !== undefined) return { ...known, table };
    const shape = await this.shape(options);
    const parts = table.kind === 'p' ? await this.partsOf(table, options) : [];
    const context = { reader: this.reader, shape, table, parts, facts: await this.facts(shape, table, parts, options) };
    this.#contexts.set(table.object, context);
    return context;
  }

  private async partsOf(table: Table, options: CallOptions): Promise<readonly Part[]> {
    const query = `WITH RECURSIVE part AS (SELECT i.inhrelid AS oid FROM pg_catalog.pg_inherits i WHERE i.inhparent = $1::oid
        UNION SELECT i.inhrelid FROM part JOIN pg_catalog.pg_inherits i ON i.inhparent = part.oid)
      SELECT c.oid::text, n.nspname, c.relname FROM part JOIN pg_catalog.pg_class c ON c.oid = part.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`;
    const rows = await this.reader.ask(query, [table.oid], options, 'reading the catalog');
    return rows.map(([oid, schema, name]) => ({ oid: oid ?? '', schema: schema ?? '', name: name ?? '' }));
  }

  /** Since when it tells of a table, when that was emptied first, and of which fields where each entry is about one. */
  private async facts(shape: Shape, table: Table, parts: readonly Part[], options: CallOptions): Promise<EntryContext['facts']> {
    const values = new Values();
    const about = aboutSql(shape, table, parts, 'a', values);
    const least = (column: string, rest = ''): string => `pg_catalog.min(${column})${rest}`;
    const at = columnIn('a', shape.at);
    const emptied = ` FILTER (WHERE ${actionSql(shape, 'a')} OPERATOR(pg_catalog.=) 'T')`;
    const first = shape.order === undefined ? instantSql(shape.zone, `(${least(at, emptied)})`) : least(columnIn('a', shape.order), emptied);
    const ask = async (select: string, rest = ''): ReturnType<Reader['ask']> =>
      await this.reader.ask(
        `SELECT ${select} FROM ${target(shape.table)} AS a${rest} WHERE ${about}`,
        values.list,
        options,
        `reading ${shape.table.object}`,
        shape.table,
      );
    const [row] = await ask(`${instantSql(shape.zone, `(${least(at)})`)}, ${first}`);
    const oldest = row?.[0] ?? undefined;
    const { layout } = shape;
    let fields: ReadonlySet<string> | undefined;
    if (layout.is === 'column') fields = new Set((await ask(`DISTINCT a.${identifier(layout.column)}::pg_catalog.text`)).map(([name]) => name ?? ''));
    if (layout.is === 'changes') {
      const kept = `a.${identifier(layout.changes)}::pg_catalog.jsonb`;
      const each = `, pg_catalog.jsonb_object_keys(CASE WHEN pg_catalog.jsonb_typeof(${kept}) OPERATOR(pg_catalog.=) 'object' THEN ${kept} ELSE '{}' END) AS f(name)`;
      fields = new Set((await ask('DISTINCT f.name', ` CROSS JOIN LATERAL${each.slice(1)}`)).map(([name]) => name ?? ''));
    }
    const begins = oldest === undefined ? undefined : (shape.since ?? isoOf(oldest));
    return { begins, fields, emptied: row?.[1] ?? undefined };
  }
}

/** True where an entry about a deletion holds the whole row. */
function holdsRows({ layout, action }: Shape): boolean {
  return layout.is === 'rows' || layout.is === 'copy' || (layout.is === 'changed' && action !== undefined);
}

/** Histories of those records that were deleted. */
async function deletedAmong(
  keys: readonly string[],
  fields: readonly string[],
  context: EntryContext,
  options: CallOptions,
): Promise<ReadonlyMap<string, RecordHistory>> {
  const histories = await historiesOf(keys, fields, context, options);
  return new Map([...histories].filter(([, { deleted }]) => deleted !== undefined));
}

/** Keys that were deleted since a time and are not there, each once. `select`: what is wanted of them, of `v`; by default their parts. */
function goneSince(context: EntryContext, since: string, values: Values, select?: string): string {
  const { table } = context;
  const columns = keyColumns(table, table.description.keyFields);
  const names = columns.map((_, n) => `k${String(n)}`);
  const same = columns.map((column, n) => sameText(keyText([column], 't'), `v.${names[n] ?? ''}`)).join(' AND ');
  const gone = entriesSince(context, names, since, values, 'deleted');
  return `SELECT DISTINCT ${select ?? names.map((name) => `v.${name}`).join(', ')} FROM (${gone}) AS v WHERE NOT EXISTS (SELECT FROM ${relation(table)} AS t WHERE ${same})`;
}

/** The key of a record of whose columns the texts are in `v`. */
function keyOf(columns: readonly Column[], names: readonly string[]): string {
  const [only = ''] = names;
  return columns.length === 1 ? `v.${only}` : `pg_catalog.concat('[', ${names.map((name) => `pg_catalog.to_json(v.${name})`).join(`, ',', `)}, ']')`;
}

function writtenSql({ zone, at }: Shape, since: string, values: Values): string {
  return sinceSql(zone, columnIn('a', at), values.add(since, TIME));
}

/** Keys that entries since a time are about, those before and after a change of the key. */
function entriesSince(
  { shape, table, parts }: EntryContext,
  names: readonly string[],
  since: string,
  values: Values,
  which: 'written' | 'deleted',
): string {
  const columns = keyColumns(table, table.description.keyFields);
  const { now, was } = keySql(shape, columns, 'a');
  const where = `WHERE ${aboutSql(shape, table, parts, 'a', values)} AND ${writtenSql(shape, since, values)} AND ${actionSql(shape, 'a')} ${which === 'deleted' ? `OPERATOR(pg_catalog.=) 'D'` : `OPERATOR(pg_catalog.<>) 'T'`}`;
  const keys = (texts: readonly string[]): string =>
    `SELECT ${texts.map((text, n) => `${text} AS ${names[n] ?? ''}`).join(', ')} FROM ${target(shape.table)} AS a ${where}`;
  if (which === 'deleted') return keys(was ?? now);
  return was === undefined ? keys(now) : `${keys(now)} UNION ALL ${keys(was)}`;
}

/** How entries name what runback writes, where their columns of the writer are those of a session. */
export function ownWriter({ audits, user }: Pick<Settings, 'audits' | 'user'>): string | undefined {
  const names = new Set(audits.map((audit) => ownWriterIn(audit, user)));
  // Where they name it differently, none of the names is known to be its own everywhere.
  return names.size === 1 ? [...names][0] : undefined;
}

function ownWriterIn(audit: AuditConfig, user: string): string | undefined {
  const by =
    audit.by === undefined ? (/(?:^|\.)"?logged_actions"?$/u.test(audit.table) ? ['session_user_name', 'application_name'] : []) : [audit.by].flat();
  const OF: Readonly<Record<string, string>> = { session_user_name: user, session_user: user, application_name: 'runback' };
  const parts = by.map((name) => (Object.hasOwn(OF, name) ? OF[name] : undefined));
  return parts.length === 0 || parts.includes(undefined) ? undefined : parts.join('/');
}
