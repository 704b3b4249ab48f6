import { EventEmitter } from 'node:events';
import { Readable, Writable } from 'node:stream';

import { runCli } from '../../../src/cli/index.js';
import { fullSweeps } from '../../support/sweeps.js';
import { cleanEnv, type Finished, main, runback } from './child.js';

/**
 * The same as `runback` of child.ts without a process of its own: a tenth of the time, for tests that are about what a
 * command does and not about what its process does. With RUNBACK_TEST_FULL=1 a process too.
 */
export async function runHere(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Finished> {
  return fullSweeps ? await runback(args, options) : await inThisProcess(args, options);
}

/** The same, never with a process of its own: for tests that change what this one is made of. */
export async function inThisProcess(args: readonly string[], options: Parameters<typeof runHere>[1] = {}): Promise<Finished> {
  const stdout = new Kept();
  const stderr = new Kept();
  const surroundings = Object.assign(new EventEmitter(), {
    argv: [process.execPath, main, ...args],
    env: cleanEnv(options.env),
    cwd: () => options.cwd ?? process.cwd(),
    pid: process.pid,
    stdin: Readable.from([]),
    stdout,
    stderr,
    exit: (code: number) => {
      throw new Error(`the command ended its process with ${code}`);
    },
  });
  const code = await runCli(surroundings as unknown as NodeJS.Process, { daemon: () => import('../../../src/daemon/index.js') });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** Keeps what is written to it, as the end of a pipe. */
class Kept extends Writable {
  readonly #chunks: Buffer[] = [];

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }
}
