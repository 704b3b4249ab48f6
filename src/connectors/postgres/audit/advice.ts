import type { CallOptions } from '../../../lib/index.js';
import type { Reader } from '../read/reader.js';
import { objectName } from '../schema/names.js';
import { identifier, target } from '../sql.js';
import { recognise, type Shape } from './shape.js';

/** What is missing for a shape that was found, as YAML. */
const MORE: Readonly<Record<string, string>> = {
  versions: ', names: { public.leads: Lead }',
  audits: ', names: { public.leads: Lead }',
};

/**
 * Audit tables of a common shape that runback.yml says nothing of, each as a sentence with what to put there. Changes
 * nothing.
 */
export async function unusedAudits(reader: Reader, platform: string, options: CallOptions): Promise<readonly string[]> {
  const rows = await reader.ask(
    `SELECT n.nspname, c.relname, (SELECT pg_catalog.json_agg(a.attname) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
    [],
    options,
    'looking for an audit table',
  );
  return rows.flatMap(([schema, name, columns]) => {
    const there = JSON.parse(columns ?? '[]') as readonly string[] | null;
    const known = recognise(there ?? []);
    if (known === undefined) return [];
    const table = objectName({ schema: schema ?? '', name: name ?? '' });
    const by = known.name === 'record_version' && there?.includes('auth_uid') !== true ? ', by: written_by' : '';
    return [
      `${table} has the shape of an audit table (${known.name}) and is not used. To plan from it without a snapshot, put under ${platform} in runback.yml:  audit: { table: ${JSON.stringify(table)}${by}${MORE[known.name] ?? ''} }`,
    ];
  });
}

/** That an audit table has no index by which entries about one table or record are found; undefined where it has. */
export async function missingIndex(reader: Reader, shape: Shape, options: CallOptions): Promise<string | undefined> {
  const { oid, schema, name } = shape.of;
  const useful = [oid, schema, name, ...shape.key].filter((one) => one !== undefined);
  const rows = await reader.ask(
    `SELECT a.attname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
     WHERE i.indrelid = $1::oid AND i.indisvalid AND i.indpred IS NULL`,
    [shape.table.oid],
    options,
    'looking for an index',
  );
  if (rows.some(([first]) => first !== null && first !== undefined && useful.includes(first))) return undefined;
  const columns = [...(oid === undefined ? [schema, name] : [oid]), ...shape.key.slice(0, 1), ...(shape.key.length === 0 ? [shape.at] : [])].filter(
    (one) => one !== undefined,
  );
  return `${shape.table.object} has no index on ${useful.join(', ')}, so every thousand records are looked for in all of it: CREATE INDEX CONCURRENTLY ON ${target(shape.table)} (${columns.map(identifier).join(', ')});`;
}
