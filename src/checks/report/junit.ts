import { junitDocument } from '../../document/index.js';
import { defined } from '../../lib/index.js';
import { type Offer, offerLines } from '../offers/index.js';
import type { CheckResult } from '../result.js';

/** Results as JUnit XML: a test is a suite, each thing that it wants a case. `offers`: what can be done about those that failed. */
export function checkJunit(results: readonly CheckResult[], offers: readonly Offer[] = []): string {
  return junitDocument(
    'runback tests',
    results.map(({ test, startedAt, endedAt, checks, passed: isPassed }) => ({
      name: test,
      seconds: (Date.parse(endedAt) - Date.parse(startedAt)) / 1000,
      at: startedAt,
      ...(!isPassed && offers.length > 0 && { told: offerLines(offers) }),
      cases: checks.map(({ name, passed, found, wanted }) => ({
        name,
        ...defined({ failure: passed ? undefined : `${name}: ${found} (wanted: ${wanted})` }),
      })),
    })),
  );
}
