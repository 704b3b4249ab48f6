import { type Clock, HttpClient, type HttpSession, RunbackError } from '../../../lib/index.js';
import { heldToken } from '../../http/tokens.js';

/** How tokens are fetched. */
interface TokenSettings {
  readonly name: string;
  /** For people: what it is for, `Platform mail`. */
  readonly of: string;
  readonly url: string;
  readonly path: string;
  readonly id: string;
  readonly secret: string;
  readonly scope: string | undefined;
  /** `json`: in a body of JSON, with the word for the grant in both spellings that are in use. */
  readonly in: 'basic' | 'body' | 'json';
  /** For people: where id and secret come from. */
  readonly from: string;
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly redact: (text: string) => string;
}

/**
 * A token by OAuth's client credentials: fetched at the first request, and again when it has expired or is refused. One fetch
 * for all who wait. `known` is told each token, so that no text shows it.
 */
export function clientCredentials(settings: TokenSettings, known: (token: string) => void): HttpSession & { close(): Promise<void> } {
  const http = new HttpClient({
    origin: settings.url,
    name: settings.name,
    headers: {},
    clock: settings.clock,
    environment: settings.environment,
    redact: settings.redact,
  });
  const held = heldToken(settings.clock, async () => {
    const fresh = await fetched(http, settings);
    known(fresh.token);
    return fresh;
  });
  return { ...held, close: async () => await http.close() };
}

async function fetched(http: HttpClient, settings: TokenSettings): Promise<{ readonly token: string; readonly expiresMs: number }> {
  const { name, of, id, secret, scope } = settings;
  const asked = new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) });
  if (settings.in !== 'basic') for (const [part, value] of Object.entries({ client_id: id, client_secret: secret })) asked.set(part, value);
  // By RFC 6749, 2.3.1, both are encoded as in a form before they are joined.
  const pair = [id, secret].map((part) => new URLSearchParams({ '': part }).toString().slice(1)).join(':');
  const result = await http.request({
    method: 'POST',
    path: settings.path,
    ...(settings.in === 'json'
      ? { body: { ...Object.fromEntries(asked), 'grant-type': 'client_credentials' } }
      : { raw: { type: 'application/x-www-form-urlencoded', text: asked.toString() } }),
    ...(settings.in === 'basic' ? { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } } : {}),
    // A token too many harms nothing.
    repeatable: true,
  });
  const told =
    result.kind === 'answered' && result.status < 300 ? (result.body as { readonly access_token?: unknown; readonly expires_in?: unknown }) : {};
  if (typeof told.access_token === 'string' && told.access_token !== '')
    return { token: told.access_token, expiresMs: typeof told.expires_in === 'number' && told.expires_in > 0 ? told.expires_in * 1000 : 3_600_000 };
  if (result.kind !== 'answered' || result.status >= 500 || result.status === 429)
    throw new RunbackError('platform-unreachable', `${of}: ${name} gives no token for now`, {
      why: result.kind === 'answered' ? `It answered status ${String(result.status)} at ${settings.path}.` : result.message,
      state: 'Nothing was read or written.',
      next: `When ${name} answers again, run the same command again or resume.`,
    });
  throw new RunbackError('auth-refused', `${of}: ${name} refuses the id or the secret`, {
    why: `It answered status ${String(result.status)} at ${settings.path}.`,
    state: 'Nothing was read or written.',
    next: `Copy new credentials from ${name} to ${settings.from}, then run the same command again or resume.`,
  });
}
