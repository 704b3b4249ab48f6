/** Results as JUnit XML, as pipelines read it. */
export interface JUnitSuite {
  readonly name: string;
  readonly seconds: number;
  /** ISO 8601. */
  readonly at?: string;
  readonly cases: readonly JUnitCase[];
  /** Told with it, line by line, and no failure. */
  readonly told?: readonly string[];
}

export interface JUnitCase {
  readonly name: string;
  /** What is not as it should be. */
  readonly failure?: string;
  /** Why it could not be judged. */
  readonly error?: string;
}

/** The text of the file. `name`: of all suites together. */
export function junitDocument(name: string, suites: readonly JUnitSuite[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${escaped(name)}">\n${suites.map(suiteText).join('')}</testsuites>\n`;
}

function suiteText({ name, seconds, at, cases, told = [] }: JUnitSuite): string {
  const many = (kind: 'failure' | 'error'): number => cases.filter((one) => one[kind] !== undefined).length;
  const when = at === undefined ? '' : ` timestamp="${escaped(at)}"`;
  const attributes = `name="${escaped(name)}" tests="${cases.length}" failures="${many('failure')}" errors="${many('error')}" time="${seconds.toFixed(3)}"${when}`;
  const out = told.length === 0 ? '' : `    <system-out>${told.map(escaped).join('\n')}</system-out>\n`;
  return `  <testsuite ${attributes}>\n${cases.map((one) => caseText(name, one)).join('')}${out}  </testsuite>\n`;
}

function caseText(suite: string, { name, failure, error }: JUnitCase): string {
  const wrong =
    error === undefined ? (failure === undefined ? '' : `<failure message="${escaped(failure)}"/>`) : `<error message="${escaped(error)}"/>`;
  return `    <testcase classname="${escaped(suite)}" name="${escaped(name)}">${wrong}</testcase>\n`;
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
