import { setFlagsFromString } from 'node:v8';

/** What reads everything there is, and keeps little of each record. */
const STREAMING: ReadonlySet<string> = new Set(['snapshot', 'backup', 'investigate', 'reconcile']);
/** Those of them that keep a little of each of very many records, and what goes back through a journal. */
const COMPACT: ReadonlySet<string> = new Set(['create', 'backup', 'investigate', 'reconcile', 'undo']);
/** What is over within a second or two: most of what V8 would make faster in that time is not called again. */
const BRIEF: ReadonlySet<string> = new Set(['restore']);

/** The last line of Node that is known to have the flags: an unknown one is complained about on the screen. */
const LAST_KNOWN = 25;
/** The last line that counts by a budget when a function is worth it. */
const LAST_BUDGET = 21;

/**
 * Sets V8 to what a command is about, before anything else runs: its flags are read where they matter, and are part of
 * what it tells compiled code by.
 *
 * Commands that read much and keep little keep V8's space for new objects as small as it begins: it grows with how long
 * they run, so that a large account would take more memory than a small one, and they are no faster for it. Others keep
 * much at once, and would only copy it more often. Where a little is kept of each of very many records, what is no longer
 * used is collected once it is a seventh of what is, and not as much again.
 *
 * Brief commands have functions optimised nine times later: on a machine of two processors that is time which a database on
 * it, or they themselves, can use.
 */
export function suitEngine(words: readonly string[]): void {
  const major = Number.parseInt(process.versions.node, 10);
  if (major > LAST_KNOWN) return;
  const isOf = (commands: ReadonlySet<string>): boolean => words.some((word) => commands.has(word));
  if (isOf(STREAMING)) setFlagsFromString('--semi-space-growth-factor=1');
  if (isOf(COMPACT)) setFlagsFromString('--heap-growing-percent=15');
  else if (isOf(BRIEF) && major <= LAST_BUDGET) setFlagsFromString('--interrupt-budget=1200000');
}
