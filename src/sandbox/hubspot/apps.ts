import type { Clock } from '../../lib/index.js';
import { notAuthenticated, scopesMissing, tokenExpired } from './failure.js';
import { RateLimiter, type LimitSettings } from './limits.js';
import type { WriteSource } from './state/record.js';

/** Every scope the sandbox asks for somewhere. */
export const ALL_SCOPES: readonly string[] = [
  'oauth',
  ...['contacts', 'companies', 'deals', 'custom'].flatMap((object) => [
    `crm.objects.${object}.read`,
    `crm.objects.${object}.write`,
    `crm.schemas.${object}.read`,
    `crm.schemas.${object}.write`,
  ]),
  'tickets',
  'automation',
  'content',
  'sales-email-read',
  'forms',
  'crm.lists.read',
  'crm.lists.write',
  'crm.objects.owners.read',
];

/** An app with a token: a private app of the account. Its own limits, its own name in field history. */
export interface AppSettings {
  readonly token: string;
  readonly appId: string;
  readonly name: string;
  readonly scopes?: readonly string[];
  /** A public app with OAuth instead: no limit of a day. */
  readonly oauth?: boolean;
}

/** An app while the sandbox runs. */
export interface App {
  readonly appId: string;
  readonly name: string;
  readonly token: string;
  readonly scopes: Set<string>;
  readonly isOAuth: boolean;
  readonly limiter: RateLimiter;
  /** As field history names its writes. */
  readonly source: WriteSource;
  expiredAt: Date | undefined;
}

/** The apps that may call, by token. */
export class Apps {
  private readonly byToken = new Map<string, App>();

  constructor(
    private readonly clock: Clock,
    private readonly limits: LimitSettings,
  ) {}

  add(settings: AppSettings): App {
    const app: App = {
      appId: settings.appId,
      name: settings.name,
      token: settings.token,
      scopes: new Set(settings.scopes ?? ALL_SCOPES),
      isOAuth: settings.oauth === true,
      limiter: new RateLimiter(this.limits, this.clock, settings.appId, settings.oauth),
      source: { type: 'INTEGRATION', id: settings.appId, label: settings.name },
      expiredAt: undefined,
    };
    this.byToken.set(settings.token, app);
    return app;
  }

  all(): readonly App[] {
    return [...this.byToken.values()];
  }

  byTokenOnly(token: string): App | undefined {
    return this.byToken.get(token);
  }

  /** True for the `Authorization` header of an app of this account, expired or not. */
  knows(header: string | undefined): boolean {
    return this.appOf(header) !== undefined;
  }

  private appOf(header: string | undefined): App | undefined {
    return header?.startsWith('Bearer ') ? this.byToken.get(header.slice(7).trim()) : undefined;
  }

  /** The app of an `Authorization` header; throws HubSpot's 401. */
  authenticate(header: string | undefined): App {
    const app = this.appOf(header);
    if (!app) throw notAuthenticated();
    if (app.expiredAt) throw tokenExpired(app.expiredAt, this.clock.now());
    return app;
  }

  expire(app: App): void {
    app.expiredAt = this.clock.now();
  }
}

/**
 * Throws HubSpot's 403 unless the app has one scope of each group; it names the group that is missing, unless the
 * endpoint refuses its own way.
 */
export function requireScopes(app: App, groups: readonly (readonly string[])[], refusal: () => Error | undefined): void {
  for (const anyOf of groups) if (!anyOf.some((scope) => app.scopes.has(scope))) throw refusal() ?? scopesMissing(anyOf);
}
