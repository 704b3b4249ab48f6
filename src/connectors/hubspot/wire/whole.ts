import type { CallOptions } from '../../../lib/index.js';
import { defined } from '../../../lib/index.js';
import { type Complaint, wholePage as wholePageOf } from '../../http/whole.js';
import type { HubSpotApi } from './api.js';
import { contextTexts, errorsOf, isObject, isPartial, rawErrorsOf, textIn, type WirePage } from './shapes.js';
import { troubleIn } from './trouble.js';

/** The errors of an answer as the kit takes them. */
export function complaintsIn(page: WirePage<unknown>): readonly Complaint[] {
  return errorsOf(page).map((error) => {
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
function saysNone(error: Readonly<Record<string, unknown>>): boolean {
  const subCategory = textIn(error, 'subCategory');
  if (subCategory !== undefined) return /(^|\.)(OBJECT_NOT_FOUND|NO_ASSOCIATIONS_FOUND)$/.test(subCategory);
  return textIn(error, 'category') === 'OBJECT_NOT_FOUND';
}

/** What the errors of an answer say of the keys that were asked for. */
export interface Verdict {
  /** Keys of which there is nothing; where only one was asked for, the error need not name it. */
  readonly none: readonly string[];
  /** Keys of which an error says something else: what came of them may be a part. */
  readonly partly: ReadonlySet<string>;
  /** An error says of something that there is none, and does not name it. */
  readonly unnamed: boolean;
  /** There are no errors. */
  readonly clean: boolean;
}

/** Weighs the errors one by one: an answer about a thousand records without links has a thousand of them. */
export function verdictOf(asked: readonly string[], page: WirePage<unknown>): Verdict {
  const none = new Set<string>();
  const partly = new Set<string>();
  let [unnamed, others, clean] = [false, false, true];
  for (const error of rawErrorsOf(page)) {
    clean = false;
    const names = namesOf(error);
    if (!saysNone(error)) {
      others = true;
      for (const name of names) partly.add(name);
    } else if (names.length === 0) unnamed = true;
    else for (const name of names) none.add(name);
  }
  const aboutTheOne = asked.length === 1 && unnamed && !others && none.size === 0;
  return { none: aboutTheOne ? asked : asked.filter((key) => none.has(key)), partly, unnamed, clean };
}

const NAMING = ['ids', 'id', 'objectId', 'fromObjectId'] as const;

/** The keys that an error is about. */
function namesOf(error: Readonly<Record<string, unknown>>): readonly string[] {
  const names: string[] = [];
  const inner: readonly unknown[] = Array.isArray(error['errors']) ? error['errors'] : [];
  for (const one of [error, ...inner]) if (isObject(one)) for (const name of NAMING) names.push(...contextTexts(one, name));
  return names;
}
