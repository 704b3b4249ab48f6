import { z } from 'zod';

import { type CallOptions, compileExpression, mismatchWords } from '../../lib/index.js';
import type { SyncController, DriverDeps } from '../controller.js';
import { readLastRun } from '../last-run.js';
import { readStatus } from '../status.js';
import { lastRunOf, lastRunSettings } from './last-run.js';
import { openPrograms } from './programs.js';

const call = z.strictObject({
  run: z.array(z.string()).min(1).describe('Program and arguments, one list item each. Never a shell line.'),
});

/** What holds for all programs of a sync. */
export const programSettings = {
  env: z.record(z.string(), z.string()).default({}).describe('Variables for the programs; values may be references to secrets.'),
  timeout_seconds: z.number().int().positive().default(60),
};

const optionsSchema = z.strictObject({
  status: call.extend({
    paused: z.string().describe('CEL over `exit` (exit status), `stdout` (text) and `json` (stdout parsed, or null): true when paused.'),
    in_flight: z.string().optional().describe('CEL over the same: pieces of work still running.'),
    last_run: lastRunSettings.optional(),
  }),
  pause: call,
  resume: call,
  ...programSettings,
});

const VARIABLES = { exit: 'int', stdout: 'string', json: 'dyn' } as const;

/** A sync that programs on this machine control: cron jobs, systemd timers, a vendor's own tool. See {@link openPrograms}. */
export function commandController(deps: DriverDeps): SyncController {
  const config = optionsSchema.parse(deps.options, { error: mismatchWords });
  const paused = compileExpression(config.status.paused, VARIABLES);
  const inFlight = config.status.in_flight === undefined ? undefined : compileExpression(config.status.in_flight, VARIABLES);
  const programs = openPrograms(deps, { env: config.env, timeoutSeconds: config.timeout_seconds });
  // A program that failed has said nothing, unless its exit status is what the settings read.
  const mayFail = paused.references.includes('exit');
  const look = async (options?: CallOptions): Promise<Readonly<Record<string, unknown>>> => ({
    ...(await programs.look(config.status.run, mayFail, options)),
  });
  const lastRun = lastRunOf(config.status.last_run, VARIABLES);
  return {
    kind: 'command',
    status: async (options) => readStatus(deps.name, { paused, inFlight }, await look(options)),
    ...(lastRun && {
      lastRun: async (options?: CallOptions) =>
        readLastRun(deps.name, lastRun, await look(options), `runback.yml: syncs.${deps.name}.status.last_run`),
    }),
    pause: async (options) => await programs.change(config.pause.run, undefined, options),
    resume: async (options) => await programs.change(config.resume.run, undefined, options),
  };
}
