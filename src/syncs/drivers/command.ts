import { spawn } from 'node:child_process';

import { z } from 'zod';

import { compileExpression, messageOf, RunbackError, type CallOptions } from '../../lib/index.js';
import type { SyncController, SyncStatus } from '../controller.js';
import type { DriverDeps } from '../registry.js';

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
  timeout_seconds: z.number().int().positive().default(60),
});

const VARIABLES = { exit: 'int', stdout: 'string', json: 'dyn' } as const;

interface Output {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A sync that programs on this machine control: cron jobs, systemd timers, a vendor's own tool. Credentials reach the
 * program as environment variables of the names given under `credentials`, never as arguments.
 */
export function commandController({ name, options, credentials, cwd, environment }: DriverDeps): SyncController {
  const config = optionsSchema.parse(options);
  const paused = compileExpression(config.status.paused, VARIABLES);
  const inFlight = config.status.in_flight === undefined ? undefined : compileExpression(config.status.in_flight, VARIABLES);

  const run = async (argv: readonly string[], signal?: AbortSignal): Promise<Output> => {
    const secrets = await credentials();
    const [program = '', ...args] = argv;
    return await new Promise<Output>((resolve, reject) => {
      const child = spawn(program, args, {
        cwd,
        env: { ...environment, ...secrets },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: config.timeout_seconds * 1000,
        ...(signal ? { signal } : {}),
      });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout = (stdout + text).slice(-1_000_000)));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-4_000)));
      child.on('error', (error) => {
        reject(signal?.aborted ? (signal.reason as Error) : failure(name, `could not run ${program}: ${messageOf(error)}`, error));
      });
      child.on('close', (code, killedBy) => {
        if (code === null) reject(failure(name, `${program} was ended by ${killedBy ?? 'a signal'} after ${config.timeout_seconds} s`));
        else resolve({ exit: code, stdout, stderr });
      });
    });
  };

  const change = async (argv: readonly string[], signal?: AbortSignal): Promise<void> => {
    const output = await run(argv, signal);
    if (output.exit !== 0) throw failure(name, `${argv[0] ?? ''} ended with exit status ${output.exit}: ${output.stderr.trim().slice(0, 300)}`);
  };

  return {
    kind: 'command',
    async status(callOptions?: CallOptions): Promise<SyncStatus> {
      const output = await run(config.status.run, callOptions?.signal);
      const values = { exit: output.exit, stdout: output.stdout, json: parsed(output.stdout) };
      const isPaused = paused.evaluate(values) === true;
      const running = inFlight === undefined ? undefined : Number(inFlight.evaluate(values));
      return { state: !isPaused ? 'running' : running ? 'draining' : 'paused', inFlight: running, warnings: [] };
    },
    pause: (callOptions) => change(config.pause.run, callOptions?.signal),
    resume: (callOptions) => change(config.resume.run, callOptions?.signal),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function failure(name: string, why: string, cause?: unknown): RunbackError {
  return new RunbackError('sync-failed', `Sync ${name} did not answer`, {
    why,
    next: `runback sync status ${name}`,
    ...(cause === undefined ? {} : { cause }),
  });
}
