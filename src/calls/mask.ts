import { phraseReplacer } from '../lib/index.js';

/** What stands where something stood that could be personal or differs from call to call. */
export const MASKED = '…';

/** Names that say nothing of anybody; every other word with a capital letter inside a sentence could be a name. */
const KNOWN =
  'API HTTP HTTPS JSON XML CSV URL ID IDs UTC SQL SOQL TLS SSL OAuth HubSpot Salesforce Mailchimp PostgreSQL Contact Contacts Lead Leads Account Accounts Company Companies Deal Deals Opportunity Property Properties Field Object Record Records Invalid Missing Required Error Unknown Status Token Scope Limit Value Values Option Options Email Phone Existing';
const NAMES: ReadonlySet<string> = new Set(KNOWN.split(' '));
const LONGEST = 200;
const QUOTED = /"[^"]*"|“[^”]*”|`[^`]*`|\[[^\]]*\]|\([^)]*\)|\{[^}]*\}|(?<![\p{L}\d])'[^']*'/gu;

/**
 * The words of an error without what it is about: addresses, ids, numbers, quoted and bracketed texts, names, and every
 * value in `sent` become one sign. What stays are plain words in small letters, codes in capitals, and names of platforms:
 * two calls that failed for one reason give one text, and no personal data is kept. Pure.
 */
export function maskMessage(message: string, sent: Iterable<string> = []): string {
  const values = [...new Set(sent)].map((value) => value.normalize('NFC').trim()).filter((value) => value !== '');
  // Also where case or spaces differ; a value that is a plain word of every message is taken out as well.
  let text = phraseReplacer(values, { anyCase: true, anyBlanks: true })(message.normalize('NFC'), () => MASKED);
  for (const value of values) if (value.length > BEGINNING) text = withoutBeginning(text, value);
  const words = text
    .replaceAll(QUOTED, MASKED)
    .split(/\s+/u)
    .filter((word) => word !== '');
  const masked: string[] = [];
  let begins = true;
  for (const word of words) {
    const kept = keptWord(word, begins);
    if (kept !== MASKED || masked.at(-1) !== MASKED) masked.push(kept);
    begins = /[.!?:]$/u.test(word);
  }
  const joined = masked.join(' ');
  return joined.length > LONGEST ? `${joined.slice(0, LONGEST).trimEnd()}${MASKED}` : joined;
}

/** A platform may repeat the beginning of a long text only: from so many characters on it is known by it. */
const BEGINNING = 24;

/** Without the beginning of a text, as far as it goes on in the same way. */
function withoutBeginning(text: string, value: string): string {
  const [lower, wanted] = [text.toLowerCase(), value.toLowerCase()];
  const at = lower.length === text.length && wanted.length === value.length ? lower.indexOf(wanted.slice(0, BEGINNING)) : -1;
  if (at < 0) return text;
  let length = BEGINNING;
  while (length < wanted.length && lower[at + length] === wanted[length]) length += 1;
  return `${text.slice(0, at)}${MASKED}${text.slice(at + length)}`;
}

function keptWord(word: string, begins: boolean): string {
  const bare = word.replaceAll(/^[^\p{L}\d…]+|[^\p{L}\d…]+$/gu, '');
  if (bare === '') return /^[-–—,;:.!?]+$/u.test(word) ? word : MASKED;
  const isPlain = /^[a-z]{1,20}(?:[-'][a-z]{1,12})?$/u.test(bare);
  const isCode = /^[A-Z]{2,}(?:_[A-Z]+)+$/u.test(bare);
  const isFirst = begins && /^[A-Z][a-z]{0,14}$/u.test(bare) && COMMON.has(bare.toLowerCase());
  return isPlain || isCode || isFirst || NAMES.has(bare) ? word.replaceAll(/[^\p{L}\p{P}_]/gu, '') : MASKED;
}

/** Words with which errors begin. */
const COMMON: ReadonlySet<string> = new Set(
  'the a an this that there it you your cannot could not no one all some an unable failed too request requests response answer data insufficient duplicate resource rate daily quota access permission authentication authorization expired bad internal server service timeout connection unexpected is was property field value record'.split(
    ' ',
  ),
);
