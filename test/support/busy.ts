/**
 * Milliseconds that a busy machine may add to what a test waits for; none with RUNBACK_TEST_STRICT=1, as the acceptance runs it: one
 * thing at a time, so that the promised time itself is held.
 */
export function busyMs(most: number): number {
  return process.env['RUNBACK_TEST_STRICT'] === '1' ? 0 : most;
}
