import { defined, mayCarrySecrets, parseDuration, RunbackError } from '../../lib/index.js';
import { type PlatformConfig, shownRef } from '../../workspace/index.js';
import type { Connector } from '../connector.js';
import type { DriverDeps } from '../driver.js';
import { SalesforceConnector } from './connector.js';
import { signInOf } from './sign-in/grants.js';
import { sessionOf } from './sign-in/session.js';

const DEFAULT_VERSION = '62.0';
/** Most calls end by then, one way or the other [?]. */
const DEFAULT_SETTLE = '2m';
const CREDENTIALS = ['token', 'client_id', 'client_secret', 'refresh_token', 'private_key'];

/**
 * Opens an account of Salesforce. Requests nothing. Settings beside those of every platform: `options.version` of the API (`62.0`),
 * `options.history` (`field`, or `record` where no history is kept), `options.bulk` (false: no jobs of Bulk API 2.0),
 * `options.login` (an address where tokens are fetched, where that is another one), `options.user` and `options.audience` (of a signed
 * assertion), `options.timeout` (a duration), `options.settle` (a duration: how long Salesforce may be at work on a request after its answer was lost).
 */
export async function openConnector(config: PlatformConfig, deps: DriverDeps): Promise<Connector> {
  const said = config.options['version'];
  // In YAML, 62.0 is a number.
  const version = typeof said === 'number' ? said.toFixed(1) : (textOption(config, 'version') ?? DEFAULT_VERSION);
  if (!/^\d{2,3}\.0$/u.test(version)) throw badOption(config, 'version', 'a version of the API such as 62.0');
  const url = originOf(config, config.url, 'url');
  const login = textOption(config, 'login') === undefined ? url : originOf(config, textOption(config, 'login'), 'options.login');
  const { given, from } = await secretsOf(config, deps);
  const secrets = Object.entries(given).flatMap(([name, secret]) => (name === 'client_id' ? [] : [secret]));
  const audience = textOption(config, 'audience') ?? `https://${config.environment === 'production' ? 'login' : 'test'}.salesforce.com`;
  const redact = (text: string): string => {
    let clean = deps.redact?.(text) ?? text;
    for (const secret of secrets) for (const form of [secret, encodeURIComponent(secret)]) clean = clean.replaceAll(form, '[redacted]');
    return clean;
  };
  const timeout = textOption(config, 'timeout');
  const reached = { platform: config.name, url, from, clock: deps.clock, environment: deps.environment ?? {}, redact };
  return new SalesforceConnector({
    ...reached,
    version,
    history: historyOf(config),
    mayUseJobs: mayUseJobs(config),
    settleMs: parseDuration(textOption(config, 'settle') ?? DEFAULT_SETTLE),
    limits: config.limits,
    session: sessionOf(signInOf(config, given, textOption(config, 'user'), audience), {
      ...reached,
      login,
      known: (token) => void secrets.push(token),
    }),
    ...(config.limits.wait === undefined ? {} : { maxWaitMs: parseDuration(config.limits.wait) }),
    ...(timeout === undefined ? {} : { tryTimeoutMs: parseDuration(timeout) }),
    ...defined({ watch: deps.watch }),
  });
}

/** The secrets by their names, and where they come from, for people. */
async function secretsOf(
  config: PlatformConfig,
  deps: DriverDeps,
): Promise<{ readonly given: Readonly<Record<string, string>>; readonly from: string }> {
  const given: Record<string, string> = {};
  const from: string[] = [];
  for (const [name, ref] of Object.entries(config.credentials)) {
    if (!CREDENTIALS.includes(name))
      throw new RunbackError('file-invalid', `Platform ${config.name} has the credential ${name}, which Salesforce has no use for`, {
        why: `There are: ${CREDENTIALS.join(', ')}.`,
        state: 'Nothing was requested.',
        next: `Correct credentials of platform ${config.name} in runback.yml.`,
      });
    given[name] = await deps.secret(ref);
    from.push(shownRef(ref));
  }
  return { given, from: from.join(' and ') };
}

/** An address as an origin. Plain http is only for this machine: a session would travel readable. */
function originOf(config: PlatformConfig, address: string | undefined, setting: string): string {
  const url = address !== undefined && URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !/^https?:$/u.test(url.protocol) || !mayCarrySecrets(url) || url.pathname !== '/')
    throw new RunbackError('file-invalid', `The address of platform ${config.name} cannot be used (${setting})`, {
      why: 'It has to be the https address of your My Domain, without a path; http is allowed for a sandbox on this machine only.',
      state: 'Nothing was requested.',
      next: `Write ${setting}: https://YOUR-DOMAIN.my.salesforce.com under platform ${config.name} in runback.yml.`,
    });
  return url.origin;
}

function historyOf(config: PlatformConfig): 'field' | 'record' {
  const said = textOption(config, 'history') ?? 'field';
  if (said === 'field' || said === 'record') return said;
  throw badOption(config, 'history', 'field or record');
}

function mayUseJobs(config: PlatformConfig): boolean {
  const said = config.options['bulk'] ?? true;
  if (typeof said === 'boolean') return said;
  throw badOption(config, 'bulk', 'true or false');
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
