import { defined } from '../../lib/index.js';
import type { LeftGroup, RestoreSummary } from '../types.js';
import type { Batches } from './batches.js';
import { tallyOf } from './tally.js';

/** Counts of a restore, with those that are only there where something was left. */
export type RestoreCounts = Pick<
  RestoreSummary,
  'applied' | 'moved' | 'rejected' | 'failed' | 'inDoubt' | 'fieldsMoved' | 'fieldsLeft' | 'altered' | 'beside'
>;

/** What became of the changes of one direction. */
export function leftCounts(batches: Batches): RestoreCounts {
  const { applied, moved, rejected, failed, in_doubt } = batches.counts;
  const fieldsMoved = [...batches.left.values()].reduce((sum, fields) => sum + fields.length, 0);
  const { beside, fieldsLeft, altered } = tallyOf(batches);
  return {
    applied,
    moved,
    rejected,
    failed,
    inDoubt: in_doubt,
    ...(fieldsMoved === 0 ? {} : { fieldsMoved }),
    ...defined({ fieldsLeft, altered, beside }),
  };
}

/** How many changes and single fields were left, or came beside the plan: done means that there are none (G28). */
export function leftOf(counts: Partial<RestoreCounts>): number {
  const { moved = 0, rejected = 0, failed = 0, inDoubt = 0, fieldsMoved = 0, fieldsLeft = 0, altered = 0, beside = 0 } = counts;
  return moved + rejected + failed + inDoubt + fieldsMoved + fieldsLeft + altered + beside;
}

/** True where not all of it is as planned. */
export function isLeft(counts: Partial<RestoreCounts>): boolean {
  return leftOf(counts) > 0;
}

/**
 * True where a resume of a restore that came to its end has something to try again. What was left on purpose is not
 * tried again.
 */
export function mayPassNow({ rejected, failed, inDoubt }: RestoreCounts): boolean {
  return rejected + failed + inDoubt > 0;
}

/** What was left, by kind and reason, the largest group first. */
export function leftGroups({ statuses, whys }: Batches): { readonly left?: readonly LeftGroup[] } {
  const groups = new Map<string, LeftGroup>();
  for (const [id, { reason, message }] of whys) {
    const status = statuses.get(id);
    if (status === undefined || status === 'applied') continue;
    const name = `${status} ${reason ?? ''}`;
    const group = groups.get(name) ?? {
      status,
      ...defined({ reason }),
      count: 0,
      ...defined({ message }),
    };
    groups.set(name, { ...group, count: group.count + 1 });
  }
  return groups.size === 0 ? {} : { left: [...groups.values()].sort((a, b) => b.count - a.count) };
}

/**
 * What was left, in words, such as `2 refused (unique-taken: …), 1 changed by somebody meanwhile`; of an undo, what it
 * left.
 */
export function leftWords(summary: RestoreSummary): string {
  if (summary.undo !== undefined) return countWords(summary.undo, () => '', '').join(', ');
  const why = (status: LeftGroup['status']): string => {
    const reasons = (summary.left ?? []).filter((group) => group.status === status).map(({ reason, message }) => join(': ', reason, message));
    const [first] = reasons.filter((words) => words !== '');
    return first === undefined ? '' : ` (${first})`;
  };
  return countWords(summary, why).join(', ');
}

/** `by`: an undo refuses some by itself. */
function countWords(counts: Partial<RestoreCounts>, why: (status: LeftGroup['status']) => string, by = ' by the platform'): string[] {
  const { moved = 0, rejected = 0, failed = 0, inDoubt = 0, fieldsMoved = 0, fieldsLeft = 0, altered = 0, beside = 0 } = counts;
  return [
    ...(rejected === 0 ? [] : [`${rejected} refused${by}${why('rejected')}`]),
    ...(fieldsLeft === 0 ? [] : [`${fieldsLeft} single fields refused${by}`]),
    ...(failed === 0 ? [] : [`${failed} failed${why('failed')}`]),
    ...(inDoubt === 0 ? [] : [`${inDoubt} that may or may not have happened`]),
    ...(moved === 0 ? [] : [`${moved} left alone because someone changed the value in the meantime`]),
    ...(fieldsMoved === 0 ? [] : [`${fieldsMoved} single fields left alone because someone changed them in the meantime`]),
    ...(altered === 0 ? [] : [`${altered} single fields that the platform stored differently`]),
    ...(beside === 0 ? [] : [`${beside} that the platform changed outside the plan`]),
  ];
}

function join(between: string, ...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(between);
}
