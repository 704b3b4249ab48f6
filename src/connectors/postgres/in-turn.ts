/**
 * Runs what it is given one after the other. A connection does one thing at a time, and what is to be cancelled must be
 * what is under way, not what waits behind it. What is aborted while it waits does not begin.
 */
export function oneAtATime(): <T>(signal: AbortSignal | undefined, work: () => Promise<T>) => Promise<T> {
  let before: Promise<unknown> = Promise.resolve();
  return async (signal, work) => {
    // What is asked for after an abort clears up.
    const late = signal?.aborted === true;
    const begin = async (): ReturnType<typeof work> => {
      if (!late) signal?.throwIfAborted();
      return await work();
    };
    const result = before.then(begin, begin);
    before = result;
    return await result;
  };
}
