import { setFlagsFromString } from 'node:v8';

/** What reads everything there is, and keeps next to nothing of it. */
const STREAMING: ReadonlySet<string> = new Set(['snapshot', 'backup']);
/** What keeps a little of each of very many records: the collector lets the rest pile up to a multiple of that. */
const COMPACT: ReadonlySet<string> = new Set(['investigate', 'reconcile']);

/** The last line of Node that is known to have the flags: an unknown one is complained about on the screen. */
const LAST_KNOWN = 25;

/**
 * Sets V8 to what a command is about, before anything else runs: its flags are read where they matter, and are part of
 * what it tells compiled code by.
 *
 * Commands that read much and keep little keep V8's space for new objects as small as it begins: it grows with how long
 * they run, so that a large account would take more memory than a small one, and they are no faster for it. Others keep
 * much at once, and would only copy it more often. Where a little is kept of each of very many records, what is no longer
 * used is collected once it is a seventh of what is, and not as much again.
 */
export function suitEngine(words: readonly string[]): void {
  if (Number.parseInt(process.versions.node, 10) > LAST_KNOWN) return;
  const isOf = (commands: ReadonlySet<string>): boolean => words.some((word) => commands.has(word));
  if (isOf(STREAMING) || isOf(COMPACT)) setFlagsFromString('--semi-space-growth-factor=1');
  if (isOf(COMPACT)) setFlagsFromString('--heap-growing-percent=15');
}
