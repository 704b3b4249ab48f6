import type { CallOptions } from '../../../lib/index.js';
import type { CountRequest } from '../../connector.js';
import type { Audit } from '../audit/audit.js';
import { identifier, relation } from '../sql.js';
import type { ReadContext } from './read.js';

/**
 * How many rows were inserted, as an audit table tells, or changed last, as the columns that `modified` names do: one
 * statement; see `Connector.count`.
 */
export async function count(
  request: CountRequest,
  context: ReadContext,
  audit: Audit | undefined,
  options: CallOptions,
): Promise<number | undefined> {
  const { table, reader, settings } = context;
  const { event, from, to, writer } = request;
  if (event === 'created') return await audit?.countCreated(request, table, options);
  const [at, by] = [settings.modified.at, settings.modified.by].map((name) => (name === undefined ? undefined : table.columns.get(name)));
  if (at === undefined || (writer !== undefined && by === undefined)) return undefined;
  const column = `t.${identifier(at.name)}`;
  const ofWriter = writer === undefined || by === undefined ? '' : ` AND t.${identifier(by.name)}::text = $3`;
  const query = `SELECT count(*) FROM ${relation(table)} AS t WHERE ${column} >= $1::timestamptz AND ${column} < $2::timestamptz${ofWriter}`;
  const values = [from.toISOString(), to.toISOString(), ...(writer === undefined ? [] : [writer])];
  const [row] = await reader.ask(query, values, options, `counting ${table.object}`, table);
  return Number(row?.[0] ?? 0);
}
