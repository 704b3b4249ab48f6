import type { LeftItem, LeftKind, PlanHeader } from '../../../restores/index.js';
import { counted, facts } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { wrap } from '../text/width.js';
import { byHandText } from './by-hand.js';
import { changedText, type Looks, recordTable, sideText } from './record.js';

/** What each kind of what is left is, in a few words. */
export const KIND_WORDS: Readonly<Record<LeftKind, string>> = {
  conflict: 'conflicts of the plan, not written',
  moved: 'left alone: someone changed them since',
  refused: 'refused by the platform',
  failed: 'failed',
  'in-doubt': 'that may or may not have happened',
  'not-tried': 'not tried yet',
  altered: 'stored differently by the platform',
  beside: 'changed by the platform itself',
  made: 'made by the platform itself',
};

/** The same where a table has room for a word or two. */
const SHORT_WORDS: Readonly<Partial<Record<LeftKind, string>>> = {
  moved: 'changed since',
  'in-doubt': 'in doubt',
  'not-tried': 'not tried',
  altered: 'stored differently',
  beside: 'changed too',
};

/** What one side of it holds: of a conflict about a whole record, its fields. */
export function sideOf(value: unknown, { kind, field }: LeftItem): string {
  return value === undefined && kind !== 'conflict' ? '' : sideText(value, kind === 'conflict' && field === undefined);
}

/** What a person does about one of them. */
export function whatToDo({ kind, byHand, open, object, key, undo }: LeftItem, plan: string, restore: string | undefined): string {
  if (byHand !== undefined) return byHand;
  if (undo === true)
    return kind === 'moved'
      ? 'Someone changed it after the restore, so the undo left it: look at it, and set it by hand.'
      : `What the restore wrote is still there. Try again: runback restore undo ${restore ?? 'latest'}`;
  switch (kind) {
    case 'conflict':
      return open === true ? `Decide: runback restore show ${plan} --decide` : 'Look at it on the platform: the plan cannot write it.';
    case 'moved':
      return 'Look at what someone wrote since. For the old value all the same, set it by hand, or make a new plan and decide there.';
    case 'refused':
      return `Fix what the platform names, then: runback restore resume ${restore ?? 'latest'}`;
    case 'failed':
    case 'in-doubt':
    case 'not-tried':
      return `Try again: runback restore resume ${restore ?? 'latest'}`;
    case 'altered':
      return 'Set the value by hand, or accept what the platform made of it.';
    case 'beside':
      return 'Put the value back by hand if it matters. Undoing the restore puts all of these back.';
    case 'made':
      return `Delete ${object} ${key}, or the link, by hand if it should not be there.`;
  }
}

/** What a plan or its restore leaves for people: counts, then the first. */
export function leftText(
  header: PlanHeader,
  restore: string | undefined,
  { kinds, first }: { readonly kinds: Readonly<Partial<Record<LeftKind, number>>>; readonly first: readonly LeftItem[] },
  style: Style,
  looks: Looks,
): string {
  const of = restore === undefined ? `Plan ${header.id}` : `Restore ${restore}`;
  const counts = Object.entries(kinds) as [LeftKind, number][];
  if (counts.length === 0) return `${style.glyph.done} ${of} leaves nothing out`;
  const total = counts.reduce((sum, [, n]) => sum + n, 0);
  const shown = first.slice(0, FIRST);
  const rest = shown.length < total ? [`  ... and ${counted(total - shown.length, 'more of these')}`] : [];
  const todos = [...new Set(shown.map((item) => whatToDo(item, header.id, restore)))];
  return [
    byHandText(header.counts.byHand ?? [], style),
    facts(
      counts.map(([kind, n], i): [string, string] => [i === 0 ? 'Left' : '', `${n.toLocaleString('en')} ${KIND_WORDS[kind]}`]),
      style,
    ),
    '',
    recordTable(
      [{ title: 'Field', shrink: true }, { title: 'Why' }, { title: 'Before', shrink: true }, { title: 'Now', shrink: true }],
      shown.map((item) => ({
        object: item.object,
        key: item.key,
        cells: [
          visible(item.field ?? ''),
          visible(item.code ?? SHORT_WORDS[item.kind] ?? item.kind),
          sideOf(item.wanted, item),
          item.kind === 'conflict' ? changedText(item.damaged, item.now, item.field === undefined) : sideOf(item.now, item),
        ],
      })),
      style,
      looks,
    ),
    ...rest,
    '',
    ...todos.flatMap((text) => wrap(visible(text), style.width - 4).map((line, i) => `${i === 0 ? '  - ' : '    '}${line}`)),
    '  All of them as a list:',
    `    runback restore left ${restore ?? header.id} --to left.csv`,
  ]
    .filter((part, i, all) => part !== '' || (i > 0 && all[i - 1] !== ''))
    .join('\n');
}

/** Items that are shown on the screen, of each kind and in all. */
export const FIRST = 10;
