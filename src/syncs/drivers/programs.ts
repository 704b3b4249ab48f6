import {
  type CallOptions,
  defined,
  MAX_OUTPUT_BYTES,
  type ProgramEnd,
  RunbackError,
  runProgram,
  shortEnvironment,
  withoutBom,
} from '../../lib/index.js';
import { SECRET_REF, type SecretRef } from '../../workspace/index.js';
import type { DriverDeps } from '../controller.js';

/** Characters of what a program that failed said last. */
const SHOWN = 300;

type Exited = ProgramEnd & { readonly state: 'exited' };

/** What a program that was asked something said. */
export interface Told {
  /** Exit status. */
  readonly exit: number;
  readonly stdout: string;
  /** The output parsed, or null. */
  readonly json: unknown;
}

/** Programs of this machine that control a sync. */
export interface Programs {
  /** What a program says. `mayFail`: its exit status is read, so that one of failure says something too. Throws `sync-failed`. */
  look(argv: readonly string[], mayFail: boolean, options?: CallOptions): Promise<Told>;
  /** A program that changes something; `input` is given to it to read. Throws `sync-failed` where it fails. */
  change(argv: readonly string[], input: string | undefined, options?: CallOptions): Promise<void>;
}

interface Settings {
  /** Variables for the programs; values may be references to secrets. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
}

/**
 * Credentials reach the programs as environment variables of the names given under `credentials`, never as arguments. Of our own
 * environment they see the short one.
 */
export function openPrograms({ name, credentials, secret, redact, cwd, environment }: DriverDeps, settings: Settings): Programs {
  const run = async (argv: readonly string[], { signal }: CallOptions, more: { endLeftovers: boolean; input?: string }): Promise<Exited> => {
    const own: Record<string, string> = {};
    for (const [key, value] of Object.entries(settings.env)) own[key] = SECRET_REF.test(value) ? await secret(value as SecretRef) : value;
    const env = shortEnvironment(environment, { ...own, ...(await credentials()) });
    const end = await runProgram(argv, { cwd, env, timeoutMs: settings.timeoutSeconds * 1000, signal, ...more });
    return exited(name, argv, end, settings.timeoutSeconds, signal);
  };
  const said = (stderr: string): string => redact(stderr).trim().slice(-SHOWN);

  return {
    async look(argv, mayFail, options = {}) {
      // Nobody needs what a program that only tells leaves at work.
      const end = await run(argv, options, { endLeftovers: true });
      const [program = ''] = argv;
      if (end.outputCut) throw failure(name, `${program} printed more than ${MAX_OUTPUT_BYTES / 1024 / 1024} MiB, which is not used as a state`);
      if (end.status !== 0 && !mayFail) throw failure(name, `${program} ended with exit status ${end.status}: ${said(end.stderr)}`);
      return { exit: end.status, stdout: end.stdout, json: parsed(end.stdout) };
    },
    async change(argv, input, options = {}) {
      await options.guard?.confirm();
      options.guard?.left();
      const { status, stderr, running } = await run(argv, options, { endLeftovers: false, ...defined({ input }) });
      const [program = ''] = argv;
      const last = said(stderr);
      if (status !== 0) throw failure(name, `${program} ended with exit status ${status}${last === '' ? '' : `: ${last}`}`);
      if (running === 0) return;
      const left = running === 1 ? 'a process' : `${running} processes`;
      options.reporter?.note(`${program} of sync ${name} ended and left ${left} still running: not waited for, and not ended.`);
    },
  };
}

function exited(name: string, [program = '']: readonly string[], end: ProgramEnd, seconds: number, signal: AbortSignal | undefined): Exited {
  switch (end.state) {
    case 'exited':
      return end;
    case 'aborted':
      throw signal?.reason;
    case 'not-started':
      throw failure(name, `${program} could not be started: ${end.why}`, end.cause);
    case 'signalled':
      throw failure(name, `${program} was ended by ${end.signal}`);
    case 'timed-out': {
      const left = end.running === 0 ? 'it and what it had started were ended' : `${end.running} of its processes could not be ended`;
      throw failure(name, `${program} did not end within ${seconds} s: ${left}`);
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(withoutBom(text)) as unknown;
  } catch {
    return null;
  }
}

function failure(name: string, why: string, cause?: unknown): RunbackError {
  return new RunbackError('sync-failed', `Sync ${name} did not answer`, {
    why,
    next: `runback sync status ${name}`,
    ...defined({ cause }),
  });
}
