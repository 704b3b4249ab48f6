import type { CallWatch, Clock, HttpAnswer, HttpResult } from '../../../lib/index.js';
import { defined } from '../../../lib/index.js';
import { isRefusal as isRefusalOf, PlatformApi, type Refused } from '../../http/api.js';
import { hubspotWords, type Naming } from './errors.js';
import { hubspotGate, type LimitSettings } from './limits.js';
import { troubleOf } from './trouble.js';

export { isSuccess } from '../../http/api.js';

/** What the driver needs to reach one HubSpot account. */
export interface ApiSettings extends Naming {
  /** Origin, without a path. */
  readonly url: string;
  readonly token: string;
  /** Path of the objects API: `/crm/v3/objects`, or the newer dated form. */
  readonly prefix: string;
  readonly limits: LimitSettings & { readonly concurrency?: number };
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Takes secrets out of texts. */
  readonly redact: (text: string) => string;
  readonly maxWaitMs?: number;
  readonly tryTimeoutMs?: number;
  readonly settleMs?: number;
  readonly watch?: CallWatch;
}

/** Requests to one HubSpot account. */
export class HubSpotApi extends PlatformApi {
  readonly naming: Naming;
  readonly #prefix: string;

  constructor(settings: ApiSettings) {
    const { platform, tokenRef, limits, maxWaitMs, tryTimeoutMs, settleMs, watch } = settings;
    super({
      url: settings.url,
      headers: { authorization: `Bearer ${settings.token}` },
      words: hubspotWords(settings),
      gate: hubspotGate(limits, settings.clock),
      troubleOf,
      clock: settings.clock,
      environment: settings.environment,
      redact: settings.redact,
      ...defined({ concurrency: limits.concurrency, maxWaitMs, tryTimeoutMs, settleMs, watch }),
    });
    this.naming = { platform, tokenRef };
    this.#prefix = settings.prefix;
  }

  /** Path of an object type, or of something below it. */
  objects(type: string, rest = ''): string {
    return `${this.#prefix}/${encodeURIComponent(type)}${rest}`;
  }
}

/** Whether HubSpot's API itself refused with one of these statuses. */
export function isRefusal(result: HttpResult, ...statuses: readonly Refused['status'][]): result is HttpAnswer & Refused {
  return isRefusalOf({ troubleOf }, result, ...statuses);
}
