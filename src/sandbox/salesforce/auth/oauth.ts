import { createHmac, createPublicKey, verify } from 'node:crypto';

import type { ApiAnswer } from '../../kit/route.js';
import type { Org } from '../state/org.js';
import type { Sessions } from './sessions.js';

/** A connected app of the account. */
export interface ConnectedApp {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
  /** In PEM: the certificate, or the public key, that signs for it; without it no JWT is taken. */
  readonly certificate?: string | undefined;
}

interface Parts {
  readonly app: ConnectedApp;
  readonly org: Org;
  readonly sessions: Sessions;
  /** Where the account is reached. */
  readonly url: () => string;
}

type Params = Readonly<Record<string, string>>;
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const AUDIENCES = ['https://login.salesforce.com', 'https://test.salesforce.com'];
/** An assertion may say that it is good for this long at most. */
const LONGEST_MS = 5 * 60_000;

/** The endpoints that give out sessions and end them. */
export class OAuth {
  constructor(private readonly parts: Parts) {}

  takes(method: string, path: string): boolean {
    return method === 'POST' && /^\/services\/oauth2\/(?:token|revoke)$/.test(path);
  }

  /** Answers a request for a token, or for one to end. `basic`: the `Authorization` header. */
  answer(path: string, body: unknown, basic: string | undefined): ApiAnswer {
    const params = body as Params;
    if (path.endsWith('/revoke')) return this.#revoke(params.token ?? '');
    const { clientId, clientSecret } = this.#client(params, basic);
    switch (params.grant_type) {
      case 'client_credentials':
      case 'refresh_token': {
        if (clientId !== this.parts.app.clientId) return wrong('invalid_client_id', 'client identifier invalid');
        const mayBePublic = params.grant_type === 'refresh_token' && clientSecret === undefined;
        if (!mayBePublic && clientSecret !== this.parts.app.clientSecret) return wrong('invalid_client', 'invalid client credentials');
        if (params.grant_type === 'refresh_token' && params.refresh_token !== this.parts.app.refreshToken)
          return wrong('invalid_grant', 'expired access/refresh token');
        return this.#session(this.parts.org.apiUserId, true);
      }
      case JWT_BEARER:
        return this.#assertion(params.assertion ?? '');
      default:
        return wrong('unsupported_grant_type', 'grant type not supported');
    }
  }

  #client(params: Params, basic: string | undefined): { readonly clientId: string | undefined; readonly clientSecret: string | undefined } {
    const [, encoded] = /^Basic (.+)$/i.exec(basic ?? '') ?? [];
    if (encoded === undefined) return { clientId: params.client_id, clientSecret: params.client_secret };
    const [clientId, clientSecret] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
    return { clientId, clientSecret };
  }

  #assertion(assertion: string): ApiAnswer {
    const { app, org } = this.parts;
    const [head = '', claims = '', signature = ''] = assertion.split('.');
    const { iss, sub, aud, exp } = decoded(claims);
    if (iss !== app.clientId) return wrong('invalid_client_id', 'client identifier invalid');
    if (app.certificate === undefined) return wrong('invalid_grant', 'invalid assertion');
    const isSigned = verify('sha256', Buffer.from(`${head}.${claims}`), createPublicKey(app.certificate), Buffer.from(signature, 'base64url'));
    if (decoded(head).alg !== 'RS256' || !isSigned) return wrong('invalid_grant', 'invalid assertion');
    if (![...AUDIENCES, this.parts.url()].includes(String(aud))) return wrong('invalid_grant', 'audience is invalid');
    const left = Number(exp) * 1000 - org.clock.now().getTime();
    if (!(left > 0 && left <= LONGEST_MS)) return wrong('invalid_grant', 'token expired');
    const [user] = org.tables.byValue(org.schema.get('User'), 'Username', String(sub));
    return user === undefined ? wrong('invalid_grant', "user hasn't approved this consumer") : this.#session(user, false);
  }

  #session(userId: string, isSigned: boolean): ApiAnswer {
    const { app, org, sessions, url } = this.parts;
    const { token } = sessions.open(userId, app.clientId);
    const id = `${url()}/id/${org.id}/${userId}`;
    const issuedAt = String(org.clock.now().getTime());
    const signature = createHmac('sha256', app.clientSecret)
      .update(id + issuedAt)
      .digest('base64');
    const body = { access_token: token, scope: 'api refresh_token', instance_url: url(), id, token_type: 'Bearer' };
    return { status: 200, body: isSigned ? { ...body, issued_at: issuedAt, signature } : body };
  }

  #revoke(token: string): ApiAnswer {
    return this.parts.sessions.end(token) ? { status: 200 } : wrong('invalid_token', `invalid token: ${token}`);
  }
}

const wrong = (error: string, description: string): ApiAnswer => ({ status: 400, body: { error, error_description: description } });

function decoded(part: string): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
