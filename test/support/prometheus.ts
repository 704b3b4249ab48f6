import { spawnSync } from 'node:child_process';

/** One sample of a scrape. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/u;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/u;
const TYPES = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped']);

/**
 * Reads a scrape by the text format 0.0.4, strictly: each family once, its two header lines before its samples, no sample twice, no
 * stray blank, a newline at the end. Throws what is wrong, with its line.
 */
export function parseScrape(text: string): readonly Sample[] {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const types = new Map<string, string>();
  const helped = new Set<string>();
  const seen = new Set<string>();
  const samples: Sample[] = [];
  let current = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const fail = (why: string): never => {
      throw new Error(`${why}: ${line}`);
    };
    const [, word, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/u.exec(line) ?? [];
    if (word !== undefined) {
      if (!NAME.test(name)) fail('no name of a metric');
      if (word === 'HELP' && helped.has(name)) fail('a second HELP');
      if (word === 'HELP') helped.add(name);
      if (word === 'HELP' && /\\(?![\\n])/u.test(rest)) fail('a backslash that escapes nothing');
      if (word === 'TYPE' && (types.has(name) || !TYPES.has(rest))) fail('a second or unknown TYPE');
      if (word === 'TYPE') types.set(name, rest);
      current = name;
      continue;
    }
    if (line.startsWith('#') || line.trim() !== line || line === '') fail('neither header nor sample');
    const sample = sampleIn(line, fail);
    if (sample.name !== current || !types.has(sample.name) || !helped.has(sample.name)) fail('a sample outside its family');
    const key = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (seen.has(key)) fail('the same sample twice');
    seen.add(key);
    if (types.get(sample.name) === 'counter' && (!sample.name.endsWith('_total') || sample.value < 0)) fail('no counter');
    if (types.get(sample.name) === 'gauge' && sample.name.endsWith('_total')) fail('a gauge called as a counter');
    samples.push(sample);
  }
  return samples;
}

function sampleIn(line: string, fail: (why: string) => never): Sample {
  const [, name = fail('no name'), , inner, number = fail('no value')] = /^([^\s{]+)(\{(.*)\})? (\S+)$/u.exec(line) ?? [];
  if (!NAME.test(name)) fail('no name of a metric');
  const value = /^(?:[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|Inf)|NaN)$/u.test(number) ? Number(number.replace('Inf', 'Infinity')) : fail('no number');
  const labels: Record<string, string> = {};
  let rest = inner ?? '';
  while (rest !== '') {
    const [whole, label = '', quoted = ''] = /^([^=,{}"]+)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?=.)|$)/u.exec(rest) ?? fail('no label');
    if (!LABEL.test(label) || label.startsWith('__') || label in labels) fail('no name of a label, or twice');
    labels[label] = quoted.replaceAll(/\\(.)/gu, (_, sign: string) => (sign === 'n' ? '\n' : sign));
    rest = rest.slice(whole.length);
  }
  return { name, labels, value };
}

/** What `promtool check metrics` says of a scrape; undefined, with a line that says so, where there is none. */
export function promtoolSays(text: string): { readonly code: number | null; readonly said: string } | undefined {
  const program = process.env['RUNBACK_TEST_PROMTOOL'] ?? 'promtool';
  const { error, status, stdout, stderr } = spawnSync(program, ['check', 'metrics'], { input: text, encoding: 'utf8' });
  if (error === undefined) return { code: status, said: `${stdout}${stderr}` };
  console.log(`skipped: ${program} is not here, so the scrape is read by the grammar of the tests alone`);
  return undefined;
}
