export { type JobHands, type JobOutcome, runJob } from './jobs/run.js';
export { jobViews, type JobView } from './jobs/overview.js';
