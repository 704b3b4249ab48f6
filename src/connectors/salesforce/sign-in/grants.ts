import { createPrivateKey, createSign, type KeyObject } from 'node:crypto';

import { RunbackError } from '../../../lib/index.js';
import type { PlatformConfig } from '../../../workspace/index.js';

/** What is asked of `/services/oauth2/token`, for each of its tries: an assertion is good for minutes. */
export type Grant = (now: Date) => Readonly<Record<string, string>>;

/** The ways to sign in, by the credentials that are given. */
export type SignIn =
  | { readonly way: 'token'; readonly token: string }
  /** A token is fetched, and again when its session is over. */
  | { readonly way: 'grant'; readonly grant: Grant };

/** How long an assertion is good: Salesforce takes none that is good for more than five minutes. */
const GOOD_FOR_S = 180;

const WAYS = 'token; client_id and client_secret; client_id and refresh_token; client_id and private_key, with options.user';

/**
 * The way to sign in that the credentials are for. `given`: the secrets by the names of `credentials`. Throws `auth-missing`,
 * `file-invalid` where the key is none.
 */
export function signInOf(config: PlatformConfig, given: Readonly<Record<string, string>>, user: string | undefined, audience: string): SignIn {
  const { token, client_id: id, client_secret: secret, refresh_token: refresh, private_key: key } = given;
  if (token !== undefined) return { way: 'token', token };
  if (id === undefined) throw missing(config, 'Nothing to sign in with is given.');
  const grant = (asked: Readonly<Record<string, string>>): SignIn => ({ way: 'grant', grant: () => ({ ...asked, client_id: id }) });
  const secretly = secret === undefined ? {} : { client_secret: secret };
  if (refresh !== undefined) return grant({ grant_type: 'refresh_token', refresh_token: refresh, ...secretly });
  if (key !== undefined) {
    if (user === undefined) throw missing(config, 'A signed assertion names the user that signs in: options.user.');
    return { way: 'grant', grant: assertions(keyOf(config, key), { iss: id, sub: user, aud: audience }) };
  }
  if (secret !== undefined) return grant({ grant_type: 'client_credentials', ...secretly });
  throw missing(config, 'A client_id alone signs nobody in.');
}

/** JWT bearer: signed with RS256 by the key whose certificate the connected app holds. */
function assertions(key: KeyObject, claims: Readonly<Record<string, string>>): Grant {
  return (now) => {
    const exp = Math.floor(now.getTime() / 1000) + GOOD_FOR_S;
    const signed = [{ alg: 'RS256' }, { ...claims, exp }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    const signature = createSign('RSA-SHA256').update(signed).sign(key).toString('base64url');
    return { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: `${signed}.${signature}` };
  };
}

function keyOf(config: PlatformConfig, text: string): KeyObject {
  try {
    // In a variable of the environment, line ends are often written as \n.
    return createPrivateKey(text.replaceAll('\\n', '\n'));
  } catch (cause) {
    throw new RunbackError('file-invalid', `The private_key of platform ${config.name} is not a private key`, {
      why: 'It has to be a PEM text without a passphrase, beginning with "-----BEGIN".',
      state: 'Nothing was requested.',
      next: `Refer to such a key under credentials of platform ${config.name} in runback.yml.`,
      cause,
    });
  }
}

function missing({ name }: PlatformConfig, why: string): RunbackError {
  return new RunbackError('auth-missing', `Platform ${name} has no credentials to sign in with`, {
    why: `${why} Salesforce is reached with one of: ${WAYS}.`,
    state: 'Nothing was requested.',
    next: `Add one of these under credentials of platform ${name} in runback.yml, for example { client_id: env:SF_CLIENT_ID, client_secret: env:SF_CLIENT_SECRET }.`,
  });
}
