import { defined, type HttpSession, mayCarrySecrets, parseDuration, RunbackError } from '../../lib/index.js';
import { type PlatformConfig, shownRef } from '../../workspace/index.js';
import type { Connector } from '../connector.js';
import type { DriverDeps } from '../driver.js';
import { RestConnector } from './connector.js';
import type { Description } from './description/form.js';
import { loadDescription } from './description/load.js';
import { RestApi } from './wire/api.js';
import { clientCredentials } from './wire/session.js';

const DEFAULT_SETTLE = '1m';

/**
 * Opens a platform that a file describes. Requests nothing. Settings beside those of every platform: `options.description` (the
 * file, from the folder of runback.yml on), `options.timeout` and `options.settle` (durations; the latter: how long the platform may be at
 * work on a request after its answer was lost).
 */
export async function openConnector(config: PlatformConfig, deps: DriverDeps): Promise<Connector> {
  const file = config.options['description'];
  if (typeof file !== 'string' || file === '')
    throw new RunbackError('file-invalid', `Platform ${config.name} has no description`, {
      why: 'A platform with connector: rest is told all about by a file.',
      state: 'Nothing was requested.',
      next: `Add options: { description: FILE } to platform ${config.name} in runback.yml. docs/rest.md says what such a file holds.`,
    });
  const described = await loadDescription(deps.folder ?? '.', file);
  const { says } = described;
  const url = originOf(config);
  const { headers, query, session, secrets, from } = await credentialsOf(says, config, deps, url);
  const { timeout, settle } = config.options;
  const api = new RestApi({
    platform: config.name,
    says,
    url,
    headers,
    query,
    from,
    limits: config.limits,
    clock: deps.clock,
    environment: deps.environment ?? {},
    redact: redacting(deps, secrets),
    settleMs: parseDuration(typeof settle === 'string' ? settle : DEFAULT_SETTLE),
    ...(typeof timeout === 'string' ? { tryTimeoutMs: parseDuration(timeout) } : {}),
    ...defined({ watch: deps.watch, session }),
  });
  return new RestConnector(api, described, session && (async () => await session.close()));
}

interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly session?: HttpSession & { close(): Promise<void> };
  /** What no text may show; grows where tokens are fetched. */
  readonly secrets: string[];
  /** For people: where they come from. */
  readonly from: string;
}

async function credentialsOf({ auth, name }: Description, config: PlatformConfig, deps: DriverDeps, url: string): Promise<Credentials> {
  const secrets: string[] = [];
  const from: string[] = [];
  const of = async (credential: string): Promise<string> => {
    const ref = config.credentials[credential];
    if (ref === undefined)
      throw new RunbackError('auth-missing', `Platform ${config.name} has no ${credential}`, {
        why: `The description of ${name} needs it to sign in.`,
        state: 'Nothing was requested.',
        next: `Add credentials: { ${credential}: env:NAME } to platform ${config.name} in runback.yml.`,
      });
    const secret = await deps.secret(ref);
    secrets.push(secret);
    from.push(shownRef(ref));
    return secret;
  };
  const made = (headers: Readonly<Record<string, string>>, query: Readonly<Record<string, string>> = {}): Credentials => ({
    headers,
    query,
    secrets,
    from: from.join(' and '),
  });
  switch (auth.kind) {
    case 'none':
      return made({});
    case 'bearer':
      return made({ authorization: `Bearer ${await of(auth.credential)}` });
    case 'header':
      return made({ [auth.header.toLowerCase()]: auth.before + (await of(auth.credential)) });
    case 'query':
      return made({}, { [auth.parameter]: await of(auth.credential) });
    case 'basic': {
      const pair = Buffer.from(`${await of(auth.user)}:${await of(auth.password)}`).toString('base64');
      secrets.push(pair);
      return made({ authorization: `Basic ${pair}` });
    }
    case 'client-credentials': {
      const [id, secret] = [await of(auth.id), await of(auth.secret)];
      const settings = {
        name,
        of: `Platform ${config.name}`,
        url,
        path: auth.token,
        id,
        secret,
        scope: auth.scope,
        in: auth.in,
        from: from.join(' and '),
        clock: deps.clock,
        environment: deps.environment ?? {},
        redact: redacting(deps, secrets),
      };
      return { ...made({}), session: clientCredentials(settings, (token) => void secrets.push(token)) };
    }
  }
}

/** Takes them out of texts, also as they stand in an address. */
function redacting(deps: DriverDeps, secrets: readonly string[]): (text: string) => string {
  return (text) => {
    let clean = deps.redact?.(text) ?? text;
    for (const secret of secrets)
      for (const form of [secret, encodeURIComponent(secret)]) if (form !== '') clean = clean.replaceAll(form, '[redacted]');
    return clean;
  };
}

/** The address as an origin. Plain http is only for this machine: credentials would travel readable. */
function originOf(config: PlatformConfig): string {
  const url = config.url !== undefined && URL.canParse(config.url) ? new URL(config.url) : undefined;
  if (!url || !/^https?:$/u.test(url.protocol) || !mayCarrySecrets(url) || url.pathname !== '/')
    throw new RunbackError('file-invalid', `The address of platform ${config.name} cannot be used`, {
      why: 'It has to be an https address without a path; http is allowed for this machine only. Paths belong into the description.',
      state: 'Nothing was requested.',
      next: `Write url: https://… under platform ${config.name} in runback.yml.`,
    });
  return url.origin;
}
