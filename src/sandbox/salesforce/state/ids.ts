/** Digits of ids, in the order in which they count up; sorting by code gives the same order. */
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const CHECKS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';
const SHORT = /^[0-9A-Za-z]{15}$/;
const LONG = /^[0-9A-Za-z]{18}$/;
/** An id by its looks, as a part of a path. */
export const ID_IN_PATH = /^(?=[^/]*\d)[0-9A-Za-z]{15}(?:[A-Z0-5]{3})?$/;

/** The three characters that tell upper from lower case: one for each five, a bit for each capital, the first lowest. */
export function suffixOf(short: string): string {
  return [0, 5, 10].map((from) => CHECKS[bitsOf(short.slice(from, from + 5))] ?? '').join('');
}

const bitsOf = (five: string): number => Array.from(five).reduce((bits, each, place) => bits + (each >= 'A' && each <= 'Z' ? 1 << place : 0), 0);

/**
 * The id of 18 characters that is meant by one of 15 (where case counts) or of 18 (where it does not, since the suffix
 * tells it); undefined for what is no id.
 */
export function wideId(id: string): string | undefined {
  if (SHORT.test(id)) return id + suffixOf(id);
  if (!LONG.test(id)) return undefined;
  const bits = Array.from(id.slice(15).toUpperCase(), (each) => CHECKS.indexOf(each));
  if (bits.some((each) => each < 0)) return undefined;
  const short = Array.from(id.slice(0, 15), (each, place) =>
    (((bits[Math.floor(place / 5)] ?? 0) >> (place % 5)) & 1) === 1 ? each.toUpperCase() : each.toLowerCase(),
  ).join('');
  // A digit is no capital: a suffix that says so is none of this id.
  return short + suffixOf(short) === short + id.slice(15).toUpperCase() ? short + suffixOf(short) : undefined;
}

/** The `n`th id of an object. `pod`: the characters that stand for the machine it is on. */
export function nthId(keyPrefix: string, pod: string, n: number): string {
  let digits = '';
  for (let left = n; digits.length < 15 - keyPrefix.length - pod.length; left = Math.floor(left / 62)) digits = (DIGITS[left % 62] ?? '0') + digits;
  const short = keyPrefix + pod + digits;
  return short + suffixOf(short);
}
