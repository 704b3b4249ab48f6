import type { Row } from '../session.js';

/** Runs one statement of this page. */
export type Ask = (text: string, values: readonly unknown[]) => Promise<readonly Row[]>;

/** A relation as the catalog lists it. */
export interface RelationRow {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  /** A partition of another table, or part of an extension: not listed unless asked for by name. */
  readonly aside: boolean;
  readonly rowSecurity: boolean;
  /** This user may read the whole table. */
  readonly readable: boolean;
  readonly comment: string | null;
}

export interface ColumnRow {
  readonly oid: string;
  readonly name: string;
  readonly type: string;
  readonly base: string;
  /** The same for SQL on any search path: with its schema, quoted. */
  readonly cast: string;
  /** Values may be of any length. */
  readonly variable: boolean;
  readonly baseKind: string;
  readonly baseTypmod: number;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  readonly identity: string;
  readonly generated: boolean;
  /** The rising sequence that its values come from, quoted for SQL. */
  readonly sequence: string | null;
  /** It has parts of its own: an array, a row, a range. */
  readonly parts: boolean;
  /** As JSON it is what a function makes of it, and not its text. */
  readonly asJson: boolean;
  readonly comment: string | null;
  readonly options: readonly string[] | null;
}

export interface IndexRow {
  readonly oid: string;
  readonly primary: boolean;
  readonly columns: readonly string[];
  readonly equals: readonly string[];
}

/**
 * What is unique in a table: columns, the columns of its condition, and whether two records without a value share it.
 */
export interface UniqueRow {
  readonly oid: string;
  readonly columns: readonly string[];
  readonly condition: readonly string[] | null;
  readonly emptyCounts: boolean;
}

/** One column of a foreign key with what it refers to, and how the constraint itself compares the two. */
export interface PairRow {
  readonly column: string;
  readonly refers: string;
  /** Schema-qualified; the referred value stands on its left: `OPERATOR(public.=)`. */
  readonly equals: string;
  /** Types that the operator takes, where the columns have others; safe in SQL. */
  readonly referredAs: string | null;
  readonly referringAs: string | null;
  /** Collation of the referred column. */
  readonly collation: string | null;
  /** Two values that are equal to the constraint are the same text, and the other way round. */
  readonly exact: boolean;
}

export interface KeyRow {
  readonly oid: string;
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** The constraint that this is the copy of for a partition; `0` where it is none. */
  readonly parent: string;
  /** Name of the referring table, for sentences. */
  readonly fromName: string;
  /** The same as `FROM` takes it. */
  readonly fromQuoted: string;
  /** Name of the referring table without its schema. */
  readonly fromPlain: string;
  /** Records lie in the table itself: it has no partitions. */
  readonly fromLeaf: boolean;
  readonly toLeaf: boolean;
  /** This user sees every record that refers. */
  readonly fromReadable: boolean;
  readonly pairs: readonly PairRow[];
  /** The database sees to it that what is referred to is there. */
  readonly enforced: boolean;
  /** What happens to it when the referred record is deleted or its key changes: a, r, c, n, d. */
  readonly onDelete: string;
  readonly onUpdate: string;
}

/** A table with one of the partitions, at any depth, that its records lie in. */
export interface PartRow {
  readonly root: string;
  readonly oid: string;
}

export interface EffectRow {
  readonly oid: string;
  readonly name: string;
  /** Bits of `tgtype` of a trigger; for a rule, the kind of statement. */
  readonly type: number;
  readonly calls: string | null;
  readonly enabled: string;
}

/** A trigger, with what tells what it does. */
export interface TriggerRow extends EffectRow {
  /** False for one that belongs to a partition alone. */
  readonly whole: boolean;
  /** It fires only where certain columns are written. */
  readonly ofColumns: boolean;
  /** Its arguments: bytes, each ended by a zero. */
  readonly args: string;
  readonly language: string;
  readonly source: string;
  /** Its statement, where it has a condition. */
  readonly definition: string | null;
}

