import type { DrillResult } from '../result.js';
import { CHECK_WORDS } from '../verdict/words.js';

/** A drill that could not be staged. */
export interface Unstaged {
  readonly drill: string;
  readonly message: string;
}

/** Results as JUnit XML, as pipelines read it: a drill is a suite, each of its checks a case. */
export function junitXml(results: readonly DrillResult[], unstaged: readonly Unstaged[] = []): string {
  const suites = [...results.map(suite), ...unstaged.map(brokenSuite)];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="runback drills">\n${suites.join('')}</testsuites>\n`;
}

function suite(result: DrillResult): string {
  const { drill, mustFail = [] } = result;
  // What is built to fail is judged by that alone, whether it did, once it was staged and came to its end.
  const wanted = (name: string, passed: boolean): boolean => {
    if (mustFail.includes(name)) return !passed;
    return passed || (mustFail.length > 0 && name !== 'took_effect' && name !== 'ended');
  };
  const cases = result.checks.map(({ name, passed, found, wanted: should }) => {
    const text = `${CHECK_WORDS[name]}: ${found} (wanted: ${mustFail.includes(name) ? 'a failure' : should})`;
    const failure = wanted(name, passed) ? '' : `<failure message="${escaped(text)}"/>`;
    return `    <testcase classname="${escaped(drill)}" name="${escaped(CHECK_WORDS[name])}">${failure}</testcase>\n`;
  });
  const failures = result.checks.filter(({ name, passed }) => !wanted(name, passed)).length;
  const attributes = `name="${escaped(drill)}" tests="${cases.length}" failures="${failures}" errors="0" time="${(result.recoveryMs / 1000).toFixed(3)}" timestamp="${result.startedAt}"`;
  return `  <testsuite ${attributes}>\n${cases.join('')}${findingsOf(result)}  </testsuite>\n`;
}

/** What a game day found missing: told, and no failure. */
function findingsOf({ people }: DrillResult): string {
  if (people === undefined || people.findings.length === 0) return '';
  const lines = people.findings.map(({ kind, what, owner, next }) => `${kind}: ${what}. ${owner}: ${next}`);
  return `    <system-out>${lines.map(escaped).join('\n')}</system-out>\n`;
}

function brokenSuite({ drill, message }: Unstaged): string {
  return `  <testsuite name="${escaped(drill)}" tests="1" failures="0" errors="1" time="0">\n    <testcase classname="${escaped(drill)}" name="could be staged"><error message="${escaped(message)}"/></testcase>\n  </testsuite>\n`;
}

/** Text of an attribute; what XML cannot hold is left out. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll(/[\t\n\r]/gu, ' ');
}
