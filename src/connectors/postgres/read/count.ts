import type { CallOptions } from '../../../lib/index.js';
import type { CountRequest } from '../../connector.js';
import type { Audits } from '../audit/audits.js';
import { identifier, relation } from '../sql.js';
import { betweenSql, modifiedZone } from '../zone.js';
import { type Counted, countedIn, NOW_MS } from './counted.js';
import type { ReadContext } from './read.js';

/**
 * How many rows were inserted, as an audit table tells, or changed last, as the columns that `modified` names do: one
 * statement; see `Connector.count`.
 */
export async function count(
  request: CountRequest,
  context: ReadContext,
  audit: Audits | undefined,
  options: CallOptions,
): Promise<Counted | undefined> {
  const { table, reader, settings } = context;
  const { event, from, to, writer } = request;
  if (event === 'created') return await audit?.countCreated(request, table, options);
  const [at, by] = [settings.modified.at, settings.modified.by].map((name) => (name === undefined ? undefined : table.columns.get(name)));
  if (at === undefined || (writer !== undefined && by === undefined)) return undefined;
  const column = `t.${identifier(at.name)}`;
  const ofWriter = writer === undefined || by === undefined ? '' : ` AND t.${identifier(by.name)}::text = $3`;
  const within = betweenSql(await modifiedZone(reader, settings, table, options), column, '$1::pg_catalog.timestamptz', '$2::pg_catalog.timestamptz');
  const query = `SELECT pg_catalog.count(*), ${NOW_MS} FROM ${relation(table)} AS t WHERE ${within}${ofWriter}`;
  const values = [from.toISOString(), to.toISOString(), ...(writer === undefined ? [] : [writer])];
  const [row] = await reader.ask(query, values, options, `counting ${table.object}`, table);
  return countedIn(row);
}
