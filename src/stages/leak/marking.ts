import { isRunbackError } from '../../lib/index.js';
import type { Who } from '../../sandbox/index.js';
import type { StagedAccount } from '../account.js';
import { refusedStage } from '../guards.js';
import { type Candidates, candidatesOf, type Cell, type Choice } from './cells.js';
import { newMarker } from './marker.js';
import type { Marked, MarkerNotes } from './notes.js';

/** Where markers are written. */
export interface MarkRequest {
  /** Name of the platform, for messages. */
  readonly name: string;
  readonly account: StagedAccount;
  /** Whose records may be marked. */
  readonly victims: StagedAccount;
  readonly choice: Choice;
  /** Where they are written down first. */
  readonly notes: Pick<MarkerNotes, 'willMark' | 'putBack'>;
}

const MARKER: Who = { kind: 'person', id: 'runback-drill' };
/** Most values that are tried: a platform may refuse one for reasons that its schema does not tell. */
const MOST_TRIED = 8;

/**
 * Writes markers that nobody could have guessed, reads each back, does `body`, and puts back what was there, whatever
 * comes of it. `body` is given none where none could be written. Throws `stage-refused` where one cannot be read back,
 * `usage` for a field that was asked for and cannot be marked, and what `body` throws.
 */
export async function withMarkers<T>(request: MarkRequest, body: (marked: readonly Marked[]) => Promise<T>): Promise<T> {
  const { name, account, victims, choice, notes } = request;
  const writer = account.as(MARKER);
  const marked: Marked[] = [];
  try {
    for (const candidates of candidatesOf(victims, choice)) {
      const one = await mark(candidates, request, async ({ object, key, field }, marker) => await writer.update(object, key, { [field]: marker }));
      if (one !== undefined) marked.push(one);
    }
    for (const { object, key, field, marker } of marked)
      if ((await account.record(object, key))?.[field] !== marker) throw refusedStage(name, 'What is written there cannot be read back.');
    return await body(marked);
  } finally {
    await notes.putBack(account, writer);
  }
}

/** Puts back what was there before the markers of a search that was killed. */
export async function putBackOldMarkers(notes: MarkerNotes, account: StagedAccount): Promise<void> {
  await notes.putBackOld(account, account.as(MARKER));
}

/** Marks the first of these that the platform lets be written; undefined where there is none. */
async function mark(
  { cells, named }: Candidates,
  { notes }: MarkRequest,
  write: (cell: Cell, marker: string) => Promise<void>,
): Promise<Marked | undefined> {
  let tried = 0;
  for await (const cell of cells) {
    if (tried === MOST_TRIED) return undefined;
    tried += 1;
    const marked = { ...cell, marker: newMarker() };
    await notes.willMark(marked);
    try {
      await write(cell, marked.marker);
      return marked;
    } catch (error) {
      if (named !== undefined || !isRunbackError(error, 'platform-rejected')) throw error;
    }
  }
  return undefined;
}
