import type { ConflictChoice, PlanConflict } from '../../../restores/index.js';
import { facts } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { wrap } from '../text/width.js';
import { attributionWords } from './attribution.js';
import { changedText, type Looks, noLooks, pageLine, recordTable, recordText, sideText } from './record.js';

/** What each conflict code means, in a few words. */
export const CONFLICT_WORDS: Readonly<Record<PlanConflict['code'], string>> = {
  'edited-since': 'someone edited the value after the damage',
  'moved-since-plan': 'the value changed after the plan was made',
  'came-back': 'deleted by the damage, but exists again now',
  'deleted-later': 'deleted after the damage',
  'created-then-edited': 'created by the damage and edited since',
  'unique-taken': 'another record has the value now',
  'merged-away': 'merged into another record',
  'parent-missing': 'the record it belongs to is gone',
  cycle: 'records that need each other',
  'type-changed': 'the field has another type now',
  'option-removed': 'the value is no longer one of the options',
  'field-removed': 'the field, or the label of links, is gone',
  'read-only': 'the field cannot be written',
  rejected: 'the platform refused it',
  consent: 'a person opted out, before or after: needs a yes, or cannot be written',
  irreversible: 'the platform always refuses it, or it could not be undone',
  'perhaps-hidden': 'may only be hidden from the user that signs in, so it is not made again',
  unattributed: 'nothing ties the change to the incident',
  'base-unreadable': 'nothing can be read of what stood there before',
  'base-partial': 'gone, and only a part of it is known',
};

/** One conflict in full: whom it is about, what each side holds, and what it means. */
export function conflictText(conflict: PlanConflict, style: Style, looks: Looks = noLooks): string {
  const { object, key, field, base, damaged, live } = conflict;
  const whole = field === undefined;
  const sides: [string, string][] =
    whole && base === undefined && damaged === undefined && live === undefined
      ? []
      : [
          ['Before', sideText(base, whole)],
          ['Damaged', sideText(damaged, whole)],
          ['Now', changedText(damaged, live, whole)],
        ];
  const pairs: [string, string][] = [
    ['Record', recordText(object, key, looks)],
    ...pageLine(object, key, looks),
    ...(whole ? [] : [['Field', visible(field)] as [string, string]]),
    ['Conflict', `${conflict.code}: ${CONFLICT_WORDS[conflict.code]}`],
    ...sides,
    ...(conflict.byHand === undefined ? [] : [['By hand', visible(conflict.byHand)] as [string, string]]),
    ...(conflict.attribution === undefined ? [] : [['Who did it', attributionWords(conflict.attribution, style)] as [string, string]]),
  ];
  return `${wrap(visible(conflict.message), style.width).join('\n')}\n${facts(pairs, style)}`;
}

/** Conflicts as a table, for lists. */
export function conflictsTable(conflicts: readonly PlanConflict[], style: Style, looks: Looks = noLooks): string {
  return recordTable(
    [{ title: 'Field', shrink: true }, { title: 'Conflict' }, { title: 'Before', shrink: true }, { title: 'Now', shrink: true }],
    conflicts.map(({ object, key, field, code, base, damaged, live }) => ({
      object,
      key,
      cells: [visible(field ?? ''), code, sideText(base, field === undefined), changedText(damaged, live, field === undefined)],
    })),
    style,
    looks,
  );
}

/**
 * What each choice is called: by what it does to the record (`record`: what that is called), so that a deletion is
 * called one.
 */
export function choiceNames({ change }: PlanConflict, record: string): Readonly<Record<ConflictChoice, string>> {
  switch (change?.action) {
    case 'delete':
      return { keep: 'Keep the record', restore: `Delete ${record}` };
    case 'create':
    case 'undelete':
      return { keep: 'Leave it deleted', restore: `Bring ${record} back` };
    case 'link':
      return { keep: 'Leave them unlinked', restore: 'Link them again' };
    case 'unlink':
      return { keep: 'Leave them linked', restore: 'Remove the link' };
    case 'update':
    case undefined:
      return { keep: 'Keep what is there now', restore: 'Put the old value back' };
  }
}
