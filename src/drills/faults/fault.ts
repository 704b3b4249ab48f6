import type { z } from 'zod';

import type { Random, Who, WrittenValues } from '../../sandbox/index.js';
import type { StagedAccount } from '../../stages/index.js';

/**
 * One way in which the data of an account goes wrong: a documented piece with parameters, of which a drill names one.
 *
 * Promises of every fault:
 * - it writes through the stage and as the writer that it is given, as the real failure would;
 * - it speaks to no vendor: what it needs to know it asks the stage (fields, options, links);
 * - the same stage, parameters and seed give the same damage;
 * - it throws `fault-impossible` where it cannot take effect here (no such field, no records to take), and has written
 *   nothing then.
 *
 * What it damaged is not for it to say: the truth before and after it is compared.
 */
export interface Fault<P = unknown> {
  /** As `fault.kind` of a drill. */
  readonly kind: string;
  /** One sentence for people: what happens to the data. */
  readonly does: string;
  /** Its parameters, without `kind` and without those that all have. */
  readonly parameters: z.ZodType<P>;
  strike(stage: FaultStage, parameters: P): Promise<void>;
}

/** What a fault is given. */
export interface FaultStage {
  readonly account: StagedAccount;
  readonly random: Random;
  /** Who does the damage. */
  readonly by: Who;
  /** Lets a moment pass on the platform, where a fault comes in several passes. */
  pause(): Promise<void>;
  /** Writes, as somebody else, what is right and has to survive. */
  innocent(object: string, key: string, values: WrittenValues): Promise<void>;
}
