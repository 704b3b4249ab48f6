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
  let text = message.normalize('NFC');
  const values = [...new Set(sent)].map((value) => value.normalize('NFC').trim()).filter((value) => value !== '');
  for (const value of values.sort((a, b) => b.length - a.length)) text = withoutValue(text, value);
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

/** Also where case or spaces differ; a value that is a plain word of every message is taken out as well. */
function withoutValue(text: string, value: string): string {
  const parts = value.split(/\s+/u).map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`));
  return text.replaceAll(new RegExp(`(?<![\\p{L}\\d])${parts.join('\\s+')}(?![\\p{L}\\d])`, 'giu'), MASKED);
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
