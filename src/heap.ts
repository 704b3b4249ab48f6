import { setFlagsFromString } from 'node:v8';

/** What reads everything there is, and keeps next to nothing of it. */
const STREAMING: ReadonlySet<string> = new Set(['snapshot', 'backup', 'reconcile']);

/** The last line of Node that is known to have the flag: an unknown one is complained about on the screen. */
const LAST_KNOWN = 25;

/**
 * Keeps V8's space for new objects as small as it begins, for commands that read much and keep little: it grows with
 * how long they run, so that a large account would take more memory than a small one, and they are no faster for it.
 * V8 reads the flag where that space would grow, so it is set before anything else runs. It is part of what V8 tells
 * compiled code by. Other commands keep much at once, and would only copy it more often.
 */
export function keepHeapSmall(words: readonly string[]): void {
  const line = Number.parseInt(process.versions.node, 10);
  if (line <= LAST_KNOWN && words.some((word) => STREAMING.has(word))) setFlagsFromString('--semi-space-growth-factor=1');
}
