import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect } from 'vitest';

/** The checkout whose commands are run. */
export const root = fileURLToPath(new URL('../..', import.meta.url));
/** Long lines too: 20,000 stories, benchmarks. */
export const full = process.env['RUNBACK_TEST_FULL'] === '1';

export interface Ended {
  readonly code: number | null;
  /** Both streams, in the order they came. */
  readonly output: string;
  readonly stdout: string;
  readonly seconds: number;
}

/** Runs a command line of an issue in the checkout, without a terminal. */
export async function command(line: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const started = performance.now();
  const child = spawn('bash', ['-c', line], { cwd: root, env: { ...process.env, NO_COLOR: '1', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise<number | null>((done) => child.on('close', done));
  return { code, output, stdout, seconds: (performance.now() - started) / 1000 };
}

/** One run of test files: what passed and what did not, and what was printed on the way. */
export interface TestFigures {
  readonly passed: number;
  /** Of the tests that passed. */
  readonly names: readonly string[];
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
  readonly files: readonly string[];
  readonly output: string;
}

interface JsonReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/**
 * Runs test files as an issue names them: `npx vitest run <what>`. Fails the acceptance where the run did not end with
 * 0 or ran nothing.
 */
export async function expectTests(what: string, env: Readonly<Record<string, string>> = {}): Promise<TestFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'runback-acceptance-'));
  try {
    const file = join(folder, 'report.json');
    const { code, output } = await command(`npx vitest run ${what} --maxWorkers=1 --reporter=default --reporter=json --outputFile.json=${file}`, env);
    expect(code, `npx vitest run ${what}\n${output.slice(-6000)}`).toBe(0);
    const report = JSON.parse(await readFile(file, 'utf8')) as JsonReport;
    const all = report.testResults.flatMap(({ assertionResults }) => assertionResults);
    const named = (status: readonly string[]): string[] => all.flatMap((one) => (status.includes(one.status) ? [one.fullName] : []));
    const figures = {
      passed: named(['passed']).length,
      names: named(['passed']),
      failed: named(['failed']),
      skipped: named(['skipped', 'pending', 'todo']),
      files: report.testResults.map(({ name }) => name.slice(root.length)),
      output,
    };
    expect(figures.failed).toEqual([]);
    expect(figures.passed, `${what} ran nothing`).toBeGreaterThan(0);
    // A word that fits no file is passed over without a word.
    expect(
      what.split(' ').filter((word) => !figures.files.some((name) => name.includes(word))),
      'no file is called so',
    ).toEqual([]);
    told(`npx vitest run ${what}`, `${figures.passed} passed, ${figures.skipped.length} skipped`);
    return figures;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * A number out of what was printed. Throws where the words are not there: a figure that is not printed is not shown.
 */
export function figure(output: string, pattern: RegExp): number {
  const found = pattern.exec(output)?.[1];
  if (found === undefined) throw new Error(`Nothing like ${pattern.source} was printed:\n${output.slice(-3000)}`);
  return Number(found.replaceAll(',', ''));
}

/** Every such number, where it is printed several times. */
export function figures(output: string, pattern: RegExp): readonly number[] {
  return [...output.matchAll(new RegExp(pattern.source, 'gu'))].map(([, found = '']) => Number(found.replaceAll(',', '')));
}

/**
 * Runs lines of `npm run bench`, by the beginnings of their files' names. Fails the acceptance where one of the rows that these words
 * name is not printed, and where a row is missed or was not measured. `ofOthers`: words of rows that another issue has to show.
 */
export async function expectBench(lines: readonly string[], words: readonly string[], ofOthers: readonly string[] = []): Promise<void> {
  const { code, stdout, output } = await command(`npm run bench -- ${lines.join(' ')}`);
  expect(code, output.slice(-4000)).toBe(0);
  const rows = stdout.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| what') && !line.startsWith('| ---'));
  for (const word of words) {
    const row = rows.find((line) => line.includes(word));
    expect(row, `no line "${word}"\n${stdout}`).toBeDefined();
    told(word, row ?? '');
  }
  const isOfOthers = (row: string): boolean => ofOthers.some((word) => row.includes(word));
  expect(rows.filter((row) => !isOfOthers(row) && !/\| (?:reached)? ?\|$/u.test(row))).toEqual([]);
}

/** A line for the closing note. */
export function told(line: string, figure: string): void {
  console.log(`| \`${line}\` | ${figure} |`);
}

/** The folder of cases beside the checkout, or undefined where there is none. RUNBACK_TEST_CASES names another. */
export function casesDir(): string | undefined {
  const candidates = [process.env['RUNBACK_TEST_CASES'], fileURLToPath(new URL('../../../shared/cases', import.meta.url))];
  return candidates.find((folder): folder is string => folder !== undefined && existsSync(folder));
}

/** Which programs are not on this machine. */
export async function missingPrograms(...names: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(names.map(async (name) => [name, (await command(`command -v ${name}`)).code] as const));
  return found.flatMap(([name, code]) => (code === 0 ? [] : [name]));
}
