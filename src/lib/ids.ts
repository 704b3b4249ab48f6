import { randomBytes } from 'node:crypto';

import type { Clock } from './clock.js';

const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';

/**
 * A new id such as `snap-20261122-164733-k3vq`: prefix, UTC second, four random characters.
 * Sorts by time within one prefix, can be read aloud, and is safe as a file name.
 */
export function newId(prefix: string, clock: Clock): string {
  const stamp = clock.now().toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const tail = Array.from(randomBytes(4), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
  return `${prefix}-${stamp}-${tail}`;
}
