import { isRunbackError, messageOf, RunbackError } from '../../lib/index.js';
import type { TrueValues } from '../../sandbox/index.js';
import { refusedStage } from '../guards.js';
import { heldBy } from './marker.js';
import { type MarkRequest, withMarkers } from './marking.js';

/** A production platform that is looked at, and only read. */
export interface WatchedPlatform {
  readonly name: string;
  /** The record of this key there now, if any. Throws where it cannot be asked. */
  record(object: string, key: string): Promise<TrueValues | undefined>;
}

/** What came of it. */
export interface LeakSearch {
  readonly marked: boolean;
  readonly unseen: readonly string[];
}

const UNMARKED = 'no text on it could be marked, so that whether it flows on to production is not known';

/**
 * Writes a marker that nobody could have guessed into one record of a stage, reads it back, looks for it in the record of
 * the same key in production, and puts back what was there. It tells what no name or address does: a copy that flows on.
 * Gives whether anything could be marked, and what could not be looked at, in words. Throws `stage-refused` where the
 * marker shows up in production, or not on the stage itself.
 */
export async function refuseLeak(request: Omit<MarkRequest, 'choice'>, productions: readonly WatchedPlatform[]): Promise<LeakSearch> {
  const { name } = request;
  return await withMarkers({ ...request, choice: 'first' }, async ([marked]) => {
    if (marked === undefined) return { marked: false, unseen: productions.length === 0 ? [] : [UNMARKED] };
    const { object, key, marker } = marked;
    const unseen: string[] = [];
    for (const production of productions) {
      const seen = await lookedUp(production, object, key);
      if (seen instanceof RunbackError)
        unseen.push(`whether it flows on to ${production.name}, which is production, is not known: ${messageOf(seen)}`);
      else if (heldBy(seen ?? {}, marker)) throw refusedStage(name, `What is written there shows up in ${production.name}, which is production.`);
    }
    return { marked: true, unseen };
  });
}

async function lookedUp(production: WatchedPlatform, object: string, key: string): Promise<TrueValues | undefined | RunbackError> {
  try {
    return await production.record(object, key);
  } catch (error) {
    if (!isRunbackError(error) || error.code === 'interrupted') throw error;
    return error;
  }
}
