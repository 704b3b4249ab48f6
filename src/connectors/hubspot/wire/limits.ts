import type { Clock } from '../../../lib/index.js';
import { defined } from '../../../lib/index.js';
import { Gate, type Told } from '../../http/gate.js';
import { textIn } from './shapes.js';
import { troubleOf } from './trouble.js';

/** What every plan allows at least; raised to what the headers say after the first answer. */
const LEAST_PER_10S = 100;
const INTERVAL_MS = 10_000;
/**
 * Search has its own limit and its answers carry no headers; the vendor's documents have named four and five a second.
 */
const SEARCH_PER_SECOND = 4;

/** How fast runback may be, from runback.yml. */
export interface LimitSettings {
  readonly requests_per_10s?: number;
  readonly requests_per_day?: number;
}

/** HubSpot's limits, by the `X-HubSpot-RateLimit-*` headers of its answers. */
export function hubspotGate({ requests_per_10s: most, requests_per_day: mostPerDay }: LimitSettings, clock: Clock): Gate {
  return new Gate(
    {
      name: 'HubSpot',
      rate: { limit: LEAST_PER_10S, intervalMs: INTERVAL_MS },
      ...defined({ most, mostPerDay }),
      lanes: { search: { limit: SEARCH_PER_SECOND, intervalMs: 1000 } },
      told,
      isForToday: ({ body }) => textIn(body, 'policyName')?.includes('DAILY') === true || textIn(body, 'message')?.includes('daily limit') === true,
      troubleOf,
    },
    clock,
  );
}

function told(headers: Readonly<Record<string, string>>): Told {
  const number = (name: string): number | undefined => {
    const text = headers[`x-hubspot-ratelimit-${name}`];
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
  };
  const [limit, remaining, dailyLeft, perDay] = [number('max'), number('remaining'), number('daily-remaining'), number('daily')];
  const daily = perDay === undefined || dailyLeft === undefined ? undefined : { limit: perDay, left: dailyLeft };
  return {
    ...defined({ dailyLeft, daily }),
    ...(limit === undefined ? {} : { rate: { limit, intervalMs: number('interval-milliseconds') ?? INTERVAL_MS } }),
    ...defined({ remaining }),
  };
}
