import type { FailureDetail } from '../failure.js';

/** One entry of a batch answer's `errors`. */
export interface BatchError {
  readonly status: 'error';
  readonly category: string;
  readonly subCategory?: string;
  readonly message: string;
  readonly context?: Readonly<Record<string, readonly string[]>>;
  readonly errors?: readonly FailureDetail[];
}

/**
 * A batch answer: 207 as soon as anything failed, else the status of success. Times are those of the sandbox's clock.
 */
export function batchAnswer(
  results: readonly unknown[],
  errors: readonly BatchError[],
  success: number,
  now: number,
): { status: number; body: unknown } {
  const at = new Date(now).toISOString();
  return {
    status: errors.length > 0 ? 207 : success,
    body: { status: 'COMPLETE', results, ...(errors.length > 0 && { numErrors: errors.length, errors }), startedAt: at, completedAt: at },
  };
}
