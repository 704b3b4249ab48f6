import { type CallWatch, type Clock, defined } from '../../../lib/index.js';
import { PlatformApi } from '../../http/api.js';
import { Gate } from '../../http/gate.js';
import type { Words } from '../../http/words.js';
import { problemIn, troubleOf, wordsIn } from './problem.js';

/** Requests at once, of the ten connections that Mailchimp gives to all programs of an account together. */
const AT_ONCE = 5;
const MOST_AT_ONCE = 10;
/** Mailchimp names no limit by time: this only keeps a runaway from being one. */
const RATE = { limit: 1000, intervalMs: 10_000 };

/** What the driver needs to reach one Mailchimp account. */
export interface ApiSettings {
  /** Name in runback.yml. */
  readonly platform: string;
  /** The secret reference of the token: shown, never resolved. */
  readonly tokenRef: string;
  /** Origin, without a path. */
  readonly url: string;
  /** An API key, or the access token of an app. */
  readonly token: string;
  readonly limits: { readonly requests_per_10s?: number; readonly requests_per_day?: number; readonly concurrency?: number };
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Takes secrets out of texts. */
  readonly redact: (text: string) => string;
  readonly maxWaitMs?: number;
  readonly tryTimeoutMs?: number;
  readonly settleMs?: number;
  readonly watch?: CallWatch;
}

/** Requests to one Mailchimp account (Marketing API 3.0). */
export class MailchimpApi extends PlatformApi {
  /** How many requests may be under way together. */
  readonly atOnce: number;

  constructor({ limits, token, maxWaitMs, tryTimeoutMs, settleMs, watch, ...settings }: ApiSettings) {
    const atOnce = Math.min(limits.concurrency ?? AT_ONCE, MOST_AT_ONCE);
    super({
      url: settings.url,
      // Keys and access tokens are taken alike (release note of 2021-02-17: bearer or basic).
      headers: { authorization: `Bearer ${token}` },
      words: mailchimpWords(settings),
      gate: gateOf(limits, settings.clock),
      troubleOf,
      clock: settings.clock,
      environment: settings.environment,
      redact: settings.redact,
      concurrency: atOnce,
      ...defined({ maxWaitMs, tryTimeoutMs, settleMs, watch }),
    });
    this.atOnce = atOnce;
  }
}

/** Path of an audience, or of something below it; `query` in the order given. */
export function listPath(audience: string, below = '', query: Readonly<Record<string, string | number>> = {}): string {
  const text = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `/3.0/lists/${encodeURIComponent(audience)}${below}${text.length === 0 ? '' : `?${text.join('&')}`}`;
}

function gateOf({ requests_per_10s: most, requests_per_day: mostPerDay }: ApiSettings['limits'], clock: Clock): Gate {
  const rules = { name: 'Mailchimp', rate: RATE, ...defined({ most, mostPerDay }), told: () => ({}), isForToday: () => false, troubleOf };
  return new Gate(rules, clock);
}

function mailchimpWords({ platform, tokenRef }: Pick<ApiSettings, 'platform' | 'tokenRef'>): Words {
  const again = 'then run the same command again or resume';
  return {
    name: 'Mailchimp',
    platform,
    messageIn: ({ body }) => wordsIn(body),
    idIn: ({ body, headers }) => problemIn(body).instance ?? headers['x-request-id'],
    next: {
      token: `Copy an API key from Profile > Extras > API keys in Mailchimp to ${tokenRef}, ${again}.`,
      scope: `Use an API key of a person who may manage the audience in Mailchimp, ${again}.`,
      limit:
        'Stop other programs that call Mailchimp, or lower limits.concurrency in runback.yml (ten connections are all it gives to an account), then resume.',
      locked: 'Wait until Mailchimp is done, then resume; limits.wait in runback.yml sets how long to wait.',
    },
  };
}
