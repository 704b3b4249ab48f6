import { randomBytes } from 'node:crypto';

import type { Clock } from './time/clock.js';

const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const STAMP = /^(\d{4})(\d{2})(\d{2})-(\d{2})(\d{2})(\d{2})/u;

/**
 * A new id such as `snap-20261122-164733-k3vq`: prefix, UTC second, four random characters. Sorts by time within one
 * prefix, can be read aloud, and is safe as a file name. `known`: the ids there are; the new one sorts behind them,
 * also where the clock was put back meanwhile, so that the last id is always the newest.
 */
export function newId(prefix: string, clock: Clock, known: readonly string[] = []): string {
  const stamp = laterThan(stampOf(clock.now()), known, prefix);
  const tail = Array.from(randomBytes(4), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
  return `${prefix}-${stamp}-${tail}`;
}

/** The UTC second in an id, as text that sorts by time: `20261122-164733`; undefined where it has none. */
export function stampIn(id: string): string | undefined {
  return STAMP.exec(id.slice(id.indexOf('-') + 1))?.[0];
}

function stampOf(time: Date): string {
  return time.toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
}

/** The stamp, or the second after the latest one in use where it would not sort behind that. */
function laterThan(stamp: string, known: readonly string[], prefix: string): string {
  let latest = '';
  for (const id of known) {
    const used = STAMP.exec(id.slice(prefix.length + 1))?.[0] ?? '';
    if (id.startsWith(`${prefix}-`) && used > latest) latest = used;
  }
  if (stamp > latest) return stamp;
  const [, y = '', mo = '', d = '', h = '', mi = '', s = ''] = STAMP.exec(latest) ?? [];
  return stampOf(new Date(Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s) + 1)));
}
