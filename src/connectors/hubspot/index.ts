import { defined, mayCarrySecrets, parseDuration, RunbackError } from '../../lib/index.js';
import { type PlatformConfig, shownRef } from '../../workspace/index.js';
import type { Connector } from '../connector.js';
import type { DriverDeps } from '../driver.js';
import { HubSpotConnector } from './connector.js';

const DEFAULT_URL = 'https://api.hubapi.com';
const DEFAULT_PREFIX = '/crm/v3/objects';
const DEFAULT_SEARCH_LAG = '15s';
const DEFAULT_SETTLE = '1m';

/**
 * Opens HubSpot. Requests nothing. Settings beside those of every platform: `options.prefix` (path of the objects API),
 * `options.search_lag`, `options.timeout` and `options.settle` (durations; the last: how long HubSpot may be at work on a request after its
 * answer was lost).
 */
export async function openConnector(config: PlatformConfig, deps: DriverDeps): Promise<Connector> {
  const ref = config.credentials['token'];
  if (ref === undefined)
    throw new RunbackError('auth-missing', `Platform ${config.name} has no token`, {
      why: 'HubSpot is reached with the access token of a private app.',
      state: 'Nothing was requested.',
      next: `Add credentials: { token: env:HUBSPOT_TOKEN } to platform ${config.name} in runback.yml.`,
    });
  const prefix = textOption(config, 'prefix') ?? DEFAULT_PREFIX;
  if (!/^\/[\w\-./]*\w$/.test(prefix)) throw badOption(config, 'prefix', 'a path such as /crm/v3/objects');
  const timeout = textOption(config, 'timeout');
  const token = await deps.secret(ref);
  return new HubSpotConnector({
    platform: config.name,
    tokenRef: shownRef(ref),
    token,
    url: originOf(config),
    prefix,
    limits: config.limits,
    clock: deps.clock,
    environment: deps.environment ?? {},
    redact: (text) => (deps.redact?.(text) ?? text).replaceAll(token, '[redacted]'),
    settleMs: parseDuration(textOption(config, 'settle') ?? DEFAULT_SETTLE),
    searchLagMs: parseDuration(textOption(config, 'search_lag') ?? DEFAULT_SEARCH_LAG),
    ...(config.limits.wait === undefined ? {} : { maxWaitMs: parseDuration(config.limits.wait) }),
    ...(timeout === undefined ? {} : { tryTimeoutMs: parseDuration(timeout) }),
    ...defined({ watch: deps.watch }),
  });
}

/** The address as an origin. Plain http is only for this machine: a token would travel readable. */
function originOf(config: PlatformConfig): string {
  const url = URL.canParse(config.url ?? DEFAULT_URL) ? new URL(config.url ?? DEFAULT_URL) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || !mayCarrySecrets(url))
    throw new RunbackError('file-invalid', `The address of platform ${config.name} cannot be used`, {
      why: 'It has to be an https address; http is allowed for a sandbox on this machine only.',
      state: 'Nothing was requested.',
      next: `Leave url of platform ${config.name} out of runback.yml to use ${DEFAULT_URL}.`,
    });
  return url.origin;
}

function textOption(config: PlatformConfig, name: string): string | undefined {
  const value = config.options[name];
  if (value === undefined || typeof value === 'string') return value;
  throw badOption(config, name, 'text');
}

function badOption(config: PlatformConfig, name: string, expected: string): RunbackError {
  return new RunbackError('file-invalid', `options.${name} of platform ${config.name} has to be ${expected}`, {
    state: 'Nothing was requested.',
    next: `Correct options.${name} of platform ${config.name} in runback.yml, or leave it out.`,
  });
}
