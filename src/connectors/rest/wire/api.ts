import { type CallWatch, type Clock, defined, type HttpAnswer, type HttpSession, parseDuration, type Trouble } from '../../../lib/index.js';
import type { PlatformConfig } from '../../../workspace/index.js';
import type { Rate } from '../../connector.js';
import { type ApiSettings, PlatformApi } from '../../http/api.js';
import { Gate, type Told } from '../../http/gate.js';
import type { Words } from '../../http/words.js';
import type { Description } from '../description/form.js';
import { valueAt, wordAt } from './paths.js';
import { withQuery } from './request.js';

/** What reaching a described platform takes. */
export interface RestSettings {
  /** Name in runback.yml. */
  readonly platform: string;
  readonly says: Description;
  /** Origin, without a path. */
  readonly url: string;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Asked with every request: a key that belongs into the address. */
  readonly query: Readonly<Record<string, string>>;
  readonly session?: HttpSession;
  /** For people: where the credentials come from. */
  readonly from: string;
  readonly limits: PlatformConfig['limits'];
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly redact: (text: string) => string;
  readonly tryTimeoutMs?: number;
  /** How long the platform may be at work on a request after its answer was lost. */
  readonly settleMs: number;
  readonly watch?: CallWatch;
}

const PER_10S_MS = 10_000;

/** Requests to one described platform. */
export class RestApi extends PlatformApi {
  readonly says: Description;
  readonly origin: string;
  /** Takes secrets out of texts. */
  readonly redact: (text: string) => string;
  readonly #query: URLSearchParams;

  constructor(settings: RestSettings) {
    const { says, platform, limits, clock, from } = settings;
    const troubleOf = (answer: HttpAnswer): Trouble | undefined => troubleIn(says, answer);
    super({
      url: settings.url,
      headers: settings.headers,
      words: wordsOf(says, platform, from),
      gate: gateOf(says, limits, clock, troubleOf),
      troubleOf,
      clock,
      environment: settings.environment,
      redact: settings.redact,
      concurrency: limits.concurrency ?? says.limits.concurrency,
      settleMs: settings.settleMs,
      ...defined({
        session: settings.session,
        tryTimeoutMs: settings.tryTimeoutMs,
        watch: settings.watch,
        maxWaitMs: limits.wait === undefined ? undefined : parseDuration(limits.wait),
      }),
    } satisfies ApiSettings);
    this.says = says;
    this.origin = settings.url;
    this.redact = settings.redact;
    this.#query = new URLSearchParams(settings.query);
  }

  /** The same path with what every request asks. */
  signed(path: string): string {
    return withQuery(path, this.#query);
  }

  /** The code of an error answer. */
  codeOf(body: unknown): string | undefined {
    return wordAt(body, this.says.errors.code);
  }
}

/** 408 and everything from 500: nobody knows whether it was done. */
function troubleIn({ errors }: Description, { status, body }: HttpAnswer): Trouble | undefined {
  if (status === 408 || status >= 500) return { mayHaveHappened: true };
  if (status === 423) return { mayHaveHappened: false, lasting: true };
  const code = wordAt(body, errors.code);
  return status >= 400 && status !== 429 && errors.later.some((later) => String(later) === code) ? { mayHaveHappened: false } : undefined;
}

function wordsOf({ name, errors }: Description, platform: string, from: string): Words {
  return {
    name,
    platform,
    messageIn: ({ body }) => wordAt(body, errors.message) ?? wordAt(body, errors.code),
    ...(errors.id === undefined ? {} : { idIn: ({ body }: HttpAnswer) => wordAt(body, errors.id) }),
    next: {
      token: `Copy new credentials from ${name} to ${from}, then run the same command again or resume.`,
      scope: `Give these credentials the permission in ${name}, then run the same command again or resume.`,
      limit: 'Wait, then resume; limits.wait in runback.yml sets how long to wait.',
      locked: 'Wait, then resume; limits.wait in runback.yml sets how long to wait.',
    },
  };
}

function gateOf({ name, limits, errors }: Description, own: PlatformConfig['limits'], clock: Clock, troubleOf: ApiSettings['troubleOf']): Gate {
  const { requests_per_10s: most, requests_per_day: mostPerDay } = own;
  const described = { limit: limits.requests, intervalMs: parseDuration(limits.per) };
  const rate = most === undefined ? described : within(described, { limit: most, intervalMs: PER_10S_MS });
  return new Gate(
    {
      name,
      rate,
      ...defined({ mostPerDay }),
      told: (headers) => told(headers, limits, rate),
      isForToday: ({ body }) => {
        const code = wordAt(body, errors.code);
        return limits.used_up.some((one) => String(one) === code);
      },
      troubleOf,
    },
    clock,
  );
}

/** A rate that keeps to both: that of the shorter time, with no more of it than the longer one allows on average. */
function within(one: Rate, other: Rate): Rate {
  const [short, long] = one.intervalMs <= other.intervalMs ? [one, other] : [other, one];
  const share = Math.floor((long.limit * short.intervalMs) / long.intervalMs);
  if (share >= 1) return { limit: Math.min(short.limit, share), intervalMs: short.intervalMs };
  return { limit: 1, intervalMs: Math.ceil(Math.max(short.intervalMs / short.limit, long.intervalMs / long.limit)) };
}

function told(
  headers: Readonly<Record<string, string>>,
  limits: Description['limits'],
  rate: { readonly limit: number; readonly intervalMs: number },
): Told {
  const number = (name: string | undefined): number | undefined => {
    const text = name === undefined ? undefined : headers[name.toLowerCase()];
    return text !== undefined && /^\d{1,9}$/u.test(text) ? Number(text) : undefined;
  };
  const [remaining, dailyLeft] = [number(limits.left), number(limits.left_today)];
  return { ...(remaining === undefined ? {} : { rate, remaining }), ...defined({ dailyLeft }) };
}

/** A list in an answer. */
export function listAt(body: unknown, path: string): readonly unknown[] | undefined {
  const found = valueAt(body, path);
  return Array.isArray(found) ? found : undefined;
}
