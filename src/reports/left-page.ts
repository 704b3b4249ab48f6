import { documentHtml, documentMarkdown, type TextDocument } from '../document/index.js';
import { formatCount as count } from '../lib/index.js';
import type { LeftItem, LeftKind } from '../restores/index.js';
import { recordInlines } from './shown.js';
import type { RecordLook } from './types.js';

/** What a plan or a restore leaves for people, as a page to work through. */
export interface LeftPage {
  /** Id of the restore, or of the plan. */
  readonly of: string;
  readonly platform: string;
  readonly kinds: Readonly<Partial<Record<LeftKind, number>>>;
  /** The first of each kind, `shown` at most. */
  readonly first: readonly LeftItem[];
  readonly shown: number;
  readonly looks: (object: string, key: string) => RecordLook;
  /** How the screens say it. */
  readonly words: {
    readonly kinds: Readonly<Record<LeftKind, string>>;
    side(value: unknown, item: LeftItem): string;
    todo(item: LeftItem): string;
  };
}

/** As one HTML file: nothing is loaded, nothing runs. The same content and order as {@link leftMarkdown}. */
export function leftHtml(page: LeftPage): string {
  return documentHtml(documentOf(page));
}

export function leftMarkdown(page: LeftPage): string {
  return documentMarkdown(documentOf(page));
}

function documentOf({ of, platform, kinds, first, shown, looks, words }: LeftPage): TextDocument {
  const all = Object.entries(kinds) as [LeftKind, number][];
  return {
    title: `Left for people: ${platform}`,
    lead: [
      ['What ', { code: of }, ' leaves.'],
      [{ strong: 'Contains personal data.' }, ' Keep it where such data may be kept.'],
      [`The first ${count(shown)} of each kind; all of them: `, { code: `runback restore left ${of} --to left.csv` }],
    ],
    sections: all.map(([kind, n]) => ({
      title: `${count(n)} ${words.kinds[kind]}`,
      blocks: [
        {
          kind: 'table',
          caption: words.kinds[kind],
          columns: ['Record', 'Field', 'Why', 'Should be', 'Now', 'What to do'],
          rows: first
            .filter((item) => item.kind === kind)
            .map((item) => ({
              cells: [
                recordInlines({ object: item.object, key: item.key, ...looks(item.object, item.key) }),
                item.field ?? 'the whole record',
                [...(item.code === undefined ? [] : [{ code: item.code }, ' ']), item.message ?? ''],
                words.side(item.wanted, item),
                words.side(item.now, item),
                words.todo(item),
              ],
            })),
        },
      ],
    })),
  };
}
