import type { LinkSchema, ObjectSchema } from '../../records/index.js';

/** A column as the catalog has it. */
export interface Column {
  readonly name: string;
  /** Its type without length or precision, domains followed to their base; safe in SQL. */
  readonly base: string;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  readonly generated: boolean;
  readonly isEnum: boolean;
  /** Equality of the key's index, schema-qualified: `OPERATOR(pg_catalog.=)`. */
  readonly equals: string;
  /** How its text becomes a canonical value. */
  readonly value: 'text' | 'boolean' | 'integer';
}

/** A table with what reading and writing need beyond its {@link ObjectSchema}. */
export interface Table {
  readonly object: string;
  readonly schema: string;
  readonly name: string;
  /** `r` table, `p` partitioned table; others are refused. */
  readonly kind: string;
  readonly columns: ReadonlyMap<string, Column>;
  readonly description: ObjectSchema;
}

/** A foreign key with the columns it refers to. */
export interface ForeignKey {
  readonly link: LinkSchema;
  readonly columns: readonly string[];
  readonly refers: readonly string[];
}
