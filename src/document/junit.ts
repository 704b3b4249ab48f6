/** A suite of a JUnit XML report, as pipelines read it. */
export interface JunitSuite {
  readonly name: string;
  readonly cases: readonly JunitCase[];
  /** Seconds, as they are to be shown. */
  readonly time: string;
  /** ISO 8601. */
  readonly timestamp?: string;
  /** Lines that are told, and no failure. */
  readonly output?: readonly string[];
}

/** Passed where it has neither. `failure`: not as it should be; `error`: it could not be found out. */
export interface JunitCase {
  readonly name: string;
  /** Default: the name of the suite; '' for none. */
  readonly classname?: string;
  readonly failure?: string;
  readonly error?: string;
}

/** Suites as JUnit XML. Texts are as people and platforms wrote them. */
export function junitDocument(name: string, suites: readonly JunitSuite[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${escaped(name)}">\n${suites.map(suiteXml).join('')}</testsuites>\n`;
}

function suiteXml({ name, cases, time, timestamp, output = [] }: JunitSuite): string {
  const count = (what: 'failure' | 'error'): number => cases.filter((one) => one[what] !== undefined).length;
  const when = timestamp === undefined ? '' : ` timestamp="${timestamp}"`;
  const attributes = `name="${escaped(name)}" tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" time="${time}"${when}`;
  const out = output.length === 0 ? '' : `    <system-out>${output.map(escaped).join('\n')}</system-out>\n`;
  return `  <testsuite ${attributes}>\n${cases.map((one) => caseXml(one, name)).join('')}${out}  </testsuite>\n`;
}

function caseXml({ name, classname, failure, error }: JunitCase, suite: string): string {
  const of = classname ?? suite;
  const inside = [
    ...(failure === undefined ? [] : [`<failure message="${escaped(failure)}"/>`]),
    ...(error === undefined ? [] : [`<error message="${escaped(error)}"/>`]),
  ].join('');
  return `    <testcase${of === '' ? '' : ` classname="${escaped(of)}"`} name="${escaped(name)}">${inside}</testcase>\n`;
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
