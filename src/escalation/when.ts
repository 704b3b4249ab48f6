import { RunbackError } from '../lib/index.js';
import { TIME_PATTERN } from './schedules.js';
import { instantOf, localOf, parseLocal, timesShown } from './zones.js';

/**
 * The instant of a time that a person typed: `2026-11-01T01:30`, local to a zone unless it says its offset. `note` is there
 * where the clocks show that time twice: the first is taken. Throws `usage` for anything else, and for a time that the
 * clocks of the zone skip.
 */
export function readTime(text: string, zone: string): { readonly at: Date; readonly note?: string } {
  const local = parseLocal(text);
  if (local === undefined) {
    const at = TIME_PATTERN.test(text) && parseLocal(text.slice(0, 10)) !== undefined ? new Date(text.replace(' ', 'T')) : new Date(Number.NaN);
    if (!Number.isNaN(at.getTime())) return { at };
    throw new RunbackError('usage', `"${text}" is not a time`, { why: 'Expected one such as 2026-11-01T01:30, or 2026-11-01T01:30-04:00.' });
  }
  const shown = timesShown(local, zone);
  const at = instantOf(local, zone);
  if (shown === 0)
    throw new RunbackError('usage', `${showReading(local)} does not exist in ${zone}`, {
      why: `The clocks go from ${showReading(localOf(at - 1, zone) + 1).slice(11)} straight to ${showReading(localOf(at, zone)).slice(11)}.`,
      next: `Take ${showReading(localOf(at, zone)).replace(' ', 'T')}, or give an offset.`,
    });
  return shown === 2
    ? {
        at: new Date(at),
        note: `${showReading(local)} comes twice in ${zone}, since the clocks go back: the first is taken. Give an offset for the second.`,
      }
    : { at: new Date(at) };
}

function showReading(local: number): string {
  return new Date(local).toISOString().slice(0, 16).replace('T', ' ');
}
