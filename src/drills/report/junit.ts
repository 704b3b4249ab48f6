import { junitDocument, type JunitSuite } from '../../document/index.js';
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

function suite(result: DrillResult): JunitSuite {
  const { drill, mustFail = [], people, recoveryMs, startedAt } = result;
  // What is built to fail is judged by that alone, whether it did, once it was staged and came to its end.
  const wanted = (name: string, passed: boolean): boolean => {
    if (mustFail.includes(name)) return !passed;
    return passed || (mustFail.length > 0 && name !== 'took_effect' && name !== 'ended');
  };
  return {
    name: drill,
    time: (recoveryMs / 1000).toFixed(3),
    timestamp: startedAt,
    cases: result.checks.map(({ name, passed, found, wanted: should }) => {
      const text = `${CHECK_WORDS[name]}: ${found} (wanted: ${mustFail.includes(name) ? 'a failure' : should})`;
      return { name: CHECK_WORDS[name], ...(wanted(name, passed) ? {} : { failure: text }) };
    }),
    // What a game day found missing: told, and no failure.
    output: (people?.findings ?? []).map(({ kind, what, owner, next }) => `${kind}: ${what}. ${owner}: ${next}`),
  };
}

function brokenSuite({ drill, message }: Unstaged): JunitSuite {
  return { name: drill, time: '0', cases: [{ name: 'could be staged', classname: '', error: message }] };
}
