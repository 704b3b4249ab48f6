import type { HttpAnswer, HttpResult } from '../../../lib/index.js';
import { isRunbackError } from '../../../lib/index.js';
import type { PlatformRecord } from '../../../records/index.js';
import type { RejectReason } from '../../connector.js';
import type { Refusal } from '../../http/batch.js';
import type { WriteDescription } from '../description/form.js';
import { recordOf, type Type } from '../read/record.js';
import { listAt } from '../wire/api.js';
import { valueAt, wordAt } from '../wire/paths.js';
import { keyIn } from '../wire/values.js';

/** What an answer tells of one of those that were sent. */
export interface Told {
  readonly key?: string;
  /** As it is now, where every field is shown. */
  readonly record?: PlatformRecord;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Whether an answer has what its description says. One without a body tells nothing, which is no break of it. */
export function fits({ answer: { items, keys, each, item } }: WriteDescription): (body: unknown) => boolean {
  const lists = [items, keys, each].filter((path) => path !== undefined);
  return (body) =>
    body === undefined ||
    (lists.every((path) => listAt(body, path) !== undefined) &&
      (each !== undefined || item === undefined || typeof valueAt(body, item) === 'object'));
}

/**
 * What an answer tells of each that was sent, by its place among them; undefined where it tells nothing of it. `keys`: of the
 * records sent, where they have any.
 */
export function toldOf(
  type: Type,
  { answer }: WriteDescription,
  body: unknown,
  count: number,
  keys: readonly string[] | undefined,
): readonly (Told | undefined)[] {
  const places = Array.from<undefined, Told | undefined>({ length: count }, () => undefined);
  const put = (place: number | undefined, told: Told): void => {
    if (place !== undefined && place >= 0 && place < count) places[place] = told;
  };
  const { each, items, item } = answer;
  if (each !== undefined) {
    const results = listAt(body, each) ?? [];
    if (answer.position === undefined && results.length !== count) return places;
    for (const [n, result] of results.entries()) {
      const position = answer.position === undefined ? n : valueAt(result, answer.position);
      const error = answer.error === undefined ? undefined : wordAt(result, answer.error);
      const place = typeof position === 'number' ? position : undefined;
      if (error !== undefined && error !== '') put(place, { error: { code: error, message: wordAt(result, answer.message) ?? error } });
      else
        put(
          place,
          shownIn(
            type,
            answer.item === undefined ? undefined : valueAt(result, answer.item),
            answer.key === undefined ? undefined : valueAt(result, answer.key),
          ),
        );
    }
    return places;
  }
  if (answer.keys !== undefined) {
    const told = listAt(body, answer.keys) ?? [];
    if (told.length === count) for (const [n, key] of told.entries()) put(n, shownIn(type, undefined, key));
    return places;
  }
  if (answer.key !== undefined && item === undefined && items === undefined) {
    put(count === 1 ? 0 : undefined, shownIn(type, undefined, valueAt(body, answer.key)));
    return places;
  }
  const shown = items !== undefined ? (listAt(body, items) ?? []) : item !== undefined ? [valueAt(body, item)] : [];
  const all = shown.map((one) => shownIn(type, one, undefined));
  if (keys !== undefined) for (const told of all) put(told.key === undefined ? undefined : keys.indexOf(told.key), told);
  else if (all.length === count) for (const [n, told] of all.entries()) put(n, told);
  return places;
}

/** A record that an answer shows; without it where it does not show every field. */
function shownIn(type: Type, item: unknown, key: unknown): Told {
  if (item !== undefined) {
    try {
      const record = recordOf(type, item);
      return { key: record.key, record };
    } catch (error) {
      if (!isRunbackError(error)) throw error;
    }
  }
  const found = keyIn(key ?? valueAt(item, type.of.key), type.of);
  return found === undefined ? {} : { key: found };
}

/** Why the platform refuses, by its code. */
export function reasonOf({ api }: Type, code: string | undefined, status?: number): RejectReason {
  const { reasons, absent } = api.says.errors;
  if (code !== undefined && Object.hasOwn(reasons, code)) return reasons[code] ?? 'rejected';
  if (status === 404 || (code !== undefined && absent.some((one) => String(one) === code))) return 'deleted-later';
  return 'rejected';
}

/** Whether a code means that it was not done and may be tried again. */
export function isLater({ api }: Type, code: string): boolean {
  return api.says.errors.later.some((later) => String(later) === code);
}

/** Why one that was sent alone was refused. */
export function refusalIn(type: Type, { status, body }: HttpAnswer): Refusal {
  const { api } = type;
  const { errors } = api.says;
  const field = wordAt(body, errors.field);
  const known = field !== undefined && Object.hasOwn(type.of.fields, field) ? { fields: [field] } : {};
  return { reason: reasonOf(type, api.codeOf(body), status), message: wordAt(body, errors.message) ?? '', ...known };
}

/** Whether the platform may mean that a record is not there, with a status that says something else. */
export function mayBeAbsent({ api }: Type, result: HttpResult): result is HttpAnswer {
  if (result.kind !== 'answered' || result.status < 400) return false;
  const code = api.codeOf(result.body);
  return code !== undefined && api.says.errors.absent.some((one) => String(one) === code);
}
