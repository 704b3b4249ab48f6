import type { CallOptions } from '../../../lib/index.js';
import type { AuditConfig } from '../../../workspace/index.js';
import type { Reader } from '../read/reader.js';
import { objectName } from '../schema/names.js';
import { identifier, target } from '../sql.js';
import { copyOf, guess, type SeenColumn, watchedBy } from './guess.js';
import { recognise, type Shape } from './shape.js';

/** What is missing for a shape that was found, as YAML. */
const MORE: Readonly<Record<string, string>> = {
  versions: ', names: { public.leads: Lead }',
  audits: ', names: { public.leads: Lead }',
};

/** A table of the database as the catalog has it. */
interface Seen {
  /** As an object type. */
  readonly object: string;
  readonly name: string;
  readonly columns: readonly SeenColumn[];
}

/** What is to be said of one table: a sentence, and what stands for it in runback.yml, where it can be used. */
interface Advised {
  readonly says: string;
  /** When it is put there, as the beginning of a sentence. */
  readonly where?: string;
  readonly config?: string;
}

/**
 * Audit tables of a common shape that runback.yml says nothing of, each as a sentence with what to put there; where there are
 * several, they are one list. Changes nothing.
 */
export async function unusedAudits(reader: Reader, platform: string, options: CallOptions): Promise<readonly string[]> {
  const rows = await reader.ask(
    `SELECT n.nspname, c.relname, (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod))) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
    [],
    options,
    'looking for an audit table',
  );
  const tables = rows.map(([schema, name, columns]): Seen => {
    const seen = (JSON.parse(columns ?? '[]') as readonly SeenColumn[] | null) ?? [];
    return { object: objectName({ schema: schema ?? '', name: name ?? '' }), name: name ?? '', columns: seen };
  });
  const found = tables.flatMap((table) => advisedOf(table, tables) ?? []);
  const usable = found.flatMap(({ config }) => config ?? []);
  if (usable.length < 2)
    return found.map(({ says, where, config }) =>
      config === undefined ? says : `${says} ${where ?? ''}, put under ${platform} in runback.yml:  audit: ${config}`,
    );
  return [
    ...found.map(({ says }) => says),
    `If their columns mean this, put under ${platform} in runback.yml to plan from them without a snapshot:  audit: [${usable.join(', ')}]`,
  ];
}

function advisedOf(table: Seen, all: readonly Seen[]): Advised | undefined {
  const { object, columns } = table;
  const there = columns.map((column) => column.name);
  const known = recognise(there);
  if (known === undefined) return byHand(table, all);
  const by = known.name === 'record_version' && !there.includes('auth_uid') ? ', by: written_by' : '';
  return {
    says: `${object} has the shape of an audit table (${known.name}) and is not used.`,
    where: 'To plan from it without a snapshot',
    config: `{ table: ${JSON.stringify(object)}${by}${MORE[known.name] ?? ''} }`,
  };
}

/** A table that somebody made: what it may be, to be looked at. */
function byHand({ object, name, columns }: Seen, all: readonly Seen[]): Advised | undefined {
  const watched = watchedBy(
    name,
    all.filter((one) => one.object !== object),
  );
  const found = guess(columns, watched?.object) ?? (watched === undefined ? undefined : copyOf(columns, watched));
  if (found === undefined) return undefined;
  if ('lacks' in found) return { says: `${object} looks like an audit table, but lacks ${found.lacks}, so it cannot be used.` };
  const about = found.config.about === undefined ? '' : ` of ${[found.config.about].flat().join(', ')}`;
  return {
    says: `${object} looks like an audit table${about} that someone made, and is not used.`,
    where: 'If its columns mean this',
    config: flow({ table: object, ...found.config } satisfies AuditConfig),
  };
}

/** A flow mapping of YAML. */
function flow(of: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(of).map(
    ([key, value]) => `${key}: ${typeof value === 'object' && value !== null ? flow({ ...value }) : plain(String(value))}`,
  );
  return `{ ${pairs.join(', ')} }`;
}

const plain = (text: string): string => (/^[a-z_]\w*$/u.test(text) ? text : JSON.stringify(text));

/** That an audit table has no index by which entries about one table or record are found; undefined where it has. */
export async function missingIndex(reader: Reader, shape: Shape, options: CallOptions): Promise<string | undefined> {
  const { oid, schema, name } = shape.of;
  const useful = [oid, schema, name, ...shape.key].filter((one) => one !== undefined);
  // Where the key is in the kept row, only an index of an expression serves, and none is told from another here.
  if (useful.length === 0) return undefined;
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
