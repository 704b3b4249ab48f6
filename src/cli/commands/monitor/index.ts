import type { CommandSpec } from '../../shell/command.js';
import { canaryVerb } from './canary.js';
import { reviewVerb } from './review.js';

/** The verbs of `runback monitor`, in the order in which its help shows them. */
export const commands: readonly CommandSpec[] = [reviewVerb, canaryVerb];
