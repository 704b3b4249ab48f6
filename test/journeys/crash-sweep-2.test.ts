import { sweepCalls } from './support/sweep-calls.js';

sweepCalls({ part: 2, of: 2 });
