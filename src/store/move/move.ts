import { randomBytes } from 'node:crypto';

import { isRunbackError, RunbackError, sha256 } from '../../lib/index.js';
import { movedError, type MoveMark } from '../moved.js';
import { type MovablePlace, partName, type StatePart } from './movable.js';

/** What was moved. */
export interface Moved {
  readonly from: string;
  readonly to: string;
  readonly parts: Readonly<Record<StatePart['what'], number>>;
  readonly bytes: number;
  /** Digest of everything, the same in both places. */
  readonly digest: string;
}

/** Told how far it has come. */
export type MoveProgress = (done: number) => void;

/**
 * Moves a state from one place to another, byte for byte. Each step leaves at most one place that takes changes: first
 * the old one says that it is being left, then everything is copied and compared, then the new one says that it is the
 * place, then the old one that it was moved. Ended anywhere, it is run again and continues; a run that was only stopped
 * changes nothing more from then on.
 *
 * Throws `locked` where somebody works on the state, `store-moved` where one of them is part of another move, or another
 * run continued this one, `usage` where there is another state in the new place already.
 */
export async function moveState(from: MovablePlace, to: MovablePlace, progress: MoveProgress = () => undefined): Promise<Moved> {
  const { leaving, arriving } = await begin(from, to);
  if (arriving !== undefined) await copy(from, to, arriving.move, progress);
  const moved = arriving !== undefined ? await compared(from, to) : { from: from.location, to: to.location, ...(await digestOf(from)) };
  if (arriving !== undefined) await to.mark(undefined, arriving);
  await from.mark({ ...leaving, state: 'moved' }, leaving);
  return moved;
}

/** What both places say of this run. */
interface Begun {
  readonly leaving: MoveMark;
  /** Undefined: everything is there, and only the old place has not said so yet. */
  readonly arriving: MoveMark | undefined;
}

async function begin(from: MovablePlace, to: MovablePlace): Promise<Begun> {
  const [here, there] = [await from.standing(), await to.standing()];
  if (here === 'empty')
    throw new RunbackError('not-found', `There is no state in ${from.location} that could be moved`, { state: 'Nothing was changed.' });
  // Of one move, and the last to be said is not on record there: a standby took over that had not received everything. Nothing of that can
  // have been worked with since, and all of it is here.
  const isLost = here?.state === 'moved' && here.to === to.location && there !== 'empty' && there?.state === 'arriving' && there.move === here.move;
  if ((here?.state === 'moved' && !isLost) || here?.state === 'arriving') throw movedError(from.location, here.state, here.to);
  if (here?.state === 'moving' && here.to !== to.location) throw movedError(from.location, here.state, here.to);
  // Ended between the two last steps: it was marked as arriving before the other one was left.
  if (here?.state === 'moving' && there === undefined) return { leaving: here, arriving: undefined };
  if (there === undefined) throw occupied(to.location);
  // What was moved away from there before is no truth any longer.
  const isFree = there === 'empty' || there.state === 'moved' || (there.state === 'arriving' && there.to === from.location);
  if (!isFree) throw movedError(to.location, there.state, there.to);
  // A run that was stopped, and wakes up when another one has continued, finds that this is no longer its move.
  const move = randomBytes(6).toString('hex');
  const arriving: MoveMark = { state: 'arriving', move, to: from.location };
  const leaving: MoveMark = { state: 'moving', move, to: to.location };
  if (here === undefined) await requireFree(from);
  await to.mark(arriving, there);
  if (there === 'empty') await stayEmpty(to, arriving);
  try {
    await from.mark(leaving, here);
  } catch (error) {
    // To another target, or by another run: then this one leaves the target as it was.
    if (isRunbackError(error, 'store-moved')) await to.mark(there === 'empty' ? undefined : there, arriving).catch(() => undefined);
    throw error;
  }
  await stayFree(from, leaving);
  return { leaving, arriving };
}

/** What someone began there between the look and the mark is theirs. */
async function stayEmpty(to: MovablePlace, arriving: MoveMark): Promise<void> {
  for await (const _ of to.parts()) {
    await to.mark(undefined, arriving);
    throw occupied(to.location);
  }
}

/** Nobody may work on it: a run would lose its locks, and what it writes. */
async function requireFree(from: MovablePlace): Promise<void> {
  const held = await from.held();
  if (held.length === 0) return;
  throw new RunbackError('locked', `Someone works with the state in ${from.location}, or left a lock there`, {
    why: `Held: ${held.slice(0, 5).join(', ')}${held.length > 5 ? ` and ${String(held.length - 5)} more` : ''}.`,
    state: 'Nothing was changed.',
    next: 'Stop the daemon, end or continue what holds them (runback lock list), then run the same command again.',
  });
}

/** What was taken between the look and the mark; then it is theirs, and nothing was moved. */
async function stayFree(from: MovablePlace, leaving: MoveMark): Promise<void> {
  try {
    await requireFree(from);
  } catch (error) {
    await from.mark(undefined, leaving);
    throw error;
  }
}

async function copy(from: MovablePlace, to: MovablePlace, move: string, progress: MoveProgress): Promise<void> {
  const wanted = new Set<string>();
  let done = 0;
  for await (const part of from.parts()) {
    const bytes = await from.read(part);
    wanted.add(partName(part));
    const there = await to.read(part).catch(() => undefined);
    if (there?.equals(bytes) !== true) await to.write(part, bytes, move);
    progress((done += 1));
  }
  const others: StatePart[] = [];
  for await (const part of to.parts()) if (!wanted.has(partName(part))) others.push(part);
  for (const part of others) await to.remove(part, move);
}

/** Reads both again. Throws `bug` where they differ: then the old place has not been left. */
async function compared(from: MovablePlace, to: MovablePlace): Promise<Moved> {
  const [old, now] = [await digestOf(from), await digestOf(to)];
  if (old.digest !== now.digest)
    throw new RunbackError('bug', `The state in ${to.location} is not the one in ${from.location}`, {
      state: `Nothing in ${from.location} was changed.`,
      next: 'Run the same command again.',
    });
  return { from: from.location, to: to.location, ...old };
}

async function digestOf(place: MovablePlace): Promise<Pick<Moved, 'parts' | 'bytes' | 'digest'>> {
  const parts = { document: 0, journal: 0, ledger: 0, agenda: 0 };
  const digests: string[] = [];
  let bytes = 0;
  for await (const part of place.parts()) {
    const content = await place.read(part);
    parts[part.what] += 1;
    bytes += content.length;
    digests.push(`${partName(part)} ${sha256(content.toString('latin1'))}`);
  }
  return { parts, bytes, digest: sha256(digests.sort().join('\n')) };
}

function occupied(location: string): RunbackError {
  return new RunbackError('usage', `There is a state in ${location} already`, {
    why: 'A move replaces nothing: two histories cannot be made one.',
    state: 'Nothing was changed.',
    next: 'Name another schema in the address, or another folder.',
  });
}
