import type { CommandContext, OptionSpec } from '../shell/command.js';
import { count } from '../views/text/format.js';

/** Lines of a list that people get unasked. */
const PAGE = 50;

/** The option of a list that shows all of it. */
export const ALL: OptionSpec = { flags: '--all', description: `all of them, not only the newest ${PAGE}` };

/**
 * How many of a list are shown, newest first: a page for people, everything for programs and where it was asked for.
 */
export function shownAtMost({ input, globals }: CommandContext, { all = input.flag('all') }: { readonly all?: boolean } = {}): number {
  return all || globals.json ? Number.POSITIVE_INFINITY : PAGE;
}

/** The line that says how many are not shown, and how to see them; none where all are. */
export function moreLine(more: number, command: string): readonly string[] {
  return more > 0 ? [`... and ${count(more)} more: ${command}`] : [];
}
