import type { HttpAnswer, Trouble } from '../../../lib/index.js';
import type { RejectReason } from '../../connector.js';
import type { Refusal } from '../../http/batch.js';
import { isObject, textIn } from './shapes.js';

/** One field that a problem document complains about. */
interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

/** What a problem document says (RFC 7807, with `errors` of Mailchimp's own). */
export interface Problem {
  readonly title?: string;
  readonly detail?: string;
  /** What Mailchimp's support asks for. */
  readonly instance?: string;
  readonly errors: readonly FieldProblem[];
}

export function problemIn(body: unknown): Problem {
  const [title, detail, instance] = ['title', 'detail', 'instance'].map((name) => textIn(body, name));
  const listed = isObject(body) && Array.isArray(body['errors']) ? (body['errors'] as readonly unknown[]) : [];
  const errors = listed.map((one) => ({ field: textIn(one, 'field') ?? '', message: textIn(one, 'message') ?? '' }));
  return { errors, ...(title !== undefined && { title }), ...(detail !== undefined && { detail }), ...(instance !== undefined && { instance }) };
}

/** Its words, those about fields among them; undefined where it has none. */
export function wordsIn(body: unknown): string | undefined {
  const { title, detail, errors } = problemIn(body);
  const fields = errors.flatMap(({ field, message }) => (message === '' ? [] : [field === '' ? message : `${field}: ${message}`]));
  const words = [detail ?? title, ...fields].filter((each) => each !== undefined && each !== '');
  return words.length === 0 ? undefined : words.join(' ');
}

/** Longer than the burst of connections that was too many. */
const BLOCKED_MS = 2000;
/** Statuses whose answers mean what they say, whoever wrote them. */
const PLAIN = new Set([401, 404, 413, 414, 429, 431]);

/**
 * Answers that mean "not now". 403 without a problem document is a gateway's: too many connections, mostly, and nothing was
 * done. After 408 and everything from 500 nobody knows.
 */
export function troubleOf({ status, page, body }: HttpAnswer): Trouble | undefined {
  if (status === 408 || status >= 500) return { mayHaveHappened: true };
  const isGateway = page === true || (status === 403 && !isObject(body));
  return isGateway && !PLAIN.has(status) ? { mayHaveHappened: false, leastMs: BLOCKED_MS } : undefined;
}

const REASONS: readonly (readonly [RegExp, RejectReason])[] = [
  // Whoever left by themselves, or whose mail bounced, is not subscribed by a program.
  [/compliance state/iu, 'consent'],
  [/permanently deleted|status of "Deleted"/iu, 'irreversible'],
  [/already a list member|already in this list|Member Exists/iu, 'unique-taken'],
  [/Value must be one of|Invalid interest|marketing permission/iu, 'option-removed'],
  [/resource could not be found/iu, 'deleted-later'],
];

/** Why Mailchimp refuses a member, from its words. */
export function reasonOf(...words: readonly (string | undefined)[]): RejectReason {
  const text = words.join(' ');
  return REASONS.find(([pattern]) => pattern.test(text))?.[1] ?? 'rejected';
}

/** Why one member that was sent alone was refused. `names`: the fields that were sent. */
export function refusalOf(answer: HttpAnswer, names: readonly string[]): Refusal {
  const { title, errors } = problemIn(answer.body);
  const words = wordsIn(answer.body) ?? '';
  const reason = answer.status === 404 ? 'deleted-later' : reasonOf(title, words);
  const about = errors.map(({ field }) => field.replace(/^merge_fields\./u, '').replace(/[.:].*$/u, ''));
  const own = reason === 'unique-taken' || reason === 'irreversible' ? ['email_address'] : reason === 'consent' ? ['status'] : [];
  return { reason, message: words, fields: [...about, ...own].filter((name) => names.includes(name)) };
}
