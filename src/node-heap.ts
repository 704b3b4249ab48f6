import { setFlagsFromString } from 'node:v8';

/** From so much memory on, in bytes, the heap grows in small steps. */
const FROM_BYTES = 120 << 20;
const LOOK_MS = 50;

/**
 * Keeps the memory of long work near what it needs: V8 lets the heap of objects double before it looks for what can go, so that half of the
 * memory of a large restore or snapshot is what nobody uses any more. From {@link FROM_BYTES} on it looks sooner, for a fifth to a half more processor time; below
 * that nothing changes. Both settings are read at each collection. Ends with the process, and keeps none alive.
 */
export function keepHeapSmall(): void {
  const timer = setInterval(() => {
    if (process.memoryUsage.rss() < FROM_BYTES) return;
    clearInterval(timer);
    setFlagsFromString('--heap-growing-percent=20');
    setFlagsFromString('--semi-space-growth-factor=1');
  }, LOOK_MS);
  timer.unref();
}
