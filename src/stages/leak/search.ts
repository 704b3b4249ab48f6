import type { Platform } from '../../connectors/index.js';
import type { CallOptions, Clock } from '../../lib/index.js';
import type { Marked } from './notes.js';
import { type Pass, readPass, type Sighting } from './pass.js';

/** What is looked for, where, and for how long. */
export interface SearchRequest {
  readonly marked: readonly Marked[];
  /** Production platforms; they are only read. */
  readonly productions: readonly Platform[];
  /** How long what flows on may take, milliseconds from when the markers are there. */
  readonly settleMs: number;
}

/** What came of a search. */
export interface LeakFindings {
  /**
   * `clear`: each platform was read from beginning to end, begun once the time to settle was over, and held no marker.
   * `unproven`: none was seen, but not everything was read, or nothing could be marked.
   */
  readonly status: 'clear' | 'leaked' | 'unproven';
  /** The time in which what flows on would have been seen: from when the markers were there to when the last read began. */
  readonly window: { readonly from: string; readonly to: string };
  /** The last read of each platform. */
  readonly read: readonly Pass[];
  /** How often each was read. */
  readonly passes: number;
  readonly sightings: readonly Sighting[];
}

/**
 * Looks for markers in everything that production platforms hold: at once, and again when the time to settle is over.
 * Ends as soon as one is seen. Only reads.
 */
export async function searchLeak({ marked, productions, settleMs }: SearchRequest, clock: Clock, call: CallOptions): Promise<LeakFindings> {
  const from = clock.now().toISOString();
  const beganMs = clock.monotonicMs();
  const markers = marked.map(({ marker }) => marker);
  for (let passes = 1; ; passes += 1) {
    const settled = clock.monotonicMs() - beganMs >= settleMs;
    const to = clock.now().toISOString();
    const read: Pass[] = [];
    // With nothing marked there is nothing to be found.
    for (const platform of markers.length === 0 ? [] : productions) read.push(await readPass(platform, markers, call));
    const sightings = read.flatMap((pass) => pass.sightings);
    const told = { window: { from, to }, read, passes, sightings };
    if (sightings.length > 0) return { status: 'leaked', ...told };
    if (markers.length === 0) return { status: 'unproven', ...told };
    if (settled) return { status: isWhole(read) ? 'clear' : 'unproven', ...told };
    const leftMs = settleMs - (clock.monotonicMs() - beganMs);
    if (leftMs > 0) {
      call.reporter?.waiting({ reason: 'What flows on from the test environment gets its time to reach production', ms: leftMs });
      await clock.sleep(leftMs, call.signal);
    }
  }
}

const isWhole = (read: readonly Pass[]): boolean =>
  read.length > 0 && read.every(({ why, objects }) => why === undefined && objects.every((one) => one.why === undefined));
