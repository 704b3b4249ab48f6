/**
 * Calls `over` when so many milliseconds have passed, and not before what had arrived by then was told: a process that was
 * stopped, or waits for its turn on a busy machine, hears of its timers first. Gives what calls it off.
 */
export function atLimit(ms: number, over: () => void): () => void {
  let isOff = false;
  // Two turns of the event loop bring what is there.
  const timer = setTimeout(() => setImmediate(() => setImmediate(() => isOff || over())), ms);
  return () => {
    isOff = true;
    clearTimeout(timer);
  };
}
