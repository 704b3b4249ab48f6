const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';
const ID = /^[a-zA-Z0-9]{15}(?:[A-Z0-5]{3})?$/u;

/**
 * An id of Salesforce in its form of 18 characters, which differs from every other also where letters of either case are the same; undefined for
 * what is no id. Each of the last three characters says which of five others are capitals.
 */
export function wholeId(text: string): string | undefined {
  if (!ID.test(text)) return undefined;
  const short = text.slice(0, 15);
  const suffix = [0, 5, 10].map((start) => {
    const capitals = [0, 1, 2, 3, 4].reduce((sum, n) => sum + (/[A-Z]/u.test(short.charAt(start + n)) ? 2 ** n : 0), 0);
    return LETTERS[capitals] ?? '';
  });
  const whole = short + suffix.join('');
  return text.length === 15 || text === whole ? whole : undefined;
}
