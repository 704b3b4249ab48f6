import type { CallOptions } from '../../lib/index.js';
import { defined } from '../../lib/index.js';
import { type Complaint, wholePage as wholePageOf } from '../http/whole.js';
import type { HubSpotApi } from './api.js';
import { troubleIn } from './trouble.js';
import { contextTexts, errorsOf, isPartial, type WireError, type WirePage } from './wire.js';

/** HubSpot's errors as the kit takes them. */
export function complaints(errors: readonly WireError[]): readonly Complaint[] {
  return errors.map((error) => {
    const trouble = troubleIn(error);
    return { ...defined({ message: error.message, trouble }) };
  });
}

/** A page of a list that says of itself that it lacks something is asked for again, then `platform-incomplete`. */
export async function wholePage<P extends WirePage<unknown> | undefined>(
  api: HubSpotApi,
  what: string,
  call: CallOptions,
  ask: () => Promise<P>,
): Promise<P> {
  return await wholePageOf(api, what, call, ask, (page) =>
    page === undefined || !isPartial(page) ? undefined : (errorsOf(page)[0]?.message ?? 'It gave no reason.'),
  );
}

/** Whether an error of HubSpot says that there is nothing of that key, and not that it could not be read. */
export function saysNone(error: WireError): boolean {
  if (error.subCategory !== undefined) return /(^|\.)(OBJECT_NOT_FOUND|NO_ASSOCIATIONS_FOUND)$/.test(error.subCategory);
  return error.category === 'OBJECT_NOT_FOUND';
}

/** Which of the asked keys the errors say there is none of; where only one was asked for, the error need not name it. */
export function noneOf(asked: readonly string[], errors: readonly WireError[]): readonly string[] {
  const sayings = errors.filter(saysNone);
  if (sayings.length === 0) return [];
  if (asked.length === 1 && sayings.length === errors.length && sayings.every((error) => namesOf(error).length === 0)) return asked;
  const named = new Set(sayings.flatMap(namesOf));
  return asked.filter((key) => named.has(key));
}

/** Keys of which an error says something else than that there is none: what came of them may be a part. */
export function troubled(errors: readonly WireError[]): ReadonlySet<string> {
  return new Set(errors.filter((error) => !saysNone(error)).flatMap(namesOf));
}

/** True where an error says of something that there is none, and does not name it. */
export function namesNone(errors: readonly WireError[]): boolean {
  return errors.some((error) => saysNone(error) && namesOf(error).length === 0);
}

/** The keys that an error is about. */
function namesOf(error: WireError): readonly string[] {
  return [error, ...(error.errors ?? [])].flatMap((one) => ['ids', 'id', 'objectId', 'fromObjectId'].flatMap((name) => contextTexts(one, name)));
}
