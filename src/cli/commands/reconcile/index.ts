import type { CommandSpec } from '../../shell/command.js';
import { historyVerb } from './history.js';
import { planVerb } from './plan.js';
import { runVerb } from './run.js';
import { viewVerb } from './view.js';

/** The verbs of `runback reconcile`, in the order in which its help shows them. */
export const commands: readonly CommandSpec[] = [runVerb, planVerb, viewVerb, historyVerb];
