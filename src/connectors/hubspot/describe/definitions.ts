import { type CallOptions, type HttpAnswer, RunbackError } from '../../../lib/index.js';
import { Cursors } from '../../http/cursors.js';
import { incomplete } from '../../http/whole.js';
import { type HubSpotApi, isRefusal, isSuccess } from '../wire/api.js';
import { messageIn } from '../wire/errors.js';
import { cursorOf, errorsOf, isPartial, type WirePage } from '../wire/shapes.js';
import { troubleOf } from '../wire/trouble.js';

/** How often a list is asked for that lacks what must be in it. */
const MOST_TRIES = 5;

/** A list of definitions. */
export interface Definitions {
  readonly path: string;
  readonly valid: (body: unknown) => boolean;
  /** What it is, for people. */
  readonly what: string;
  /** Refusals by which HubSpot says that there is none. */
  readonly none?: (answer: HttpAnswer) => boolean;
  readonly mayBeEmpty?: boolean;
}

/**
 * All pages of a list of definitions; empty where HubSpot says that there is none. One that is unknown, nonsense, says
 * that it lacks something, or is empty where it cannot be, is asked for again; then `platform-incomplete` or
 * `platform-nonsense`.
 */
export async function wholeList<T>(api: HubSpotApi, list: Definitions, call: CallOptions): Promise<readonly T[]> {
  const cursors = new Cursors(api);
  const found: T[] = [];
  let after: string | undefined;
  do {
    const page = await listPage<T>(api, list, after, call);
    found.push(...page.results);
    after = cursors.next(cursorOf(page));
  } while (after !== undefined);
  return found;
}

async function listPage<T>(api: HubSpotApi, list: Definitions, after: string | undefined, call: CallOptions): Promise<WirePage<T>> {
  const patience = api.patience();
  for (let tries = 1; ; tries += 1) {
    const path = after === undefined ? list.path : `${list.path}${list.path.includes('?') ? '&' : '?'}after=${encodeURIComponent(after)}`;
    const result = await api.look('GET', path, undefined, call);
    let wrong: RunbackError;
    if (isSuccess(result)) {
      const page = result.body as WirePage<T>;
      if (!list.valid(result.body)) wrong = nonsense(api, list.what);
      else if (isPartial(page)) wrong = incomplete(api, `a part of ${list.what}`, errorsOf(page)[0]?.message ?? 'It gave no reason.');
      else if (page.results.length > 0 || list.mayBeEmpty === true || after !== undefined) return page;
      else wrong = incomplete(api, list.what, 'Its list is empty, which is not possible.');
    } else if (result.kind === 'answered' && troubleOf(result) === undefined && list.none?.(result) === true) return { results: [] };
    else if (isRefusal(result, 400, 404)) wrong = incomplete(api, list.what, messageIn(result));
    else throw api.failure(result);
    if (tries >= MOST_TRIES || !(await patience.wait(`HubSpot did not give ${list.what}`, call))) throw wrong;
  }
}

function nonsense(api: HubSpotApi, what: string): RunbackError {
  return new RunbackError('platform-nonsense', `Platform ${api.naming.platform}: HubSpot described ${what} in a format that its API does not have`, {
    state: 'Nothing was written.',
    next: `Check the address of platform ${api.naming.platform} in runback.yml.`,
  });
}