/** Every relation that holds or shows records, system ones left out. */
export async function relations(ask: Ask): Promise<RelationRow[]> {
  return json<RelationRow>(
    ask,
    `SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind, row_security_active(c.oid) AS "rowSecurity",
       coalesce(has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'), true) AS readable,
       obj_description(c.oid, 'pg_class') AS comment,
       c.relispartition OR EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') AS aside
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
    [],
  );
}

/** Columns in their order, each with its type followed through domains. */
export async function columns(ask: Ask, oids: readonly string[]): Promise<ColumnRow[]> {
  return json<ColumnRow>(
    ask,
    `SELECT a.attrelid::text AS oid, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, format_type(base.oid, -1) AS base,
       format('%I.%I', base.schema, base.typname) AS cast, a.attlen < 0 AS variable,
       base.typtype AS "baseKind", base.typmod AS "baseTypmod", a.attnotnull AS "notNull", a.atthasdef AS "hasDefault",
       a.attidentity AS identity, a.attgenerated <> '' AS generated,
       (SELECT min(format('%I.%I', sn.nspname, s.relname)) FROM pg_class s JOIN pg_namespace sn ON sn.oid = s.relnamespace JOIN pg_sequence q ON q.seqrelid = s.oid
        WHERE q.seqincrement > 0 AND s.oid IN (
          SELECT d.objid FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum AND d.deptype IN ('a', 'i')
          UNION ALL SELECT d.refobjid FROM pg_attrdef ad JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = ad.oid AND d.refclassid = 'pg_class'::regclass
          WHERE ad.adrelid = a.attrelid AND ad.adnum = a.attnum)) AS sequence,
       base.typcategory = 'A' OR base.typtype IN ('c', 'r', 'm') AS parts,
       base.oid >= 16384 AND EXISTS (SELECT FROM pg_cast ca WHERE ca.castsource = base.oid AND ca.casttarget = 'json'::regtype AND ca.castfunc <> 0) AS "asJson",
       col_description(a.attrelid, a.attnum) AS comment,
       (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = base.oid) AS options
     FROM pg_attribute a
     CROSS JOIN LATERAL (
       WITH RECURSIVE followed AS (
         SELECT t.oid, t.typtype, t.typbasetype, t.typtypmod, a.atttypmod AS typmod FROM pg_type t WHERE t.oid = a.atttypid
         UNION ALL
         SELECT b.oid, b.typtype, b.typbasetype, b.typtypmod, f.typtypmod FROM followed f JOIN pg_type b ON b.oid = f.typbasetype WHERE f.typtype = 'd'
       ) SELECT f.*, t.typname, t.typcategory, n.nspname AS schema FROM followed f JOIN pg_type t ON t.oid = f.oid JOIN pg_namespace n ON n.oid = t.typnamespace WHERE f.typtype <> 'd'
     ) base
     WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attrelid, a.attnum`,
    [oids],
  );
}

/**
 * Indexes that can make a key: unique, of all records, checked at once, of plain columns; the primary key first. With
 * the equality of each column, which is not on the search path for types of extensions.
 */
export async function uniqueIndexes(ask: Ask, oids: readonly string[]): Promise<IndexRow[]> {
  return json<IndexRow>(
    ask,
    `SELECT i.indrelid::text AS oid, i.indisprimary AS primary, json_agg(a.attname ORDER BY k.place) AS columns,
       json_agg(format('OPERATOR(%I.%s)', opn.nspname, op.oprname) ORDER BY k.place) AS equals
     FROM pg_index i
     CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indclass::oid[]) WITH ORDINALITY AS k(attnum, class, place)
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
     JOIN pg_opclass oc ON oc.oid = k.class
     JOIN pg_amop ao ON ao.amopfamily = oc.opcfamily AND ao.amopstrategy = 3 AND ao.amoplefttype = oc.opcintype AND ao.amoprighttype = oc.opcintype
     JOIN pg_operator op ON op.oid = ao.amopopr JOIN pg_namespace opn ON opn.oid = op.oprnamespace
     WHERE i.indrelid = ANY ($1::oid[]) AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
       AND k.place <= i.indnkeyatts
     GROUP BY i.indexrelid, i.indrelid, i.indisprimary, i.indnkeyatts
     ORDER BY i.indrelid, i.indisprimary DESC, i.indnkeyatts, i.indexrelid`,
    [oids],
  );
}

/** The columns that a generated column is made of. */
const SOURCES = `LEFT JOIN LATERAL (
  SELECT s.attname FROM pg_attrdef f
  JOIN pg_depend d ON d.refobjid = f.adrelid AND d.refobjsubid > 0 AND d.refobjsubid <> f.adnum AND (
    (d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid) OR (d.classid = 'pg_class'::regclass AND d.objid = f.adrelid AND d.objsubid = f.adnum)
  )
  JOIN pg_attribute s ON s.attrelid = f.adrelid AND s.attnum = d.refobjsubid
  WHERE f.adrelid = c.attrelid AND f.adnum = c.attnum AND c.attgenerated <> ''
) g ON true`;

/**
 * Everything that is unique, deferred, partial and of expressions too. The columns of an expression stand for it, those
 * of a generated column for that column: records that are equal in them are equal there.
 */
export async function uniques(ask: Ask, oids: readonly string[]): Promise<UniqueRow[]> {
  return json<UniqueRow>(
    ask,
    `WITH parts AS (
       SELECT i.indexrelid, a.attrelid, a.attnum, a.attname, a.attgenerated, bool_or(u.keyed OR (u.depends AND position(quote_ident(a.attname) IN u.expressions) > 0)) AS keyed
       FROM pg_index i
       CROSS JOIN LATERAL (
         SELECT k.attnum, true AS keyed, false AS depends, '' AS expressions
         FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place) WHERE k.attnum > 0 AND k.place <= i.indnkeyatts
         UNION ALL
         SELECT d.refobjsubid, false, true, coalesce(pg_get_expr(i.indexprs, i.indrelid), '')
         FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.refobjid = i.indrelid AND d.refobjsubid > 0
       ) u
       JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
       WHERE i.indrelid = ANY ($1::oid[]) AND i.indisunique AND i.indisvalid
       GROUP BY i.indexrelid, a.attrelid, a.attnum, a.attname, a.attgenerated
     )
     SELECT i.indrelid::text AS oid,
       (SELECT json_agg(DISTINCT coalesce(g.attname, c.attname)) FROM parts c ${SOURCES} WHERE c.indexrelid = i.indexrelid AND c.keyed) AS columns,
       (SELECT json_agg(DISTINCT coalesce(g.attname, c.attname)) FROM parts c ${SOURCES} WHERE c.indexrelid = i.indexrelid AND NOT c.keyed) AS condition,
       coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false) AS "emptyCounts"
     FROM pg_index i WHERE EXISTS (SELECT FROM parts c WHERE c.indexrelid = i.indexrelid AND c.keyed)
     ORDER BY i.indrelid, i.indexrelid`,
    [oids],
  );
}

/**
 * The tables `$1` and their partitions, at any depth. The functions for that would wait for whoever has locked one of
 * them.
 */
const PARTS = `WITH RECURSIVE part AS (
       SELECT root, root AS oid FROM unnest($1::oid[]) AS root
       UNION SELECT part.root, i.inhrelid FROM part JOIN pg_inherits i ON i.inhparent = part.oid JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relispartition
     )`;

/** Partitions of these tables, at any depth. */
export async function partitions(ask: Ask, oids: readonly string[]): Promise<PartRow[]> {
  return json<PartRow>(ask, `${PARTS} SELECT root::text AS root, oid::text AS oid FROM part WHERE oid <> root ORDER BY root, oid`, [oids]);
}

/**
 * Foreign keys that leave or reach these tables. What two columns are compared with is the constraint's own business:
 * with `citext` the equality of `pg_catalog` would not find every record that refers.
 */
export async function foreignKeys(ask: Ask, oids: readonly string[]): Promise<KeyRow[]> {
  const taken = (side: 'oprleft' | 'oprright', column: string): string =>
    `(SELECT format('%I.%I', tn.nspname, ty.typname) FROM pg_type ty JOIN pg_namespace tn ON tn.oid = ty.typnamespace
       WHERE ty.oid = op.${side} AND ty.oid <> ${column}.atttypid AND ty.typtype <> 'p')`;
  return json<KeyRow>(
    ask,
    `SELECT c.oid::text AS oid, c.conname AS name, c.conrelid::text AS "from", c.confrelid::text AS "to", c.conparentid::text AS parent,
       c.conrelid::regclass::text AS "fromName", format('%s%I.%I', CASE WHEN r.relkind <> 'p' THEN 'ONLY ' END, n.nspname, r.relname) AS "fromQuoted",
       r.relname AS "fromPlain", r.relkind <> 'p' AS "fromLeaf", (SELECT t.relkind <> 'p' FROM pg_class t WHERE t.oid = c.confrelid) AS "toLeaf",
       has_schema_privilege(n.oid, 'USAGE') AND NOT row_security_active(r.oid) AND (has_table_privilege(r.oid, 'SELECT')
         OR (SELECT bool_and(has_column_privilege(r.oid, k, 'SELECT')) FROM unnest(c.conkey) AS k)) AS "fromReadable",
       (SELECT json_agg(json_build_object('column', f.attname, 'refers', p.attname, 'equals', format('OPERATOR(%I.%s)', opn.nspname, op.oprname),
          'referredAs', ${taken('oprleft', 'p')}, 'referringAs', ${taken('oprright', 'f')},
          'collation', (SELECT format('%I.%I', con.nspname, co.collname) FROM pg_collation co JOIN pg_namespace con ON con.oid = co.collnamespace WHERE co.oid = p.attcollation),
          'exact', (ARRAY[p.atttypid, f.atttypid] <@ '{int2,int4,int8}'::regtype[]::oid[] OR ARRAY[p.atttypid, f.atttypid] <@ '{text,varchar}'::regtype[]::oid[]
            OR ARRAY[p.atttypid, f.atttypid] <@ '{uuid}'::regtype[]::oid[])
            AND coalesce((SELECT co.collisdeterministic FROM pg_collation co WHERE co.oid = p.attcollation), true)
        ) ORDER BY k.place)
        FROM unnest(c.conkey, c.confkey, c.conpfeqop) WITH ORDINALITY AS k(attnum, refnum, operator, place)
        JOIN pg_attribute f ON f.attrelid = c.conrelid AND f.attnum = k.attnum JOIN pg_attribute p ON p.attrelid = c.confrelid AND p.attnum = k.refnum
        JOIN pg_operator op ON op.oid = k.operator JOIN pg_namespace opn ON opn.oid = op.oprnamespace) AS pairs,
       coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true)
         AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgconstraint = c.oid AND t.tgenabled IN ('D', 'R')) AS enforced,
       c.confdeltype AS "onDelete", c.confupdtype AS "onUpdate"
     FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
     WHERE c.contype = 'f' AND (c.conrelid = ANY ($1::oid[]) OR c.confrelid = ANY ($1::oid[]))
     ORDER BY c.conrelid, c.conname COLLATE "C", c.confrelid`,
    [oids],
  );
}

/**
 * Triggers that people or extensions made, on; with those of partitions, which run when a record of the whole is
 * written.
 */
export async function triggers(ask: Ask, oids: readonly string[]): Promise<TriggerRow[]> {
  return json<TriggerRow>(
    ask,
    `${PARTS}
     SELECT r.root::text AS oid, t.tgname AS name, t.tgtype::int AS type, t.tgfoid::regproc::text AS calls, t.tgenabled AS enabled,
       r.root = t.tgrelid AS whole, t.tgattr::text <> '' AS "ofColumns", encode(t.tgargs, 'hex') AS args, l.lanname AS language, p.prosrc AS source,
       CASE WHEN t.tgqual IS NOT NULL THEN pg_get_triggerdef(t.oid) END AS definition
     FROM part r
     JOIN pg_trigger t ON t.tgrelid = r.oid AND (t.tgparentid = 0 OR r.root = r.oid)
     JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_language l ON l.oid = p.prolang
     WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' ORDER BY r.root, t.tgname COLLATE "C", r.oid`,
    [oids],
  );
}

/** Rules that change what a write does. */
export async function rules(ask: Ask, oids: readonly string[]): Promise<EffectRow[]> {
  return json<EffectRow>(
    ask,
    `SELECT r.ev_class::text AS oid, r.rulename AS name, r.ev_type::text::int AS type, NULL AS calls, r.ev_enabled AS enabled
     FROM pg_rewrite r WHERE r.ev_class = ANY ($1::oid[]) AND r.rulename <> '_RETURN' AND r.ev_enabled <> 'D' ORDER BY r.ev_class, r.rulename COLLATE "C"`,
    [oids],
  );
}

/** Rows of a query as objects. */
export async function json<T>(ask: Ask, query: string, values: readonly unknown[]): Promise<T[]> {
  const rows = await ask(`SELECT to_json(q)::text FROM (${query}) q`, values);
  return rows.map(([text]) => JSON.parse(text ?? 'null') as T);
}
