import { type ErrorCode, type ErrorDetails, RunbackError } from '../../lib/index.js';

/**
 * A failure of an action that ended itself and said something: the steps behind it and its undo go on with these
 * outputs.
 */
export class FailedAttempt extends RunbackError {
  constructor(
    code: ErrorCode,
    message: string,
    readonly outputs: Readonly<Record<string, unknown>>,
    details: ErrorDetails = {},
  ) {
    super(code, message, details);
  }
}
