import { NEWLINE } from './lines.js';

const FIRST_BLOCK = 1 << 10;
const LARGEST_BLOCK = 1 << 18;

/** Whole lines, and where the present one begins. */
export interface Place {
  readonly bytes: Buffer;
  at: number;
}

/** Moves both over lines that are equal byte for byte, by comparing blocks that grow as long as they are equal. */
export function skipEqual(a: Place, b: Place): void {
  let block = FIRST_BLOCK;
  for (;;) {
    const length = Math.min(block, a.bytes.length - a.at, b.bytes.length - b.at);
    const equal = equalPrefix(a.bytes, a.at, b.bytes, b.at, length);
    // To the end of the last line that lies wholly in the equal bytes.
    const newline = equal === 0 ? -1 : a.bytes.lastIndexOf(NEWLINE, a.at + equal - 1);
    if (newline >= a.at) {
      const step = newline + 1 - a.at;
      a.at += step;
      b.at += step;
    } else if (equal === length && length === block) {
      block *= 2;
      continue;
    } else return;
    if (equal < length || a.at >= a.bytes.length || b.at >= b.bytes.length) return;
    block = Math.min(block * 2, LARGEST_BLOCK);
  }
}

/** How many of the next `length` bytes are equal. */
function equalPrefix(a: Buffer, aStart: number, b: Buffer, bStart: number, length: number): number {
  let [low, high] = [0, length];
  if (a.compare(b, bStart, bStart + length, aStart, aStart + length) === 0) return length;
  // In [low, high) lies the first difference.
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (a.compare(b, bStart + low, bStart + middle, aStart + low, aStart + middle) === 0) low = middle;
    else high = middle;
  }
  return low;
}
