import type { CommandSpec } from '../../shell/command.js';
import { canaryVerb } from './canary.js';
import { listVerb } from './list.js';
import { replayVerb } from './replay.js';
import { reviewVerb } from './review.js';
import { runVerb } from './run.js';
import { showVerb } from './show.js';
import { silenceVerb } from './silence.js';
import { statusVerb } from './status.js';

/** The verbs of `runback monitor`, in the order in which its help shows them. */
export const commands: readonly CommandSpec[] = [listVerb, statusVerb, showVerb, runVerb, replayVerb, silenceVerb, reviewVerb, canaryVerb];
