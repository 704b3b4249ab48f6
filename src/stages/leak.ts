import { randomUUID } from 'node:crypto';

import { isRunbackError, messageOf, RunbackError } from '../lib/index.js';
import type { FieldSchema } from '../records/index.js';
import type { TrueValues, Who } from '../sandbox/index.js';
import type { StagedAccount } from './account.js';
import { refusedStage } from './guards.js';

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
const MARKER: Who = { kind: 'person', id: 'runback-drill' };
/** Room that a marker needs, characters. */
const MARKER_LENGTH = 23;

/**
 * Writes a marker that nobody could have guessed into one record of a stage, reads it back, looks for it in production,
 * and puts back what was there. It tells what no name or address does: a copy that flows on. Gives whether anything
 * could be marked, and what could not be looked at, in words. Throws `stage-refused` where the marker shows up in production, or not on the stage itself.
 */
export async function refuseLeak(
  { name, account, victims }: { readonly name: string; readonly account: StagedAccount; readonly victims: StagedAccount },
  productions: readonly WatchedPlatform[],
): Promise<LeakSearch> {
  const writer = account.as(MARKER);
  const marker = `drill-${randomUUID().slice(0, 17)}`;
  const marked = await mark(await markable(victims), async ({ object, key, field }) => await writer.update(object, key, { [field]: marker }));
  if (marked === undefined) return { marked: false, unseen: productions.length === 0 ? [] : [UNMARKED] };
  const { object, key, field, was } = marked;
  try {
    if ((await account.record(object, key))?.[field] !== marker) throw refusedStage(name, 'What is written there cannot be read back.');
    const unseen: string[] = [];
    for (const production of productions) {
      const seen = await lookedUp(production, object, key);
      if (seen instanceof RunbackError)
        unseen.push(`whether it flows on to ${production.name}, which is production, is not known: ${messageOf(seen)}`);
      else if (Object.values(seen ?? {}).includes(marker))
        throw refusedStage(name, `What is written there shows up in ${production.name}, which is production.`);
    }
    return { marked: true, unseen };
  } finally {
    await writer.update(object, key, { [field]: was ?? null });
  }
}

async function lookedUp(production: WatchedPlatform, object: string, key: string): Promise<TrueValues | undefined | RunbackError> {
  try {
    return await production.record(object, key);
  } catch (error) {
    if (!isRunbackError(error) || error.code === 'interrupted') throw error;
    return error;
  }
}

/** A value of a record. */
interface Cell {
  readonly object: string;
  readonly key: string;
  readonly field: string;
  readonly was: string | undefined;
}

/** Most values that are tried: a platform may refuse one for reasons that its schema does not tell. */
const MOST_TRIED = 8;

/** Marks the first of these that the platform lets be written; undefined where there is none. */
async function mark(cells: readonly Cell[], write: (cell: Cell) => Promise<void>): Promise<Cell | undefined> {
  for (const cell of cells.slice(0, MOST_TRIED))
    try {
      await write(cell);
      return cell;
    } catch (error) {
      if (!isRunbackError(error, 'platform-rejected')) throw error;
    }
  return undefined;
}

/** Texts that take any value, and that nothing else hangs on: of the first record of each object type. */
async function markable(account: StagedAccount): Promise<readonly Cell[]> {
  const cells: Cell[] = [];
  for (const object of account.objects) {
    const record = (await account.records(object))[0];
    if (record === undefined) continue;
    const { key, values } = record;
    for (const { name } of account.fields(object).filter(takesAnything)) {
      const was = values[name];
      // What the key is made of stays.
      if (was === undefined || was === '' || !key.includes(was)) cells.push({ object, key, field: name, was });
    }
  }
  return cells;
}

const takesAnything = ({
  type,
  readOnly,
  unique,
  options,
  group,
  optedOut,
  byHand,
  viaLink,
  setsAlso,
  maxLength = MARKER_LENGTH,
}: FieldSchema): boolean =>
  type === 'string' &&
  !readOnly &&
  unique !== true &&
  maxLength >= MARKER_LENGTH &&
  [options, group, optedOut, byHand, viaLink, setsAlso].every((special) => special === undefined);
