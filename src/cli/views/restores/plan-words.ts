import type { PlanAction, PlanHeader } from '../../../restores/index.js';
import { counted } from '../text/format.js';

/** What a change does, by its action. */
export const ACTION_WORDS: Readonly<Record<PlanAction, string>> = {
  update: 'change',
  undelete: 'undelete',
  create: 'create again',
  delete: 'delete',
  link: 'link',
  unlink: 'unlink',
};

/** True where applying the plan deletes records. */
export const deletes = ({ counts }: PlanHeader): boolean => (counts.actions.delete ?? 0) > 0;

/** What applying a plan does, in a few words: `changes 120 records, deletes 18 records`. Deletions first. */
export function effectOf({ counts: { actions } }: PlanHeader): string {
  const parts: readonly (readonly [string, number | undefined, string])[] = [
    ['deletes', actions.delete, 'records'],
    ['changes', actions.update, 'records'],
    ['creates again', actions.create, 'records'],
    ['undeletes', actions.undelete, 'records'],
    ['makes', actions.link, 'links'],
    ['cuts', actions.unlink, 'links'],
  ];
  const words = parts.flatMap(([verb, n = 0, noun]) => (n > 0 ? [`${verb} ${counted(n, noun)}`] : []));
  return words.length === 0 ? 'writes nothing' : words.join(', ');
}
