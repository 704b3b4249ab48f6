import type { LinkSchema, ObjectSchema } from '../../../records/index.js';
import type { PairRow } from './catalog.js';

/** A column as the catalog has it. */
export interface Column {
  readonly name: string;
  /** Its type without length or precision, domains followed to their base; safe in SQL. */
  readonly base: string;
  /** The same type for a cast on any search path: with its schema, quoted. */
  readonly cast: string;
  /** Values may be of any length. */
  readonly variable: boolean;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  readonly generated: boolean;
  /** The rising sequence that its values come from, quoted for SQL. */
  readonly sequence: string | undefined;
  readonly isEnum: boolean;
  /** It has parts of its own: an array, a row, a range. */
  readonly parts: boolean;
  /** As JSON it is what a function makes of it, and not its text. */
  readonly asJson: boolean;
  /** Equality of the key's index, schema-qualified: `OPERATOR(pg_catalog.=)`. */
  readonly equals: string;
  /** How its text becomes a canonical value. */
  readonly value: 'text' | 'boolean' | 'integer';
}

/** A table with what reading and writing need beyond its {@link ObjectSchema}. */
export interface Table {
  readonly oid: string;
  readonly object: string;
  readonly schema: string;
  readonly name: string;
  /** `r` table, `p` partitioned table; others are refused. */
  readonly kind: string;
  /** This user may read all of it. */
  readonly readable: boolean;
  readonly columns: ReadonlyMap<string, Column>;
  readonly description: ObjectSchema;
  /** Columns of unique indexes: writing them takes a stronger lock. */
  readonly uniqueColumns: ReadonlySet<string>;
  /** What stands after a write is only known once its triggers, rules or cascades have run. */
  readonly settlesLater: boolean;
  /** Foreign keys, of any table, that change, delete or orphan records when a record of this one is deleted. */
  readonly reachedOnDelete: readonly Reach[];
}

/** One column of a foreign key, the column it refers to, and how the constraint itself compares the two. */
export type Pair = PairRow;

/** A foreign key that a delete goes on through, or that the database would leave pointing at nothing. */
export interface Reach {
  /** Name of the constraint. */
  readonly name: string;
  /** The referring table, as `FROM` takes it. */
  readonly from: string;
  /** It refers to records of its own table. */
  readonly self: boolean;
  /** Every record that refers can be seen by this user. */
  readonly readable: boolean;
  readonly pairs: readonly Pair[];
  /** Oid of the partition whose records alone are referred to. */
  readonly part: string | undefined;
}

/** A foreign key with what it compares. */
export interface ForeignKey {
  readonly link: LinkSchema;
  readonly pairs: readonly Pair[];
  /** Oids of the partitions that it leaves and reaches, where it is not one of the whole table. */
  readonly fromPart: string | undefined;
  readonly toPart: string | undefined;
}
