import { defined, RunbackError } from '../../lib/index.js';

/** What nothing was done by: reading. */
export const READ_ONLY = 'Nothing was written by this call.';

/**
 * The error for a promise of `connector.ts` that a driver broke: `connector-broken`. `promise`: what should be so;
 * `instead`: what is. Never the platform's fault, nor that of whoever called; what was answered is not used.
 */
export function broken(kind: string, promise: string, instead: string, state: string, cause?: unknown): RunbackError {
  return new RunbackError('connector-broken', `The connector ${kind} broke a promise: ${promise}`, {
    why: `${instead}. The connector is at fault, not the platform and not what was asked of it.`,
    state,
    next: 'Report it with the log file, which holds no secrets. Trying again may help, and harms nothing.',
    data: { connector: kind },
    ...defined({ cause }),
  });
}
