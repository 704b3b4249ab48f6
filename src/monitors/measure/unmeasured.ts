import { messageOf, RunbackError } from '../../lib/index.js';
import type { Measurement } from '../types.js';

/** Codes that say: these credentials are not accepted, or not any longer. */
const REFUSED = /^(?:auth-|secret-missing$)/u;

/** Why something could not be measured, as a measurement of its own. */
export function unmeasuredBecause(error: unknown, at: Date): Measurement {
  const isRefused = error instanceof RunbackError && REFUSED.test(error.code);
  return { kind: 'unmeasured', at: at.toISOString(), why: `${messageOf(error)}.`.replace(/\.\.$/u, '.'), ...(isRefused && { authorization: true }) };
}

export const unmeasured = (why: string, at: Date): readonly Measurement[] => [{ kind: 'unmeasured', at: at.toISOString(), why }];
