import { defined, readMoment, RunbackError } from '../lib/index.js';

/**
 * The instant of a time that a person typed for a rehearsal, as {@link readMoment} reads it: local to a zone unless it
 * says its own. `note` is there where the clocks show that time twice: the first is taken. `now`: for `tomorrow 09:00`
 * and `2h`, which are to come. Throws `usage`.
 */
export function readTime(text: string, zone: string, now?: Date): { readonly at: Date; readonly note?: string } {
  const read = readMoment(text, { zone, now, direction: 'future' });
  if (read.ok) return { at: read.at, ...defined({ note: read.note }) };
  throw new RunbackError('usage', `"${text}" is not a valid time: ${read.problem}`, read.why === undefined ? {} : { why: read.why });
}
