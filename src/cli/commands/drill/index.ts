import type { CommandSpec } from '../../shell/command.js';
import { historyVerb } from './history.js';
import { listVerb } from './list.js';
import { reportVerb } from './report.js';
import { runVerb } from './run.js';
import { scheduleVerb } from './schedule.js';

/** The verbs of `runback drill`, in the order in which its help shows them. */
export const commands: readonly CommandSpec[] = [listVerb, runVerb, reportVerb, historyVerb, scheduleVerb];
