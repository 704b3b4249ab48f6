import type { CallOptions } from '../../../lib/index.js';
import type { HubSpotApi } from '../wire/api.js';
import { isPageOf, textIn, type WireProperty } from '../wire/shapes.js';
import { wholeList } from './definitions.js';

/** Each is asked for by itself: without a word of it, HubSpot lists none of them (guide to sensitive data). */
const LEVELS = ['sensitive', 'highly_sensitive'] as const;

/** No accounts but the largest have any; others may refuse the question. What can be mended, or passes by itself, is no such answer. */
const isRefused = (status: number): boolean => status >= 400 && status < 500 && ![401, 423, 429, 477].includes(status);

/**
 * Names of the properties of an object type that hold sensitive data. Everybody may see that they are there; their values need scopes of
 * their own, and are left out of answers without a word. One request a level.
 */
export async function sensitiveNames(api: HubSpotApi, object: string, call: CallOptions): Promise<readonly string[]> {
  const names: string[] = [];
  for (const level of LEVELS) names.push(...(await namesOf(api, object, level, call)));
  return names.sort();
}

async function namesOf(api: HubSpotApi, object: string, level: string, call: CallOptions): Promise<readonly string[]> {
  const list = {
    path: `/crm/v3/properties/${encodeURIComponent(object)}?dataSensitivity=${level}`,
    valid: isPageOf((value) => textIn(value, 'name') !== undefined),
    what: `the sensitive properties of ${object}`,
    none: ({ status }: { readonly status: number }) => isRefused(status),
    mayBeEmpty: true,
  };
  const properties = await wholeList<WireProperty>(api, list, call);
  // Where the question is not understood, the answer is the list of all others.
  return properties.flatMap(({ name, dataSensitivity, archived }) => (dataSensitivity === level && archived !== true ? [name] : []));
}
