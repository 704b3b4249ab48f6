import type { Value } from '../record.js';

/** Why a platform should not take a value, as far as its own description tells. */
export type SampleRefusal = 'too-long' | 'no-option' | 'other-form' | 'other-type' | 'out-of-range' | 'missing' | 'taken';

/** A value to try a field with. */
export interface Sample {
  /** Undefined: the field is left out. */
  readonly value: Value | undefined;
  /** What is special about it, in words. */
  readonly about: string;
  /** It should be refused, for this reason. */
  readonly refused?: SampleRefusal;
}
