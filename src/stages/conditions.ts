import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/**
 * What goes wrong with the machine that a program on a stage runs on. Built as a script of its own, which `node
 * --require` loads before that program: runback itself has no such switch. Settings come as the variables below.
 */

const { RUNBACK_STAGE_FULL: fullFlag, RUNBACK_STAGE_CLOCK_MS: clockMs, RUNBACK_STAGE_WAITS: waits, RUNBACK_STAGE_TELLS: tells } = process.env;
delete process.env['NODE_OPTIONS'];
if (fullFlag !== undefined) letDiskBeFull(fullFlag);
if (clockMs !== undefined) setClock(Number(clockMs));
if (waits !== undefined) waitAfterLines();
if (tells !== undefined) tellOfSteps();

/** The descriptor on which replies come. */
const REPLIES = 3;

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;
type Owner = Record<string, AnyFunction>;

/** While a file of this name is there, no other file can be written to. */
function letDiskBeFull(flag: string): void {
  const { existsSync, fstatSync } = fs;
  const refused = (target: unknown, syscall: string): Error | undefined => {
    if (typeof target === 'number' && !fstatSync(target).isFile()) return undefined;
    if (!existsSync(flag)) return undefined;
    return Object.assign(new Error(`ENOSPC: no space left on device, ${syscall}`), { code: 'ENOSPC', errno: -28, syscall });
  };
  const wrap = (owner: Owner, name: string, answer: (error: Error, args: unknown[]) => unknown, own = false): void => {
    const original = owner[name];
    if (original === undefined) return;
    const wrapped: AnyFunction = function (...args) {
      const error = refused(own ? (this as { readonly fd: number }).fd : args[0], name);
      return error === undefined ? original.apply(this, args) : answer(error, args);
    };
    owner[name] = Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original));
  };
  const rejects = async (error: Error): Promise<never> => await Promise.reject(error);
  const throws = (error: Error): never => {
    throw error;
  };
  const calls = (error: Error, args: unknown[]): void => {
    const callback = args.at(-1);
    if (typeof callback === 'function') process.nextTick(callback, error);
  };
  const callbacks = fs as unknown as Owner;
  const promises = fs.promises as unknown as Owner;
  for (const name of ['write', 'writev', 'writeFile', 'appendFile']) {
    wrap(callbacks, `${name}Sync`, throws);
    wrap(callbacks, name, calls);
    wrap(promises, name, rejects);
  }
  const { open } = fs.promises;
  let seen = false;
  fs.promises.open = async (...args) => {
    const handle = await open(...args);
    // The first handle brings what all of them have in common.
    if (!seen) for (const name of ['write', 'writev', 'writeFile', 'appendFile']) wrap(Object.getPrototypeOf(handle) as Owner, name, rejects, true);
    seen = true;
    return handle;
  };
  syncBuiltinESMExports();
}

/** The wall clock is off by so much; durations are right. */
function setClock(offsetMs: number): void {
  const Right = Date;
  globalThis.Date = class extends Right {
    constructor(...values: readonly [] | ConstructorParameters<typeof Right>) {
      if (values.length === 0) super(Right.now() + offsetMs);
      else super(...values);
    }

    static override now(): number {
      return Right.now() + offsetMs;
    }
  } as DateConstructor;
}

/** Stands still after each line on the standard output until whoever reads it has dealt with it; ends where nobody does any more. */
function waitAfterLines(): void {
  const write = process.stdout.write.bind(process.stdout) as (...args: unknown[]) => boolean;
  process.stdout.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const written = write(chunk, ...rest);
    const lines = Buffer.from(chunk as string).filter((byte) => byte === 10).length;
    for (let n = 0; n < lines; n += 1) awaitReply();
    return written;
  };
}

/** Tells whenever a journal says that a step begins or ends, and stands still until whoever was told has dealt with it. */
function tellOfSteps(): void {
  const write = fs.writeSync as (...args: unknown[]) => number;
  fs.writeSync = (file: number, data: unknown, ...rest: unknown[]): number => {
    const written = write(file, data, ...rest);
    if (data instanceof Uint8Array && Buffer.from(data.buffer, data.byteOffset, data.byteLength).includes('"type":"step.')) {
      write(REPLIES, '\n');
      awaitReply();
    }
    return written;
  };
  syncBuiltinESMExports();
}

/** Ends this process where nobody replies any more. */
function awaitReply(): void {
  if (fs.readSync(REPLIES, new Uint8Array(1), 0, 1, null) === 0) process.kill(process.pid, 'SIGKILL');
}
