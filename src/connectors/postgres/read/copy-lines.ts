import type { CallOptions } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import type { LineBatch } from '../../connector.js';
import { fromServer, grantFor } from '../errors.js';
import { throwIfAborted } from '../session.js';
import { identifier, keyOrder, keyText, relation, target } from '../sql.js';
import { copyRows } from './copy-out.js';
import { LineMaker, planLines } from './line-maker.js';
import { keyColumns, type ReadContext } from './read.js';

/**
 * A whole table as finished snapshot lines in the order of the schema: the server's COPY, turned into lines byte by
 * byte. Throws our errors.
 */
export async function* copyLines(schema: ObjectSchema, context: ReadContext, options: CallOptions): AsyncGenerator<LineBatch> {
  const { table, reader, settings } = context;
  const columns = keyColumns(table, schema.keyFields);
  const key = keyText(columns, 't');
  const [only] = columns;
  const single = columns.length === 1 ? only : undefined;
  const plan = planLines(schema, table, single?.name);
  // A single key column prints as the key itself, and is sent once.
  const select = [single === undefined ? key : `t.${identifier(single.name)}`, ...plan.columns.map((name) => `t.${identifier(name)}`)];
  const connection = await reader.connected(options);
  const order = keyOrder(columns, 't', schema.keyOrder ?? 'text', connection.encoding);
  const query = `COPY (SELECT ${select.join(', ')} FROM ${relation(table)} AS t ORDER BY ${order}) TO STDOUT`;
  const stop = (): void => void connection.close(true);
  options.signal?.addEventListener('abort', stop, { once: true });
  const maker = new LineMaker(plan);
  let complete = false;
  try {
    throwIfAborted(options.signal, settings);
    reader.count();
    for await (const _ of copyRows(connection.client, query, (source, start, end) => maker.row(source, start, end))) {
      yield* finished(maker);
      throwIfAborted(options.signal, settings);
    }
    complete = true;
    maker.flush();
    yield* finished(maker);
  } catch (error) {
    throwIfAborted(options.signal, settings);
    throw fromServer(error, settings, `reading ${table.object}`, grantFor('SELECT', target(table), settings));
  } finally {
    options.signal?.removeEventListener('abort', stop);
    // Rows are still coming: the connection is of no further use.
    if (!complete) await connection.close(true);
  }
}

/** Batches that are finished; each is given back once the next is asked for. */
function* finished(maker: LineMaker): Generator<LineBatch> {
  for (let batch = maker.take(); batch !== undefined; batch = maker.take()) {
    yield batch;
    maker.giveBack(batch);
  }
}
