import { type JUnitCase, junitDocument, type JUnitSuite } from '../../document/index.js';
import { defined } from '../../lib/index.js';
import type { DrillResult } from '../result.js';
import { CHECK_WORDS } from '../verdict/words.js';

/** A drill that could not be staged. */
export interface Unstaged {
  readonly drill: string;
  readonly message: string;
}

/** Results as JUnit XML, as pipelines read it: a drill is a suite, each of its checks a case. */
export function junitXml(results: readonly DrillResult[], unstaged: readonly Unstaged[] = []): string {
  return junitDocument('runback drills', [...results.map(suite), ...unstaged.map(brokenSuite)]);
}

function suite(result: DrillResult): JUnitSuite {
  const { drill, mustFail = [], people, recoveryMs, startedAt } = result;
  // What is built to fail is judged by that alone, whether it did, once it was staged and came to its end.
  const wanted = (name: string, passed: boolean): boolean => {
    if (mustFail.includes(name)) return !passed;
    return passed || (mustFail.length > 0 && name !== 'took_effect' && name !== 'ended');
  };
  const cases = result.checks.map(({ name, passed, found, wanted: should }): JUnitCase => {
    const text = `${CHECK_WORDS[name]}: ${found} (wanted: ${mustFail.includes(name) ? 'a failure' : should})`;
    return { name: CHECK_WORDS[name], ...defined({ failure: wanted(name, passed) ? undefined : text }) };
  });
  // What a game day found missing: told, and no failure.
  const told = people?.findings.map(({ kind, what, owner, next }) => `${kind}: ${what}. ${owner}: ${next}`) ?? [];
  return { name: drill, seconds: recoveryMs / 1000, at: startedAt, cases, told };
}

function brokenSuite({ drill, message }: Unstaged): JUnitSuite {
  return { name: drill, seconds: 0, cases: [{ name: 'could be staged', error: message }] };
}
