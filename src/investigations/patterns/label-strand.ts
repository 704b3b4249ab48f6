import { burstsOf } from '../strands/bursts.js';
import type { Strand } from '../strands/move.js';
import { stretchesOf } from '../strands/stretches.js';
import { labelOneValue } from './one-value.js';
import { labelPassedOn } from './passed-on.js';
import { labelRemapped } from './remapped.js';
import { labelSameShift } from './same-shift.js';
import { labelStale, labelStalePast } from './stale.js';
import { labelTruncated } from './truncated.js';

/** Labels the past of a strand, as its present is labelled, so that both can be compared. */
export function labelPast({ past, schema }: Strand): void {
  labelTruncated(past, schema);
  labelSameShift(past, schema);
  labelOneValue(past, []);
  labelStalePast(past, schema);
}

/** Labels what was written since the base by what many writes have in common; `busiestHour`: of the past. */
export function labelPresent({ moves, past, schema }: Strand, busiestHour: number): void {
  labelTruncated(moves, schema);
  labelPassedOn(moves, schema);
  labelStale(moves, schema);
  labelSameShift(moves, schema);
  labelOneValue(moves, past);
  const { bursts } = burstsOf(moves, busiestHour);
  for (const burst of bursts.length > 0 ? bursts : past.length === 0 ? stretchesOf(moves) : []) labelRemapped(burst);
}
