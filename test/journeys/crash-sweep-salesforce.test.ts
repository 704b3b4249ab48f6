import { sweepCalls } from './support/sweep-calls.js';
import { sweptSalesforce } from './support/swept-salesforce.js';

sweepCalls(sweptSalesforce, { part: 1, of: 1 });
