import { type CallOptions, defined, type HttpAnswer, type HttpRequest, type HttpResult, RunbackError, type Trouble } from '../../../lib/index.js';
import type { PlatformConfig } from '../../../workspace/index.js';
import { type ApiSettings, isSuccess, PlatformApi } from '../../http/api.js';
import { Gate } from '../../http/gate.js';
import type { Words } from '../../http/words.js';
import type { Session } from '../sign-in/session.js';
import { codesIn } from './errors.js';
import { isUsedUp, told } from './limits.js';
import { encoded } from './soql.js';

/** What reaching one account takes. */
export interface SalesforceSettings extends Pick<
  ApiSettings,
  'url' | 'clock' | 'environment' | 'redact' | 'maxWaitMs' | 'tryTimeoutMs' | 'settleMs' | 'watch'
> {
  /** Name in runback.yml. */
  readonly platform: string;
  /** Of the API: `62.0`. */
  readonly version: string;
  readonly session: Session;
  /** For people: where the credentials come from. */
  readonly from: string;
  readonly limits: PlatformConfig['limits'];
}

/**
 * Salesforce counts calls by the day and knows no limit of seconds; of long ones, 25 may run at once. This is only so that a mistake
 * of ours does not use up a day at once.
 */
const RATE = { limit: 200, intervalMs: 10_000 };

/** Requests to one account of Salesforce. */
export class SalesforceApi extends PlatformApi {
  readonly version: string;
  readonly #session: Session;

  constructor(settings: SalesforceSettings) {
    const { limits, clock, session } = settings;
    super({
      url: settings.url,
      headers: {},
      session,
      words: wordsOf(settings),
      gate: new Gate(
        {
          name: 'Salesforce',
          rate: RATE,
          ...defined({ most: limits.requests_per_10s, mostPerDay: limits.requests_per_day }),
          told,
          isForToday: () => false,
          troubleOf,
        },
        clock,
      ),
      troubleOf,
      clock,
      environment: settings.environment,
      redact: settings.redact,
      ...defined({
        concurrency: limits.concurrency,
        maxWaitMs: settings.maxWaitMs,
        tryTimeoutMs: settings.tryTimeoutMs,
        settleMs: settings.settleMs,
        watch: settings.watch,
      }),
    });
    this.version = settings.version;
    this.#session = session;
  }

  /** A path of the REST API. */
  data(path: string): string {
    return `/services/data/v${this.version}${path}`;
  }

  /** The path of a query; `all`: with what was deleted. */
  queryPath(soql: string, all = false): string {
    return this.data(`/${all ? 'queryAll' : 'query'}?q=${encoded(soql)}`);
  }

  /** The session as it is now, for calls that carry it in their body. */
  async token(): Promise<string> {
    return await this.#session.token();
  }

  /** Another session than one that was refused in the body of an answer. */
  async renew(refused: string): Promise<boolean> {
    return await this.#session.renew({ authorization: `Bearer ${refused}` });
  }

  override failure(result: HttpResult): RunbackError {
    if (result.kind !== 'answered' || !isUsedUp(result)) return super.failure(result);
    const { platform, next } = this.words;
    return new RunbackError('platform-limit', `Platform ${platform}: all API calls of 24 hours are used`, {
      why: codesIn(result.body)[0]?.message ?? '',
      state: 'Nothing was written by this request.',
      next: next.limit,
      data: { status: result.status },
    });
  }

  override async close(): Promise<void> {
    await super.close();
    await this.#session.close();
  }

  /** A request of any form that only reads; its answer of success. */
  async took(request: Omit<HttpRequest, 'repeatable'>, call: CallOptions): Promise<HttpAnswer> {
    const result = await this.exchange({ ...request, repeatable: true }, call);
    if (isSuccess(result)) return result;
    throw this.failure(result);
  }
}

/** 408 and all from 500 may have happened; too many long requests at once pass soon. */
export function troubleOf(answer: HttpAnswer): Trouble | undefined {
  const { status, body } = answer;
  if (status === 408 || status >= 500) return { mayHaveHappened: true };
  if (status !== 403) return undefined;
  const codes = codesIn(body);
  if (codes.some(({ code }) => code === 'REQUEST_LIMIT_EXCEEDED') && !isUsedUp(answer))
    return { mayHaveHappened: false, lasting: true, leastMs: 2000 };
  return codes.some(({ code }) => code === 'SERVER_UNAVAILABLE') ? { mayHaveHappened: false } : undefined;
}

function wordsOf({ platform, from }: SalesforceSettings): Words {
  return {
    name: 'Salesforce',
    platform,
    messageIn: ({ body }) => {
      const [first] = codesIn(body);
      return first && `${first.message} (${first.code})`;
    },
    next: {
      token: `Check ${from}, then run the same command again or resume. A token that was given ends with its session: client_id and client_secret make new ones.`,
      scope:
        'Give the user that signs in the permission (API Enabled, and the objects and fields of the runbook), then run the same command again or resume.',
      limit: 'Continue when calls are free again (they are counted over any 24 hours): what was started can be resumed.',
      locked: 'Wait, then resume; limits.wait in runback.yml sets how long to wait.',
    },
  };
}
