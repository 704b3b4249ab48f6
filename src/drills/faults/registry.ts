import type { Fault } from './fault.js';
import { overwrite } from './overwrite.js';

/** Every fault of the data, by the name that drills use. */
export const FAULTS: readonly Fault[] = [overwrite];
