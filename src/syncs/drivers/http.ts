import { z } from 'zod';

import { compileExpression, HttpClient, mayCarrySecrets, ownValue, RunbackError, type CallOptions, type HttpResult } from '../../lib/index.js';
import type { SyncController, SyncStatus, DriverDeps } from '../controller.js';
import { readStatus } from '../status.js';

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
  const config = optionsSchema.parse(options);
  const paused = compileExpression(config.status.paused, VARIABLES);
  const inFlight = config.status.in_flight === undefined ? undefined : compileExpression(config.status.in_flight, VARIABLES);
  const address = new URL(config.url);
  if (config.auth !== undefined && !mayCarrySecrets(address))
    throw new RunbackError('file-invalid', `runback.yml: syncs.${name}.url: a secret would be sent without encryption`, {
      why: `${address.host} is not this machine, and http would carry the credential readable over the network.`,
      next: 'Use an https address.',
    });
  const prefix = address.pathname.replace(/\/$/, '');
  let client: HttpClient | undefined;

  const connect = async (): Promise<HttpClient> => {
    if (client) return client;
    const headers: Record<string, string> = {};
    if (config.auth) {
      const secret = ownValue(await credentials(), config.auth.credential);
      if (secret === undefined)
        throw new RunbackError('file-invalid', `runback.yml: syncs.${name}.auth.credential: there is no credential "${config.auth.credential}"`, {
          next: `Add it under syncs.${name}.credentials as a reference, for example env:SYNC_TOKEN.`,
        });
      headers[config.auth.header] = config.auth.scheme === '' ? secret : `${config.auth.scheme} ${secret}`;
    }
    client = new HttpClient({ origin: address.origin, name: `the controller of ${name}`, headers, clock, environment, redact, tryTimeoutMs: 90_000 });
    return client;
  };

  const answered = (result: HttpResult): { status: number; body: unknown } => {
    if (result.kind === 'answered' && result.status < 400) return result;
    const code = result.kind === 'answered' && (result.status === 401 || result.status === 403) ? 'auth-refused' : 'sync-failed';
    throw new RunbackError(code, `Sync ${name} did not answer as expected`, {
      why: result.kind === 'answered' ? `Its controller at ${address.origin} answered with status ${result.status}.` : result.message,
      next: `runback sync status ${name}`,
    });
  };

  const change = async (call: z.infer<typeof optionsSchema>['pause'], callOptions?: CallOptions): Promise<void> => {
    const http = await connect();
    answered(await http.request({ method: call.method, path: prefix + call.path, body: call.body, repeatable: false }, callOptions));
  };

  return {
    kind: 'http',
    async status(callOptions?: CallOptions): Promise<SyncStatus> {
      const http = await connect();
      const { status, body } = answered(await http.request({ method: 'GET', path: prefix + config.status.path, repeatable: true }, callOptions));
      return readStatus(name, { paused, inFlight }, { status, body });
    },
    pause: (callOptions) => change(config.pause, callOptions),
    resume: (callOptions) => change(config.resume, callOptions),
  };
}
