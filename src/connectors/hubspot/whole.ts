import { type CallOptions, RunbackError } from '../../lib/index.js';
import type { HubSpotApi } from './api.js';
import { chunksOf } from './chunks.js';
import { troubleIn } from './trouble.js';
import { contextTexts, errorsOf, isPartial, type WireError, type WirePage } from './wire.js';

/** What one answer tells of the keys that were asked for. What it names nowhere was not read. */
export interface Said<T> {
  readonly found: readonly T[];
  /** Keys that were answered, by something found or by "there is none". */
  readonly settled: readonly string[];
  /** Errors about the others. */
  readonly errors: readonly WireError[];
  /** The others have to be asked for alone: this answer does not tell which is which. */
  readonly alone?: boolean;
}

/** A question about many keys. */
export interface Question<T> {
  /** Asks for some of them. */
  ask(keys: readonly string[]): Promise<Said<T>>;
  /** Asks another way for a key that a question for it alone left open. */
  otherwise(key: string): Promise<Said<T>>;
  /** Keys of one request. */
  readonly size: number;
}

/** All that could be learnt. */
export interface Whole<T> {
  readonly found: readonly T[];
  /** Keys that nothing was told of, however often they were asked for: they may be there or not. */
  readonly missing: readonly string[];
  /** Why, in HubSpot's words. */
  readonly why: string;
}

/** Fruitless rounds for keys alone, and fruitless requests of one round, after which it is given up. */
const MOST_ROUNDS = 5;
const MOST_IN_ROUND = 3;

/**
 * Asks until every key is answered: HubSpot answers 207, or a plain 200, with a part of what was asked for. What is missing is asked
 * for again after a wait, in smaller pieces where that did not help, in the end alone and in another way. Not read is not absent.
 */
export async function askWhole<T>(api: HubSpotApi, question: Question<T>, keys: readonly string[], call: CallOptions): Promise<Whole<T>> {
  const found: T[] = [];
  const patience = api.patience();
  let open = [...new Set(keys)];
  let size = question.size;
  for (let fruitless = 0; open.length > 0;) {
    const round = await askRound(question, open, size, found);
    if (round.open.length === 0) break;
    size = Math.min(size, round.open.length);
    if (round.alone && size > 1) {
      size = 1;
      open = round.open;
      continue;
    }
    if (round.open.length < open.length) {
      fruitless = 0;
      patience.relax();
    } else if (size > 1) size = Math.ceil(size / 10);
    else if (!round.lasting && (fruitless += 1) >= MOST_ROUNDS) return { found, missing: round.open, why: round.why };
    open = round.open;
    if (!(await patience.wait('HubSpot answered for a part only', call, round.lasting ? round.leastMs : 0)))
      return { found, missing: open, why: round.why };
  }
  return { found, missing: [], why: '' };
}

interface Round {
  /** Keys without an answer; those that were asked for in vain come last. */
  readonly open: string[];
  readonly alone: boolean;
  /** All that is said against them passes: locked, too many requests. */
  readonly lasting: boolean;
  readonly leastMs: number;
  readonly why: string;
}

async function askRound<T>(question: Question<T>, keys: readonly string[], size: number, found: T[]): Promise<Round> {
  const open = new Set(keys);
  const errors: WireError[] = [];
  let alone = false;
  let vain = 0;
  for (const piece of chunksOf(keys, size)) {
    const [only] = piece;
    let said = await question.ask(piece);
    if (said.settled.length === 0 && piece.length === 1 && only !== undefined) {
      found.push(...said.found);
      const other = await question.otherwise(only);
      said = { ...other, errors: [...said.errors, ...other.errors] };
    }
    found.push(...said.found);
    for (const key of said.settled) open.delete(key);
    const left = piece.filter((key) => open.has(key));
    if (left.length > 0) errors.push(...said.errors);
    alone ||= said.alone === true && left.length > 0;
    for (const key of left) {
      open.delete(key);
      open.add(key);
    }
    vain = left.length < piece.length ? 0 : vain + 1;
    if (vain >= MOST_IN_ROUND) break;
  }
  const troubles = errors.map(troubleIn);
  const lasting = troubles.length > 0 && troubles.every((trouble) => trouble?.lasting === true);
  return {
    open: [...open],
    alone,
    lasting,
    leastMs: Math.max(0, ...troubles.map((trouble) => trouble?.leastMs ?? 0)),
    why: errors.find((error) => error.message !== undefined)?.message ?? 'HubSpot left them out of its answer without a word.',
  };
}

/** Throws `platform-incomplete` where anything is missing. `what`: `contacts`, for people. */
export function demandWhole<T>(api: HubSpotApi, whole: Whole<T>, what: string, asked: number): readonly T[] {
  if (whole.missing.length > 0) throw incomplete(api, `${String(whole.missing.length)} of ${String(asked)} ${what}`, whole.why, whole.missing);
  return whole.found;
}

/** How often a page is asked for that says that it lacks something. */
const MOST_PAGES = 6;

/** A page of a list that says of itself that it lacks something is asked for again, then `platform-incomplete`. */
export async function wholePage<P extends WirePage<unknown> | undefined>(
  api: HubSpotApi,
  what: string,
  call: CallOptions,
  ask: () => Promise<P>,
): Promise<P> {
  const patience = api.patience();
  for (let tries = 1; ; tries += 1) {
    const page = await ask();
    if (page === undefined || !isPartial(page)) return page;
    if (tries >= MOST_PAGES || !(await patience.wait('HubSpot gave a part of its list only', call)))
      throw incomplete(api, what, errorsOf(page)[0]?.message ?? 'It gave no reason.');
  }
}

/** The error for what HubSpot did not tell, also when asked again. `keys` are ids, never personal data. */
export function incomplete(api: HubSpotApi, what: string, why: string, keys: readonly string[] = []): RunbackError {
  const some = keys.slice(0, 5).join(', ');
  return new RunbackError('platform-incomplete', `Platform ${api.naming.platform}: HubSpot left out ${what}, also when asked again`, {
    why: `${why}${keys.length === 0 ? '' : ` (${some}${keys.length > 5 ? ', …' : ''})`}`,
    state: 'What was not read may be there or not: nothing is concluded from it, and nothing was written by this request.',
    next: 'When HubSpot answers for all of it again, run the same command again or resume.',
    data: { keys: keys.slice(0, 100) },
  });
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
