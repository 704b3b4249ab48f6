import type { ServerError } from '../errors.js';
import { target } from '../sql.js';
import type { RecordMutation } from './prepare.js';
import type { Shape } from './statements.js';
import type { Run } from './writer.js';

/** More tries than this are not made for one record: then it is not known which of its columns is refused. */
const TRIES = 40;

/**
 * Which of the written columns a refusal of one record is about: as the server names them, else found by trying the
 * record with some of its columns left out. Empty where that cannot be told. `passes`: whether the record can be
 * written with these columns alone.
 */
export async function blame(
  error: ServerError,
  shape: Shape,
  action: RecordMutation['action'],
  passes: (columns: readonly string[]) => Promise<boolean>,
  query: Run,
): Promise<readonly string[]> {
  const written = shape.set.map((column) => column.name);
  if (error.column !== undefined) return written.filter((name) => name === error.column);
  const named = error.constraint === undefined ? [] : await columnsOf(error, shape, query);
  const among = written.filter((name) => named.includes(name));
  if (among.length > 0) return among;
  // What belongs to the key alone is not about what was written beside it.
  if (named.length > 0) return [];
  return refusedAmong(shape, action, passes);
}

/** Columns of this table that a constraint or a unique index is about. */
async function columnsOf(error: ServerError, shape: Shape, query: Run): Promise<readonly string[]> {
  const mine = target(shape.table);
  const named = error.schema === undefined || error.table === undefined ? mine : target({ schema: error.schema, name: error.table });
  const rows = await quietly(query, () =>
    query(
      // A leaf of a partitioned table has the names of its whole. Where another table refers to this one, its columns
      // here count.
      `WITH mine AS (SELECT to_regclass($1)::oid AS oid), named AS (SELECT to_regclass($2)::oid AS oid),
         found AS (
           SELECT CASE WHEN other THEN mine.oid ELSE named.oid END AS relation, unnest(CASE WHEN other THEN c.confkey ELSE c.conkey END) AS n
           FROM mine, named, pg_constraint c, LATERAL (SELECT c.confrelid = mine.oid AND c.conrelid <> mine.oid) AS o(other)
           WHERE c.conname = $3 AND c.conrelid = named.oid
           UNION SELECT named.oid, unnest(i.indkey::int2[]) FROM named, pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE x.relname = $3 AND i.indrelid = named.oid
         )
       SELECT DISTINCT a.attname::text FROM found JOIN pg_attribute a ON a.attrelid = found.relation AND a.attnum = found.n`,
      [mine, named, error.constraint],
    ),
  );
  return rows.map(([name]) => name ?? '');
}

/** Columns without which the others can be written, found by halves. */
async function refusedAmong(
  shape: Shape,
  action: RecordMutation['action'],
  passes: (columns: readonly string[]) => Promise<boolean>,
): Promise<readonly string[]> {
  const needed = action === 'create' ? shape.set.filter((column) => column.notNull && !column.hasDefault) : [];
  const good = needed.map((column) => column.name);
  const open = shape.set.map((column) => column.name).filter((name) => !good.includes(name));
  if (open.length === 1 && needed.length === 0 && action === 'update') return open;
  let tries = 0;
  const fits = async (columns: readonly string[]): Promise<boolean> => {
    tries += 1;
    return passes(columns);
  };
  if (action === 'create' && !(await fits(good))) return [];
  const bad: string[] = [];
  // The whole is known to be refused: its halves are tried.
  const groups: (readonly string[])[] = halves(open);
  for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
    if (tries >= TRIES) return [];
    if (await fits([...good, ...group])) good.push(...group);
    else if (group.length === 1) bad.push(...group);
    else groups.unshift(...halves(group));
  }
  return bad.sort();
}

function halves(names: readonly string[]): (readonly string[])[] {
  const middle = names.length >> 1;
  return [names.slice(0, middle), names.slice(middle)].filter((half) => half.length > 0);
}

/** Runs questions to the catalog in the middle of a write, on a search path that nobody else can put anything on. */
export async function quietly<T>(query: Run, ask: () => Promise<T>): Promise<T> {
  await query(`SAVEPOINT quietly; SET LOCAL search_path = ''`);
  try {
    return await ask();
  } finally {
    await query('ROLLBACK TO SAVEPOINT quietly').catch(() => {});
  }
}
