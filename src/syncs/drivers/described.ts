import { z } from 'zod';

import { clientCredentials } from '../../connectors/index.js';
import { type CallOptions, defined, didYouMean, HttpClient, mismatchWords, ownValue, RunbackError } from '../../lib/index.js';
import type { DriverDeps, SyncController } from '../controller.js';
import { describedController } from '../described/controller.js';
import { type FoundSync, listedBy } from '../described/list.js';
import { programPort } from '../described/programs.js';
import { requestPort } from '../described/requests.js';
import type { ControllerDescription } from '../descriptions/form.js';
import { programSettings } from './command.js';
import { openPrograms } from './programs.js';
import { credentialOf, requireSafe } from './wire.js';

/** The answer to a pause may take a minute. */
const TRY_TIMEOUT_MS = 90_000;

/** A sync whose tool a description tells about. Throws `file-invalid` for settings that do not fit it. */
export function describedSync(kind: string, says: ControllerDescription, deps: DriverDeps): SyncController {
  const { name } = deps;
  const ofPrograms = says.status.run !== undefined;
  const { settings, others } = settingsOf(says, deps, ofPrograms ? Object.keys(programSettings) : ['url']);
  if (ofPrograms) {
    const { env, timeout_seconds: timeoutSeconds } = z.strictObject(programSettings).parse(others, { error: mismatchWords });
    return describedController({ kind, name, says, settings, port: programPort(says, openPrograms(deps, { env, timeoutSeconds })) });
  }
  const address = addressOf(says, name, others['url']);
  if (says.auth.kind !== 'none' && !(says.auth.kind === 'header' && says.auth.optional)) requireSafe(name, address);
  let client: HttpClient | undefined;
  const connect = async (): Promise<HttpClient> => (client ??= await connected(says, address, deps));
  return describedController({ kind, name, says, settings, port: requestPort({ name, says, address, connect }) });
}

/** Asks a tool for all that it has, by `url` and credentials alone. Throws as {@link listedBy} does. */
export async function syncsOf(says: ControllerDescription, deps: DriverDeps, options?: CallOptions): Promise<readonly FoundSync[]> {
  const { name } = deps;
  const address = addressOf(says, name, ownValue(deps.options, 'url'));
  let client: HttpClient | undefined;
  const connect = async (): Promise<HttpClient> => (client ??= await connected(says, address, deps));
  return await listedBy({ name, says, port: requestPort({ name, says, address, connect }) }, options);
}

/** What the sync says, by what the description asks for. */
function settingsOf(
  says: ControllerDescription,
  { name, options }: DriverDeps,
  own: readonly string[],
): { readonly settings: Record<string, string>; readonly others: Record<string, unknown> } {
  const settings: Record<string, string> = {};
  const known = [...Object.keys(says.settings), ...Object.keys(says.optional), ...own];
  for (const key of Object.keys(options))
    if (!known.includes(key))
      throw invalid(name, key, `${says.name} knows no such setting${didYouMean(key, known)}`, `It takes ${known.join(', ')}.`);
  for (const [key, is] of Object.entries(says.settings)) {
    const value = ownValue(options, key);
    if (value === undefined) throw invalid(name, key, 'it is missing', is);
    settings[key] = textOf(name, key, value, is);
  }
  for (const [key, { is, default: usual }] of Object.entries(says.optional)) settings[key] = textOf(name, key, ownValue(options, key) ?? usual, is);
  return { settings, others: Object.fromEntries(Object.entries(options).filter(([key]) => own.includes(key))) };
}

function textOf(name: string, key: string, value: unknown, is: string): string {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(name, key, typeof value === 'number' ? 'it is too large for a number: write it in quotes' : 'it is no text', is);
}

function addressOf(says: ControllerDescription, name: string, given: unknown): URL {
  const text = given ?? says.url;
  if (text === undefined)
    throw invalid(
      name,
      'url',
      'it is missing',
      `Where ${says.name} is, for example https://${says.name.toLowerCase().split(' ')[0] ?? ''}.example.com`,
    );
  if (typeof text !== 'string' || !/^https?:\/\//u.test(text) || !URL.canParse(text))
    throw invalid(name, 'url', 'it is no address', 'It begins with https://.');
  return new URL(text);
}

async function connected(says: ControllerDescription, address: URL, deps: DriverDeps): Promise<HttpClient> {
  const { name, clock, environment } = deps;
  const credentials = await deps.credentials();
  const signed = headersOf(says, name, credentials);
  if (Object.keys(signed).length > 0) requireSafe(name, address);
  const headers = { ...says.headers, ...signed };
  // What is made of the credentials is as secret as they are.
  const made = Object.values(signed).map((value) => value.replace(/^\S+ /u, ''));
  const redact = (text: string): string => made.reduce((shown, secret) => shown.replaceAll(secret, '[redacted]'), deps.redact(text));
  return new HttpClient({
    origin: address.origin,
    name: `${says.name}, the controller of ${name},`,
    headers,
    clock,
    environment,
    redact,
    tryTimeoutMs: TRY_TIMEOUT_MS,
    ...defined({ session: sessionOf(says, address, { ...deps, redact }, credentials, (token) => void made.push(token)) }),
  });
}

function headersOf({ auth }: ControllerDescription, name: string, credentials: Readonly<Record<string, string>>): Record<string, string> {
  const credential = (wanted: string): string => credentialOf(name, credentials, wanted, 'credentials');
  switch (auth.kind) {
    case 'header':
      if (auth.optional && ownValue(credentials, auth.credential) === undefined) return {};
      return { [auth.header]: auth.before + credential(auth.credential) };
    case 'basic': {
      const user = auth.user === undefined ? (auth.user_is ?? '') : credential(auth.user);
      return { Authorization: `Basic ${Buffer.from(`${user}:${credential(auth.password)}`).toString('base64')}` };
    }
    case 'none':
    case 'client-credentials':
      return {};
  }
}

function sessionOf(
  { name: tool, auth }: ControllerDescription,
  address: URL,
  deps: DriverDeps,
  credentials: Readonly<Record<string, string>>,
  known: (token: string) => void,
) {
  if (auth.kind !== 'client-credentials') return undefined;
  const { name, clock, environment, redact } = deps;
  return clientCredentials(
    {
      name: tool,
      of: `Sync ${name}`,
      url: address.origin,
      path: address.pathname.replace(/\/$/u, '') + auth.token,
      id: credentialOf(name, credentials, auth.id, 'credentials'),
      secret: credentialOf(name, credentials, auth.secret, 'credentials'),
      scope: undefined,
      in: auth.in,
      from: `syncs.${name}.credentials`,
      clock,
      environment,
      redact,
    },
    known,
  );
}

function invalid(name: string, key: string, what: string, why: string): RunbackError {
  return new RunbackError('file-invalid', `runback.yml: syncs.${name}.${key}: ${what}`, {
    why,
    next: 'Correct runback.yml; docs/syncs.md has the settings of each controller.',
  });
}
