import { type CallOptions, didYouMean, RunbackError } from '../../lib/index.js';
import type { Reader } from './read/reader.js';
import type { Table } from './schema/table.js';
import { literal } from './scratch/ddl.js';
import type { Settings } from './settings.js';
import { identifier } from './sql.js';

/** How the times of a column without time zone become instants. */
export interface Zone {
  /** As PostgreSQL knows it: `Europe/Berlin`. */
  readonly name: string;
  /**
   * Who says so: runback.yml, the library whose table it is, the default of the column, or nobody: then it is the zone in
   * which sessions of this database begin.
   */
  readonly from: 'declared' | 'library' | 'column' | 'database';
}

/** Where a column of times is declared. */
interface Declared {
  readonly zone?: string | undefined;
  /** Key of runback.yml, for people: `audit` or `modified`. */
  readonly key: string;
  /** The library that fills it keeps UTC. */
  readonly keepsUtc?: boolean;
}

const UTC: ReadonlySet<string> = new Set(['UTC', 'Etc/UTC', 'GMT', 'Etc/GMT', 'Etc/UCT', 'UCT', 'Zulu', 'Etc/Zulu', 'Universal', 'Etc/Universal']);
/** A default that writes UTC, whatever the zone of the session. */
const WRITES_UTC = /(?:timezone\('utc'|at time zone '(?:\()?'?utc)/iu;

/**
 * The zone of a column of times; undefined where each value says its own, or the column has no times. Throws
 * `file-invalid` for a zone that PostgreSQL does not know.
 */
export async function zoneOf(
  reader: Reader,
  { platform }: Pick<Settings, 'platform'>,
  table: Table,
  name: string,
  declared: Declared,
  options: CallOptions,
): Promise<Zone | undefined> {
  const base = table.columns.get(name)?.base;
  if (base !== 'timestamp without time zone') return undefined;
  if (declared.zone !== undefined) {
    await requireZone(reader, platform, declared.zone, declared.key, options);
    return { name: declared.zone, from: 'declared' };
  }
  if (declared.keepsUtc === true) return { name: 'UTC', from: 'library' };
  const [row] = await reader.ask(
    `SELECT (SELECT s.reset_val FROM pg_catalog.pg_settings s WHERE s.name OPERATOR(pg_catalog.=) 'TimeZone'),
       (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
         WHERE d.adrelid = $1::pg_catalog.oid AND a.attname OPERATOR(pg_catalog.=) $2::pg_catalog.name)`,
    [table.oid, name],
    options,
    'asking in which time zone it keeps times',
  );
  if (WRITES_UTC.test(row?.[1] ?? '')) return { name: 'UTC', from: 'column' };
  return { name: row?.[0] ?? 'UTC', from: 'database' };
}

async function requireZone(reader: Reader, platform: string, zone: string, key: string, options: CallOptions): Promise<void> {
  const rows = await reader.ask('SELECT name FROM pg_catalog.pg_timezone_names', [], options, 'asking which time zones it knows');
  const names = rows.flatMap(([name]) => name ?? []);
  if (names.includes(zone)) return;
  throw new RunbackError('file-invalid', `PostgreSQL knows no time zone "${zone}"${didYouMean(zone, names)}`, {
    state: 'Nothing was written.',
    next: `Correct platforms.${platform}.${key}.zone in runback.yml: a name such as Europe/Berlin, or UTC.`,
  });
}

const OF_MODIFIED = new WeakMap<Table, Zone | undefined>();

/** The zone of the column that `modified` names for the time; undefined where there is none, or each value says its own. */
export async function modifiedZone(reader: Reader, settings: Settings, table: Table, options: CallOptions): Promise<Zone | undefined> {
  const { at, zone } = settings.modified;
  if (at === undefined) return undefined;
  if (!OF_MODIFIED.has(table)) OF_MODIFIED.set(table, await zoneOf(reader, settings, table, at, { zone, key: 'modified' }, options));
  return OF_MODIFIED.get(table);
}

/** True where no clock is ever set back or forth, and local times are those of UTC. */
export const isUtc = (zone: Zone | undefined): boolean => zone === undefined || UTC.has(zone.name);

/** SQL of the instant of a time; of one that clocks show twice the later one, of one that they skip an hour later. */
export function instantSql(zone: Zone | undefined, column: string): string {
  return zone === undefined || isUtc(zone) ? column : `pg_catalog.timezone(${nameOf(zone)}, ${column}::pg_catalog.timestamp)`;
}

/** SQL of what clocks of a zone show at an instant. */
export function localSql(zone: Zone | undefined, instant: string): string {
  return zone === undefined ? instant : `pg_catalog.timezone(${nameOf(zone)}, ${instant})`;
}

/** By how much clocks are set back, where they are. */
const STEPS = ['30 minutes', '1 hour', '2 hours'] as const;

/** The first instant at which clocks show a time, and the last where that is another one; else null. */
export function instantsSql(zone: Zone | undefined, column: string): { readonly at: string; readonly until: string } {
  if (zone === undefined || isUtc(zone)) return { at: column, until: 'NULL' };
  const late = instantSql(zone, column);
  const local = `${column}::pg_catalog.timestamp`;
  const earlier = STEPS.map((step) => {
    const one = `(${late} OPERATOR(pg_catalog.-) '${step}'::pg_catalog.interval)`;
    return `CASE WHEN pg_catalog.timezone(${nameOf(zone)}, ${one}) OPERATOR(pg_catalog.=) ${local} THEN ${one} END`;
  });
  const early = `LEAST(${late}, ${earlier.join(', ')})`;
  return { at: early, until: `CASE WHEN ${early} OPERATOR(pg_catalog.<) ${late} THEN ${late} END` };
}

/** A time that clocks of the zone never show, for one row: then it is not the zone in which they were written. */
export function skippedSql(zone: Zone, column: string): string {
  return `pg_catalog.timezone(${nameOf(zone)}, ${instantSql(zone, column)}) OPERATOR(pg_catalog.<>) ${column}::pg_catalog.timestamp`;
}

/**
 * SQL that limits a column to times since an instant, as few more as can be: what clocks show twice, and what this
 * program itself made triggers write, whose sessions are in UTC, whatever the zone of the others. The column stands
 * alone, so that an index serves.
 */
export function sinceSql(zone: Zone | undefined, column: string, instant: string): string {
  if (zone === undefined) return `${column} OPERATOR(pg_catalog.>=) ${instant}`;
  const utc = `pg_catalog.timezone('UTC', ${instant})`;
  const least = isUtc(zone)
    ? utc
    : `(LEAST(${utc}, pg_catalog.timezone(${nameOf(zone)}, ${instant})) OPERATOR(pg_catalog.-) '2 hours'::pg_catalog.interval)`;
  return `${column} OPERATOR(pg_catalog.>=) ${least}`;
}

/** SQL for times from one instant on, before another: each counts once, where clocks show it twice as the later one. */
export function betweenSql(zone: Zone | undefined, column: string, from: string, to: string): string {
  const at = instantSql(zone, column);
  const since = zone === undefined || isUtc(zone) ? '' : `${sinceSql(zone, column, from)} AND `;
  const [least, most] = zone !== undefined && isUtc(zone) ? [from, to].map((one) => `pg_catalog.timezone('UTC', ${one})`) : [from, to];
  return `${since}${at} OPERATOR(pg_catalog.>=) ${least ?? from} AND ${at} OPERATOR(pg_catalog.<) ${most ?? to}`;
}

/** What is to be known of a zone that nobody declared; undefined where there is nothing. */
export function zoneDoubt(zone: Zone | undefined, column: string, key: string): string | undefined {
  if (zone === undefined || zone.from !== 'database' || isUtc(zone)) return undefined;
  return `${column} has no time zone, and is taken as ${zone.name}, in which sessions of this database begin. If what writes it keeps another one, say so: zone: UTC under ${key}`;
}

/** A column as SQL within an alias. */
export const columnIn = (alias: string, name: string): string => `${alias}.${identifier(name)}`;

const nameOf = ({ name }: Zone): string => `${literal(name)}::pg_catalog.text`;
