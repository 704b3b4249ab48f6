import type { HttpAnswer } from '../../../lib/index.js';
import type { DailyQuota } from '../../connector.js';
import type { Told } from '../../http/gate.js';
import { codesIn } from './errors.js';

/** What every answer tells of the calls of the last 24 hours, of all who use the account: `api-usage=4177/15000`. */
export function told(headers: Readonly<Record<string, string>>): Told {
  const [, used, most] = /(?:^|[\s;,])api-usage=(\d{1,12})\/(\d{1,12})/u.exec(headers['sforce-limit-info'] ?? '') ?? [];
  if (used === undefined || most === undefined) return {};
  const limit = Number(most);
  const left = Math.max(0, limit - Number(used));
  return { daily: { limit, left }, dailyLeft: left };
}

/** What `/limits` tells; undefined where it does not. */
export function quotaIn(body: unknown): DailyQuota | undefined {
  const { Max: limit, Remaining: left } = ((body as Readonly<Record<string, unknown>> | undefined)?.['DailyApiRequests'] ?? {}) as Readonly<
    Record<string, unknown>
  >;
  if (typeof limit !== 'number' || typeof left !== 'number') return undefined;
  // Calls are counted over any 24 hours: no day begins.
  return { limit, used: Math.max(0, limit - left) };
}

/** Whether all calls of the day are used: 403 `REQUEST_LIMIT_EXCEEDED`, which also says that too many long ones run at once. */
export function isUsedUp({ status, body }: HttpAnswer): boolean {
  return status === 403 && codesIn(body).some(({ code, message }) => code === 'REQUEST_LIMIT_EXCEEDED' && !message.includes('Concurrent'));
}
