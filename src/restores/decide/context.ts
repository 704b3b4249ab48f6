import type { FieldSchema, ObjectSchema } from '../../records/index.js';
import type { PlanFilters, RecordSides } from '../types.js';
import type { Suspicion } from './attribution.js';

/** Everything a decision depends on beside the record itself. */
export interface DecideContext {
  /** The object type when the base snapshot was made. */
  readonly baseSchema: ObjectSchema;
  /** The object type now. */
  readonly liveSchema: ObjectSchema;
  readonly filters: PlanFilters;
  readonly suspicion: Suspicion;
  /** Fields that cannot be written and are compared all the same. */
  readonly watched?: readonly FieldSchema[];
  /** The compiled `where` filter; `field` is empty for a whole record. */
  readonly where?: (field: string, sides: RecordSides) => boolean;
}
