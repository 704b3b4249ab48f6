import { z } from 'zod';

import { defined } from '../../../lib/index.js';
import type { DailyQuota, Usage } from '../../connector.js';

/** Where HubSpot tells what all private apps of an account used today. */
export const DAILY_USAGE = '/account-info/v3/api-usage/daily/private-apps';

const DAY_MS = 86_400_000;
const count = z.number().int().nonnegative();
const answer = z.looseObject({
  results: z.array(
    z.looseObject({
      usageLimit: count,
      currentUsage: count,
      /** Whether HubSpot found it out: SUCCESS, CACHED (up to five minutes old), TIMEOUT, FAILURE, NOTFOUND. */
      fetchStatus: z.string().optional(),
      resetsAt: z.string().optional(),
    }),
  ),
});

/**
 * What HubSpot's answer says of the day; the headers of the same answer, where there are any, are fresher. Its day ends
 * at midnight in the zone of the account; a `resetsAt` that is past, as in its own documents, counts from day to day.
 * Undefined where it says nothing that can be used.
 */
export function dailyQuotaOf(body: unknown, headers: Usage['daily'], now: Date): DailyQuota | undefined {
  const parsed = answer.safeParse(body);
  const told = parsed.success
    ? parsed.data.results.find(({ fetchStatus = 'SUCCESS', usageLimit }) => usageLimit > 0 && ['SUCCESS', 'CACHED'].includes(fetchStatus))
    : undefined;
  const resets = nextReset(told?.resetsAt, now);
  if (headers !== undefined && headers.limit > 0)
    return { limit: headers.limit, used: Math.max(0, headers.limit - headers.left), ...defined({ resets }) };
  return told === undefined ? undefined : { limit: told.usageLimit, used: told.currentUsage, ...defined({ resets }) };
}

function nextReset(text: string | undefined, now: Date): Date | undefined {
  const at = Date.parse(text ?? '');
  if (Number.isNaN(at)) return undefined;
  const behind = now.getTime() - at;
  return new Date(behind < 0 ? at : at + (Math.floor(behind / DAY_MS) + 1) * DAY_MS);
}
