import { z } from 'zod';

import { compileExpression, HttpClient, mismatchWords, type CallOptions } from '../../lib/index.js';
import type { SyncController, SyncStatus, DriverDeps } from '../controller.js';
import { readLastRun } from '../last-run.js';
import { readStatus } from '../status.js';
import { lastRunOf, lastRunSettings } from './last-run.js';
import { answered, credentialOf, requireSafe } from './wire.js';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

const optionsSchema = z.strictObject({
  url: z.url().describe('Address of the controller, with a path where its API has one.'),
  auth: z
    .strictObject({ header: z.string().default('Authorization'), scheme: z.string().default('Bearer'), credential: z.string() })
    .optional()
    .describe('Header that carries the credential of that name; an empty scheme sends it alone.'),
  status: z.strictObject({
    path: z.string().startsWith('/'),
    paused: z.string().describe('CEL over `status` (HTTP status) and `body`: true when paused.'),
    in_flight: z.string().optional().describe('CEL over the same: pieces of work still running.'),
    last_run: lastRunSettings.optional(),
  }),
  pause: z.strictObject({ method: z.enum(METHODS).default('POST'), path: z.string().startsWith('/'), body: z.unknown().optional() }),
  resume: z.strictObject({ method: z.enum(METHODS).default('POST'), path: z.string().startsWith('/'), body: z.unknown().optional() }),
});

const VARIABLES = { status: 'int', body: 'dyn' } as const;

/**
 * A sync that an HTTP API controls. Pause and resume are sent once; a lost answer is looked up with status by the
 * caller.
 */
export async function httpController({ name, options, credentials, clock, environment, redact }: DriverDeps): Promise<SyncController> {
  const config = optionsSchema.parse(options, { error: mismatchWords });
  const paused = compileExpression(config.status.paused, VARIABLES);
  const inFlight = config.status.in_flight === undefined ? undefined : compileExpression(config.status.in_flight, VARIABLES);
  const address = new URL(config.url);
  if (config.auth !== undefined) requireSafe(name, address);
  const prefix = address.pathname.replace(/\/$/, '');
  let client: HttpClient | undefined;

  const connect = async (): Promise<HttpClient> => {
    if (client) return client;
    const headers: Record<string, string> = {};
    if (config.auth) {
      const secret = credentialOf(name, await credentials(), config.auth.credential, 'auth.credential');
      headers[config.auth.header] = config.auth.scheme === '' ? secret : `${config.auth.scheme} ${secret}`;
    }
    client = new HttpClient({ origin: address.origin, name: `the controller of ${name}`, headers, clock, environment, redact, tryTimeoutMs: 90_000 });
    return client;
  };

  const change = async (call: z.infer<typeof optionsSchema>['pause'], callOptions?: CallOptions): Promise<void> => {
    const http = await connect();
    answered(name, address, await http.request({ method: call.method, path: prefix + call.path, body: call.body, repeatable: false }, callOptions));
  };

  const look = async (callOptions?: CallOptions): Promise<Readonly<Record<string, unknown>>> => {
    const http = await connect();
    const path = prefix + config.status.path;
    const { status, body } = answered(name, address, await http.request({ method: 'GET', path, repeatable: true }, callOptions));
    return { status, body };
  };
  const lastRun = lastRunOf(config.status.last_run, VARIABLES);
  return {
    kind: 'http',
    status: async (callOptions?: CallOptions): Promise<SyncStatus> => readStatus(name, { paused, inFlight }, await look(callOptions)),
    ...(lastRun && {
      lastRun: async (callOptions?: CallOptions) => readLastRun(name, lastRun, await look(callOptions), `runback.yml: syncs.${name}.status.last_run`),
    }),
    pause: (callOptions) => change(config.pause, callOptions),
    resume: (callOptions) => change(config.resume, callOptions),
  };
}
