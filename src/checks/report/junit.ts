import { junitDocument } from '../../document/index.js';
import { defined } from '../../lib/index.js';
import type { CheckResult } from '../result.js';

/** Results as JUnit XML: a test is a suite, each thing that it wants a case. */
export function checkJunit(results: readonly CheckResult[]): string {
  return junitDocument(
    'runback tests',
    results.map(({ test, startedAt, endedAt, checks }) => ({
      name: test,
      seconds: (Date.parse(endedAt) - Date.parse(startedAt)) / 1000,
      at: startedAt,
      cases: checks.map(({ name, passed, found, wanted }) => ({
        name,
        ...defined({ failure: passed ? undefined : `${name}: ${found} (wanted: ${wanted})` }),
      })),
    })),
  );
}
