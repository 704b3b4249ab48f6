import type { HttpAnswer, Trouble } from '../../../lib/index.js';
import type { WireError } from './shapes.js';

/** How long HubSpot keeps a lock at least, by its own words. */
const LOCKED_MS = 2000;
/** Statuses whose pages mean what they say, whoever wrote them: no access, too large, too long. */
const PLAIN = new Set([401, 413, 414, 429, 431]);

/**
 * Answers of HubSpot, or of what stands before it, that mean "not now". Nothing was done after 423 (locked), 425 and
 * 477 (the account is being moved), nor where an error page came instead of an error of the API; after 408 and
 * everything from 500 nobody knows.
 */
export function troubleOf(answer: HttpAnswer): Trouble | undefined {
  const { status } = answer;
  if (status === 423) return { mayHaveHappened: false, lasting: true, leastMs: LOCKED_MS };
  if (status === 425 || status === 477) return { mayHaveHappened: false, lasting: true, leastMs: 1000 };
  if (status === 408 || status >= 500) return { mayHaveHappened: true };
  return answer.page === true && !PLAIN.has(status) ? { mayHaveHappened: false } : undefined;
}

const NOT_NOW = /RATE_LIMIT|TOO_MANY|THROTTL|(^|[\s._])LOCKED|MIGRAT|TOO_EARLY|(^|\D)(423|425|429|477)(\D|$)/;
const NOBODY_KNOWS = /INTERNAL|SERVER_ERROR|TIMEOUT|TIMED_OUT|TIME_OUT|UNAVAILABLE|GATEWAY|(^|\D)(408|5\d\d)(\D|$)/;
const NOT_NOW_WORDS = /\b(is|are) (currently )?locked\b|migration in progress|too many requests|ly limit\b/i;
const NOBODY_KNOWS_WORDS = /\binternal (server )?error\b|\btimed? ?out\b|gateway/i;

/**
 * The same for one error within an answer of 207: by its category, sub-category or code; by its words only where it has
 * none of these. Undefined: it means what it says.
 */
export function troubleIn(error: WireError): Trouble | undefined {
  const codes = [error.category, error.subCategory, error.code]
    .filter((code) => code !== undefined)
    .join(' ')
    .toUpperCase();
  const [notNow, nobodyKnows, text] = codes === '' ? [NOT_NOW_WORDS, NOBODY_KNOWS_WORDS, error.message ?? ''] : [NOT_NOW, NOBODY_KNOWS, codes];
  if (notNow.test(text)) return { mayHaveHappened: false, lasting: true, leastMs: LOCKED_MS };
  return nobodyKnows.test(text) ? { mayHaveHappened: true } : undefined;
}
