/**
 * Hashes of texts for joins: 32 bits, never 0, which stands for nothing. Two texts with one hash count as the same value
 * where a field is compared (one in 4 billion differences is missed) and, with two seeds, where records are matched.
 */
export function hashText(text: string, seed: number): number {
  let hash = seed;
  for (let n = 0; n < text.length; n += 1) hash = mix(hash, text.charCodeAt(n));
  return finished(hash, text.length);
}

const SPACE = 0x20;
const TILDE = 0x7e;
const [UPPER_A, UPPER_Z, AT] = [0x41, 0x5a, 0x40];

/** Which texts are their own form already: see {@link hashPlain}. */
export type Plainness = 'text' | 'email';

/**
 * The hash of a text that is written as its form is, which most are: visible ASCII, with single spaces inside; of an
 * address without capitals, spaces, and with one @. 0 for all others, whose form has to be made first.
 */
export function hashPlain(text: string, seed: number, as: Plainness): number {
  let hash = seed;
  let last = SPACE;
  let ats = 0;
  for (let n = 0; n < text.length; n += 1) {
    const unit = text.charCodeAt(n);
    if (unit < SPACE || unit > TILDE || (unit === SPACE && last === SPACE)) return 0;
    if (as === 'email') {
      if (unit === SPACE || (unit >= UPPER_A && unit <= UPPER_Z)) return 0;
      if (unit === AT) {
        if (n === 0) return 0;
        ats += 1;
      }
    }
    hash = mix(hash, unit);
    last = unit;
  }
  if (last === SPACE || (as === 'email' && (ats !== 1 || last === AT))) return 0;
  return finished(hash, text.length);
}

function mix(hash: number, unit: number): number {
  const mixed = Math.imul(hash ^ unit, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

function finished(hash: number, length: number): number {
  let last = hash ^ length;
  last = Math.imul(last ^ (last >>> 16), 0x21f0aaad);
  last = Math.imul(last ^ (last >>> 15), 0x735a2d97);
  last = (last ^ (last >>> 15)) >>> 0;
  return last === 0 ? 1 : last;
}
