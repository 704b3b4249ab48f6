import { sweepCalls } from './support/sweep-calls.js';
import { sweptHubSpot } from './support/swept-hubspot.js';

sweepCalls(sweptHubSpot, { part: 1, of: 2 });
