import { type ApiSettings, PlatformApi } from '../../src/connectors/http/api.js';
import { Gate } from '../../src/connectors/http/gate.js';
import type { HttpAnswer, Trouble } from '../../src/lib/index.js';

/** What Postbird's answers look like. */
export interface Item {
  readonly id: number;
  readonly [field: string]: unknown;
}
export interface Page<T> {
  readonly items: readonly T[];
  readonly count?: number;
  readonly missing?: readonly number[];
}
/** One result of a bulk. */
export interface Result {
  readonly position: number;
  readonly item?: Item;
  readonly error?: string;
  readonly detail?: string;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
function listIn(body: unknown, name: string, each: (value: unknown) => boolean): boolean {
  const list = isObject(body) ? body[name] : undefined;
  return Array.isArray(list) && list.every(each);
}
const isId = (value: unknown): boolean => Number.isSafeInteger(value);
export const isItems = (body: unknown): boolean => listIn(body, 'items', (value) => isObject(value) && isId(value['id']));
export const isIds = (body: unknown): boolean => listIn(body, 'items', isId);
export const isMade = (body: unknown): boolean => listIn(body, 'ids', isId);
export const isBulk = (body: unknown): boolean => listIn(body, 'results', (value) => isObject(value) && isId(value['position']));
export const isDone = (body: unknown): boolean => listIn(body, 'done', isId);

export function textOf(body: unknown, name: 'error' | 'detail'): string | undefined {
  const value = isObject(body) ? body[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** 408 and everything from 500: nobody knows whether it was done. */
function troubleOf({ status }: HttpAnswer): Trouble | undefined {
  return status === 408 || status >= 500 ? { mayHaveHappened: true } : undefined;
}

/** Requests to one Postbird account. */
export function mailerApi(
  settings: Pick<ApiSettings, 'url' | 'clock' | 'environment' | 'redact' | 'maxWaitMs'> & { readonly platform: string; readonly key: string },
): PlatformApi {
  const { platform, key, ...rest } = settings;
  return new PlatformApi({
    ...rest,
    settleMs: 60_000,
    headers: { authorization: `Bearer ${key}` },
    troubleOf,
    gate: new Gate(
      {
        name: 'Postbird',
        rate: { limit: 60, intervalMs: 60_000 },
        told: ({ 'x-quota-remaining': left }) => (left === undefined ? {} : { dailyLeft: Number(left) }),
        isForToday: ({ body }) => textOf(body, 'error') === 'quota',
        troubleOf,
      },
      settings.clock,
    ),
    words: {
      name: 'Postbird',
      platform,
      messageIn: ({ body }) => textOf(body, 'detail') ?? textOf(body, 'error'),
      next: {
        token: 'Copy a new key from Postbird, then run the same command again or resume.',
        scope: 'Ask for the permission in Postbird, then run the same command again or resume.',
        limit: 'Wait until tomorrow, then resume.',
        locked: 'Wait, then resume.',
      },
    },
  });
}
