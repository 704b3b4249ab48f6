import { RunbackError } from '../lib/index.js';

/**
 * What a place is to whoever opens it: where the state is at home, where a move is filling it, or where a move is taking
 * it from.
 */
export type Standing = 'here' | 'arriving' | 'moving';

/** What a place says of a move. */
export interface MoveMark {
  readonly state: Standing | 'moved';
  /** Tells this run of a move from every other: whoever continues a move gives it a new one. */
  readonly move: string;
  /** The other place, for people. */
  readonly to: string;
}

/** What a place was seen to say: undefined where it is the place of the state, `empty` where there is none yet. */
export type Seen = MoveMark | 'empty' | undefined;

/** Whether two looks at a place saw the same run of the same move, or no move. */
export function isSameMark(one: Seen, other: Seen): boolean {
  const [a, b] = [one === 'empty' ? undefined : one, other === 'empty' ? undefined : other];
  return a?.state === b?.state && a?.move === b?.move;
}

/** Another run of a move was here since this one looked. */
export function overtakenError(location: string): RunbackError {
  return new RunbackError('store-moved', `Another run of runback state move was in ${location} since this one began`, {
    why: 'This process was stopped for a while, or both were started at the same time.',
    state: 'This process changes nothing more: what the other one moved stays as it is.',
    next: 'Wait until the other one has ended. Then see where the state is: runback status',
  });
}

/** The state is not here: it was moved, or a move has not ended. */
export function movedError(location: string, state: string, to: string | undefined): RunbackError {
  const target = to === undefined ? 'another place' : to;
  const way = state === 'arriving' ? `from ${target} to ${location}` : `from ${location} to ${target}`;
  if (state === 'moved')
    return new RunbackError('store-moved', `The state of this workspace was moved to ${target}`, {
      why: `${location} is no longer its place.`,
      state: 'Nothing was changed.',
      next: 'Name the new place in runback.yml as store, or leave store out where it is the folder again.',
    });
  return new RunbackError('store-moved', `The state of this workspace is on its way ${way}`, {
    why: 'A move was started and has not ended. Until then, neither place takes changes.',
    state: 'Nothing was changed.',
    next: 'Run the move again, with runback.yml as it was then: runback state move --to …',
  });
}
