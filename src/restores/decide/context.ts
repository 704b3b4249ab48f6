import type { FieldSchema, ObjectSchema } from '../../records/index.js';
import type { PlanFilters, RecordSides } from '../types.js';
import type { Suspicion } from './attribution.js';

/** A file that a base was made from. */
export interface FilePart {
  readonly file: string;
  /** Fields that the object type has. */
  readonly of: number;
}

/** Everything a decision depends on beside the record itself. */
export interface DecideContext {
  /** The object type when the base snapshot was made. */
  readonly baseSchema: ObjectSchema;
  /** The object type now. */
  readonly liveSchema: ObjectSchema;
  /**
   * The base was made from a file: it holds some fields of a record only, so that a record is never created from it
   * unasked.
   */
  readonly imported?: FilePart;
  readonly filters: PlanFilters;
  readonly suspicion: Suspicion;
  /** Fields that cannot be written and are compared all the same. */
  readonly watched?: readonly FieldSchema[];
  /** When the damage first wrote a field of a record, where that is known of each: ISO 8601. What is older is none of it. */
  readonly since?: (key: string, field: string) => string | undefined;
  /** Whether a field of a record is among what a person chose; absent: nothing was chosen field by field. */
  readonly isChosen?: (key: string, field: string) => boolean;
  /** The compiled `where` filter; `field` is empty for a whole record. */
  readonly where?: (field: string, sides: RecordSides) => boolean;
}
