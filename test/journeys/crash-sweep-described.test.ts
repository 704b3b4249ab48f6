import { sweepCalls } from './support/sweep-calls.js';
import { sweptDescribed } from './support/swept-described.js';

sweepCalls(sweptDescribed, { part: 1, of: 1 });
