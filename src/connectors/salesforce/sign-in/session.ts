import { type Clock, defined, HttpClient, type HttpResult, RunbackError } from '../../../lib/index.js';
import { heldToken, type TokenSession } from '../../http/tokens.js';
import type { SignIn } from './grants.js';

/** What signing in takes. */
export interface SessionSettings {
  /** Name in runback.yml. */
  readonly platform: string;
  /** Origin of the API: the only place that tokens are sent to. */
  readonly url: string;
  /** Origin where tokens are fetched. */
  readonly login: string;
  /** For people: where the credentials come from. */
  readonly from: string;
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly redact: (text: string) => string;
  /** Told each token before it is used, so that no text shows it. */
  readonly known: (token: string) => void;
}

/** A session, and the end of what keeps it. */
export interface Session extends TokenSession {
  close(): Promise<void>;
}

const TOKEN_PATH = '/services/oauth2/token';

/**
 * A session of Salesforce: fetched at the first request, and once more when Salesforce says that it is over (401,
 * `INVALID_SESSION_ID`). How long it is good is not told; each use makes it good for longer. One that was given cannot be renewed.
 */
export function sessionOf(signIn: SignIn, settings: SessionSettings): Session {
  if (signIn.way === 'token') {
    const { token } = signIn;
    const headers = { authorization: `Bearer ${token}` };
    const given = { token: async () => await Promise.resolve(token), headers: async () => await Promise.resolve(headers) };
    return { ...given, renew: async () => await Promise.resolve(false), close: async () => await Promise.resolve() };
  }
  const http = new HttpClient({
    origin: settings.login,
    name: 'Salesforce',
    headers: {},
    clock: settings.clock,
    environment: settings.environment,
    redact: settings.redact,
  });
  const held = heldToken(settings.clock, async () => {
    const result = await http.request({
      method: 'POST',
      path: TOKEN_PATH,
      raw: { type: 'application/x-www-form-urlencoded', text: new URLSearchParams(signIn.grant(settings.clock.now())).toString() },
      // A session too many harms nothing.
      repeatable: true,
    });
    const token = tokenIn(result, settings);
    settings.known(token);
    return { token };
  });
  return { ...held, close: async () => await http.close() };
}

/** The token of an answer. Throws where there is none, and where it is for another place than the one that was declared. */
function tokenIn(result: HttpResult, settings: SessionSettings): string {
  const { platform } = settings;
  const state = 'Nothing was read or written.';
  const body = (result.kind === 'answered' ? result.body : undefined) as Readonly<Record<string, unknown>> | undefined;
  const { access_token: token, instance_url: instance } = body ?? {};
  if (result.kind === 'answered' && result.status < 300 && typeof token === 'string' && token !== '') {
    const place = typeof instance === 'string' && URL.canParse(instance) ? new URL(instance) : undefined;
    if (place === undefined || place.host === new URL(settings.url).host) return token;
    throw new RunbackError('file-invalid', `Platform ${platform} is at another address: ${place.origin}`, {
      why: `Salesforce signed us in for ${place.host}; runback.yml names ${new URL(settings.url).host}. Tokens are sent to no other place than that.`,
      state,
      next: `Write url: ${place.origin} under platform ${platform} in runback.yml.`,
    });
  }
  if (result.kind !== 'answered' || result.status >= 500 || result.status === 429)
    throw new RunbackError('platform-unreachable', `Platform ${platform}: Salesforce does not sign us in for now`, {
      why: result.kind === 'answered' ? `It answered status ${String(result.status)} at ${TOKEN_PATH}.` : result.message,
      state,
      next: 'When Salesforce answers again, run the same command again or resume.',
    });
  const said = [body?.['error'], body?.['error_description']].filter((word) => typeof word === 'string').join(': ');
  throw new RunbackError('auth-refused', `Platform ${platform}: Salesforce does not sign us in`, {
    why: said === '' ? `It answered status ${String(result.status)} at ${TOKEN_PATH}.` : settings.redact(said),
    state,
    next: `Check ${settings.from}, and that the connected app allows this way to sign in, then run the same command again or resume.`,
    data: defined({ status: result.status }),
  });
}
