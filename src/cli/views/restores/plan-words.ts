import type { PlanAction, PlanFilters, PlanHeader } from '../../../restores/index.js';
import { counted } from '../text/format.js';
import { visible } from '../text/visible.js';

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

/** The groups of an investigation that a plan is made of. */
function groupWords({ id, groups }: NonNullable<PlanFilters['investigation']>): string {
  return `${groups.length === 1 ? 'group' : 'groups'} ${groups.map(({ n }) => n).join(', ')} of ${id} (${groups.map(({ what }) => what).join('; ')})`;
}

/** What a plan was limited to, in a few words; empty where it was not. */
export function filterWords(filters: PlanFilters): string {
  const parts: string[] = [];
  if (filters.investigation) parts.push(groupWords(filters.investigation));
  if (filters.objects) parts.push(`objects ${filters.objects.join(', ') || 'none'}`);
  if (filters.fields) parts.push(`fields ${filters.fields.join(', ') || 'none'}`);
  if (filters.exceptFields) parts.push(`all fields but ${filters.exceptFields.join(', ')}`);
  if (filters.only) parts.push(`kinds of damage: ${filters.only.join(', ') || 'none'}`);
  if (filters.keys) parts.push(filters.keys.length > 5 ? counted(filters.keys.length, 'keys') : `keys ${filters.keys.join(', ')}`);
  if (filters.where !== undefined) parts.push(`where ${filters.where}`);
  if (filters.since !== undefined) parts.push(`since ${filters.since}`);
  if (filters.until !== undefined) parts.push(`until ${filters.until}`);
  if (filters.suspects)
    parts.push(`written by ${filters.suspects.length > 5 ? counted(filters.suspects.length, 'suspects') : filters.suspects.join(', ')}`);
  return visible(parts.join('; '));
}
