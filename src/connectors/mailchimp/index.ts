import { defined, mayCarrySecrets, parseDuration, RunbackError } from '../../lib/index.js';
import { type PlatformConfig, shownRef } from '../../workspace/index.js';
import type { Connector } from '../connector.js';
import type { DriverDeps } from '../driver.js';
import { MailchimpConnector } from './connector.js';

const DEFAULT_SETTLE = '1m';
/** An API key ends with its data center: `0123456789abcdef0123456789abcdef-us21`. */
const DATA_CENTER = /-([a-z]{2,4}\d{1,4})$/u;

/**
 * Opens Mailchimp. Requests nothing. Settings beside those of every platform: `options.data_center` (`us21`, where the token
 * does not end with it), `options.timeout` and `options.settle` (durations; the latter: how long Mailchimp may be at work on a request
 * after its answer was lost).
 */
export async function openConnector(config: PlatformConfig, deps: DriverDeps): Promise<Connector> {
  const ref = config.credentials['token'];
  if (ref === undefined)
    throw new RunbackError('auth-missing', `Platform ${config.name} has no token`, {
      why: 'Mailchimp is reached with an API key, or with the access token of an app.',
      state: 'Nothing was requested.',
      next: `Add credentials: { token: env:MAILCHIMP_API_KEY } to platform ${config.name} in runback.yml.`,
    });
  const [center, timeout] = [textOption(config, 'data_center'), textOption(config, 'timeout')];
  const settle = textOption(config, 'settle') ?? DEFAULT_SETTLE;
  const token = await deps.secret(ref);
  return new MailchimpConnector({
    platform: config.name,
    tokenRef: shownRef(ref),
    token,
    url: originOf(config, center ?? DATA_CENTER.exec(token)?.[1]),
    limits: config.limits,
    clock: deps.clock,
    environment: deps.environment ?? {},
    redact: (text) => (deps.redact?.(text) ?? text).replaceAll(token, '[redacted]'),
    ...(config.limits.wait === undefined ? {} : { maxWaitMs: parseDuration(config.limits.wait) }),
    settleMs: parseDuration(settle),
    ...(timeout === undefined ? {} : { tryTimeoutMs: parseDuration(timeout) }),
    ...defined({ watch: deps.watch }),
  });
}

/** The address as an origin: that of the data center, or `url`. Plain http is only for this machine: a token would travel readable. */
function originOf(config: PlatformConfig, center: string | undefined): string {
  if (config.url === undefined && center === undefined)
    throw new RunbackError('file-invalid', `Platform ${config.name} does not say in which data center it is`, {
      why: 'An API key ends with its data center (-us21); an access token does not.',
      state: 'Nothing was requested.',
      next: `Add options: { data_center: us21 } to platform ${config.name} in runback.yml. It is the first part of the address of Mailchimp in the browser.`,
    });
  if (config.url === undefined && center !== undefined && !/^[a-z0-9-]+$/u.test(center))
    throw badOption(config, 'data_center', 'a word such as us21');
  const address = config.url ?? `https://${center ?? ''}.api.mailchimp.com`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !/^https?:$/u.test(url.protocol) || !mayCarrySecrets(url))
    throw new RunbackError('file-invalid', `The address of platform ${config.name} cannot be used`, {
      why: 'It has to be an https address; http is allowed for a sandbox on this machine only.',
      state: 'Nothing was requested.',
      next: `Leave url of platform ${config.name} out of runback.yml to use the address of its data center.`,
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
