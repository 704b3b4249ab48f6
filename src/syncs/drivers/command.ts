import { z } from 'zod';

import {
  type CallOptions,
  compileExpression,
  defined,
  MAX_OUTPUT_BYTES,
  type ProgramEnd,
  RunbackError,
  runProgram,
  shortEnvironment,
  withoutBom,
} from '../../lib/index.js';
import { SECRET_REF, type SecretRef } from '../../workspace/index.js';
import type { SyncController, SyncStatus, DriverDeps } from '../controller.js';
import { readStatus } from '../status.js';

const call = z.strictObject({
  run: z.array(z.string()).min(1).describe('Program and arguments, one list item each. Never a shell line.'),
});

const optionsSchema = z.strictObject({
  status: call.extend({
    paused: z.string().describe('CEL over `exit` (exit status), `stdout` (text) and `json` (stdout parsed, or null): true when paused.'),
    in_flight: z.string().optional().describe('CEL over the same: pieces of work still running.'),
  }),
  pause: call,
  resume: call,
  env: z.record(z.string(), z.string()).default({}).describe('Variables for the programs; values may be references to secrets.'),
  timeout_seconds: z.number().int().positive().default(60),
});

const VARIABLES = { exit: 'int', stdout: 'string', json: 'dyn' } as const;

/** Characters of what a program that failed said last. */
const SHOWN = 300;

type Exited = ProgramEnd & { readonly state: 'exited' };

/**
 * A sync that programs on this machine control: cron jobs, systemd timers, a vendor's own tool. Credentials reach the
 * programs as environment variables of the names given under `credentials`, never as arguments. Of our own environment
 * they see the short one.
 */
export function commandController({ name, options, credentials, secret, redact, cwd, environment }: DriverDeps): SyncController {
  const config = optionsSchema.parse(options);
  const paused = compileExpression(config.status.paused, VARIABLES);
  const inFlight = config.status.in_flight === undefined ? undefined : compileExpression(config.status.in_flight, VARIABLES);

  const run = async (argv: readonly string[], { signal }: CallOptions, endLeftovers: boolean): Promise<Exited> => {
    const own: Record<string, string> = {};
    for (const [key, value] of Object.entries(config.env)) own[key] = SECRET_REF.test(value) ? await secret(value as SecretRef) : value;
    const env = shortEnvironment(environment, { ...own, ...(await credentials()) });
    const end = await runProgram(argv, { cwd, env, timeoutMs: config.timeout_seconds * 1000, signal, endLeftovers });
    const [program = ''] = argv;
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
        throw failure(name, `${program} did not end within ${config.timeout_seconds} s: ${left}`);
      }
    }
  };

  const change = async (argv: readonly string[], callOptions: CallOptions = {}): Promise<void> => {
    const { status, stderr, running } = await run(argv, callOptions, false);
    if (status !== 0) {
      const said = redact(stderr).trim().slice(-SHOWN);
      throw failure(name, `${argv[0] ?? ''} ended with exit status ${status}${said === '' ? '' : `: ${said}`}`);
    }
    if (running === 0) return;
    const left = running === 1 ? 'a process' : `${running} processes`;
    callOptions.reporter?.note(`${argv[0] ?? ''} of sync ${name} ended and left ${left} still running: not waited for, and not ended.`);
  };

  /** The whole output of a program that only tells: nobody needs what it leaves at work. */
  const look = async (argv: readonly string[], callOptions: CallOptions = {}): Promise<Exited> => {
    const end = await run(argv, callOptions, true);
    if (end.outputCut) throw failure(name, `${argv[0] ?? ''} printed more than ${MAX_OUTPUT_BYTES / 1024 / 1024} MiB, which is not used as a state`);
    return end;
  };

  return {
    kind: 'command',
    async status(callOptions?: CallOptions): Promise<SyncStatus> {
      const output = await look(config.status.run, callOptions);
      // A program that failed has said nothing, unless its exit status is what the settings read.
      if (output.status !== 0 && !paused.references.includes('exit'))
        throw failure(name, `${config.status.run[0] ?? ''} ended with exit status ${output.status}: ${redact(output.stderr).trim().slice(-SHOWN)}`);
      return readStatus(name, { paused, inFlight }, { exit: output.status, stdout: output.stdout, json: parsed(output.stdout) });
    },
    pause: (callOptions) => change(config.pause.run, callOptions),
    resume: (callOptions) => change(config.resume.run, callOptions),
  };
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
