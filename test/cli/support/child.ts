import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The program as it is shipped, which `npm test` makes first. */
export const main = fileURLToPath(new URL('../../../dist/runback.js', import.meta.url));
/** The same with what V8 made of it before, so that it starts faster (test/support/bundle.ts). */
export const program = process.env['RUNBACK_TEST_PROGRAM'] ?? main;
if (!existsSync(program)) throw new Error('dist/runback.js is missing: run `npm run build` first (npm test does)');

/** An environment in which nothing of the machine's own shines through. */
export function cleanEnv(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', TZ: 'UTC', LANG: 'C.UTF-8', ...extra };
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program to its end, without a terminal. */
export async function runback(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>>; readonly stdin?: string } = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [program, ...args], { cwd: options.cwd, env: cleanEnv(options.env), stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // It may have ended by then, without a look at its input.
  child.stdin.on('error', () => undefined).end(options.stdin);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** Every line of stdout as JSON; throws where anything else is there. The last one is the object with `ok`. */
export function jsonLines(stdout: string): readonly Record<string, unknown>[] {
  if (!stdout.endsWith('\n')) throw new Error(`stdout does not end in a newline: ${JSON.stringify(stdout.slice(-200))}`);
  return stdout
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
