import { sweepCalls } from './support/sweep-calls.js';

sweepCalls({ part: 1, of: 2 });
