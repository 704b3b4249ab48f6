import type { CommandSpec } from '../../shell/command.js';
import { acceptVerb } from './accept.js';
import { driftVerb } from './drift.js';
import { initVerb } from './init.js';
import { lintVerb } from './lint.js';
import { pingPongVerb } from './ping-pong.js';
import { showVerb } from './show.js';

/** The verbs of `runback mapping`, in the order in which its help shows them. */
export const commands: readonly CommandSpec[] = [initVerb, lintVerb, showVerb, driftVerb, acceptVerb, pingPongVerb];
