import type { RecordHistory } from '../../connectors/index.js';
import type { ObjectSchema } from '../../records/index.js';
import type { KnownSync } from '../types.js';

/** Histories of some records of an object type, by key. */
export interface SampledObject {
  readonly schema: ObjectSchema;
  readonly histories: ReadonlyMap<string, RecordHistory>;
}

/** What proposals are made of; nothing else is read, and there is no clock. */
export interface SampledPast {
  readonly objects: readonly SampledObject[];
  /** When the sample was drawn, in milliseconds, by the platform's clock. */
  readonly nowMs: number;
  readonly syncs: readonly KnownSync[];
  /** How the history names what runback itself wrote. */
  readonly own?: string;
}

/** A field that a writer writes on most days. */
export interface RegularField {
  /** `object.field`, as under `fields` of a sync. */
  readonly field: string;
  /** Days, of those that count, on which the sample shows a write. */
  readonly days: number;
  /** Writes of those days in the sample. */
  readonly writes: number;
}

/**
 * Why a field is not proposed although it was written: on too few days or not all along, far more in one day than on
 * others, or like damage in the last days.
 */
export type HeldBack = 'irregular' | 'burst' | 'suspicious';

export interface HeldField extends RegularField {
  readonly why: HeldBack;
}

/** What one writer is there to write, by what it did. */
export interface FieldProposal {
  /** Names of the platform's history: of a declared sync all that were seen, else one. */
  readonly writers: readonly string[];
  /** What people call the writer, where the platform tells. */
  readonly label?: string;
  /** Name of the declared sync; absent where it matches none. */
  readonly sync?: string;
  /** What runback.yml says already. */
  readonly declared?: readonly string[];
  readonly regular: readonly RegularField[];
  readonly held: readonly HeldField[];
}
