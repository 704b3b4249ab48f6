import { type CallOptions, chunksOf, RunbackError, type Trouble } from '../../lib/index.js';
import type { PlatformApi } from './api.js';

/** What a platform says against answering for a key. */
export interface Complaint {
  readonly message?: string;
  /** It passes. */
  readonly trouble?: Trouble;
}

/** What one answer tells of the keys that were asked for. What it names nowhere was not read. */
export interface Said<T> {
  readonly found: readonly T[];
  /** Keys that were answered, by something found or by "there is none". */
  readonly settled: readonly string[];
  /** About the others. */
  readonly errors: readonly Complaint[];
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
  /** Why, in the platform's words. */
  readonly why: string;
}

/** Fruitless rounds for keys alone, and fruitless requests of one round, after which it is given up. */
const MOST_ROUNDS = 5;
const MOST_IN_ROUND = 3;

/**
 * Asks until every key is answered: platforms answer 207, or a plain 200, with a part of what was asked for. What is
 * missing is asked for again after a wait, in smaller pieces where that did not help, in the end alone and in another
 * way. Not read is not absent.
 */
export async function askWhole<T>(api: PlatformApi, question: Question<T>, keys: readonly string[], call: CallOptions): Promise<Whole<T>> {
  const found: T[] = [];
  const patience = api.patience();
  let open = [...new Set(keys)];
  let size = question.size;
  for (let fruitless = 0; open.length > 0;) {
    const round = await askRound(api, question, open, size, found);
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
    if (!(await patience.wait(`${api.words.name} answered only part of it`, call, round.lasting ? round.leastMs : 0)))
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

async function askRound<T>(api: PlatformApi, question: Question<T>, keys: readonly string[], size: number, found: T[]): Promise<Round> {
  // Made once there is an answer: while many requests wait for theirs, nothing is held that is not needed.
  let open: Set<string> | undefined;
  const errors: Complaint[] = [];
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
    const unsaid = (open ??= new Set(keys));
    for (const key of said.settled) unsaid.delete(key);
    const left = piece.filter((key) => unsaid.has(key));
    if (left.length > 0) errors.push(...said.errors);
    alone ||= said.alone === true && left.length > 0;
    for (const key of left) {
      unsaid.delete(key);
      unsaid.add(key);
    }
    vain = left.length < piece.length ? 0 : vain + 1;
    if (vain >= MOST_IN_ROUND) break;
  }
  const lasting = errors.length > 0 && errors.every(({ trouble }) => trouble?.lasting === true);
  return {
    open: [...(open ?? keys)],
    alone,
    lasting,
    leastMs: Math.max(0, ...errors.map(({ trouble }) => trouble?.leastMs ?? 0)),
    why: errors.find(({ message }) => message !== undefined)?.message ?? `${api.words.name} left them out of its answer without a reason.`,
  };
}

/** Throws `platform-incomplete` where anything is missing. `what`: `contacts`, for people. */
export function demandWhole<T>(api: PlatformApi, whole: Whole<T>, what: string, asked: number): readonly T[] {
  if (whole.missing.length > 0) throw incomplete(api, `${String(whole.missing.length)} of ${String(asked)} ${what}`, whole.why, whole.missing);
  return whole.found;
}

/** How often a page is asked for that says that it lacks something. */
const MOST_PAGES = 6;

/**
 * A page of a list that says of itself that it lacks something (`lack`: why) is asked for again, then
 * `platform-incomplete`.
 */
export async function wholePage<P>(
  api: PlatformApi,
  what: string,
  call: CallOptions,
  ask: () => Promise<P>,
  lack: (page: P) => string | undefined,
): Promise<P> {
  const patience = api.patience();
  for (let tries = 1; ; tries += 1) {
    const page = await ask();
    const why = lack(page);
    if (why === undefined) return page;
    if (tries >= MOST_PAGES || !(await patience.wait(`${api.words.name} gave only part of its list`, call))) throw incomplete(api, what, why);
  }
}

/** The error for what a platform did not tell, also when asked again. `keys` are ids, never personal data. */
export function incomplete(api: PlatformApi, what: string, why: string, keys: readonly string[] = []): RunbackError {
  const some = keys.slice(0, 5).join(', ');
  const { name, platform } = api.words;
  return new RunbackError('platform-incomplete', `Platform ${platform}: ${name} left out ${what}, also when asked again`, {
    why: `${why}${keys.length === 0 ? '' : ` (${some}${keys.length > 5 ? ', …' : ''})`}`,
    state: 'What was not read may or may not exist: runback concludes nothing from it, and nothing was written by this request.',
    next: `When ${name} answers for all of it again, run the same command again or resume.`,
    data: { keys: keys.slice(0, 100) },
  });
}
