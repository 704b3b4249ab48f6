import type { SideEffect } from '../../connectors/index.js';
import type { KeptGroup } from '../../investigations/index.js';
import { count } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';
import { wrapIndented } from './text/width.js';

/** What happened to a record, and what whoever is asked about it has to be told. */
export interface ToldWords {
  readonly what: string;
  readonly tell: string;
}

/** What a group did to a record, by what its changes have in common. */
export function touchedWords(label: KeptGroup['label']): ToldWords {
  switch (label) {
    case 'opted-in':
      return { what: 'opted in', tell: 'Was opted in without asking. Send nothing until it is put back, and tell whoever answers for consent.' };
    case 'opted-out':
      return { what: 'opted out', tell: 'Was opted out. Mails that this person wanted may not have come.' };
    case 'created':
      return { what: 'record created', tell: 'Was created by mistake. Tell whoever has worked with it since.' };
    case 'deleted':
      return { what: 'record deleted', tell: 'Was deleted. Tell whoever works with it.' };
    case 'linked':
      return { what: 'link made', tell: 'Was linked to something else. Tell the owners of both.' };
    case 'unlinked':
      return { what: 'link cut', tell: 'Lost a link. Tell the owners of both.' };
    default:
      return { what: 'values changed', tell: 'Held wrong values in that time. Tell whoever acted on them.' };
  }
}

/** What happened outside the records. */
export function sideEffectWords(kind: SideEffect['kind']): ToldWords {
  switch (kind) {
    case 'mail':
      return { what: 'marketing mail sent', tell: 'Got this mail while the values were wrong. Decide whether to write to them.' };
    case 'email':
      return { what: 'mail sent', tell: 'Got this mail while the values were wrong. Tell whoever sent it.' };
    case 'task':
      return { what: 'task made', tell: 'Tell whoever has this task that it may come from wrong values.' };
    case 'call':
      return { what: 'call logged', tell: 'Tell whoever called that the values were wrong.' };
    case 'meeting':
      return { what: 'meeting made', tell: 'Tell whoever meets them that the values were wrong.' };
    case 'note':
      return { what: 'note made', tell: 'Tell whoever wrote the note that the values were wrong.' };
    default:
      return kind satisfies never;
  }
}

/** What a file of everything that was touched holds, and what the platform did not tell. */
export function touchedText(
  {
    path,
    lines,
    counts,
    untold,
    personal,
  }: {
    readonly path: string;
    readonly lines: number;
    readonly counts: Readonly<Record<string, number>>;
    readonly untold: readonly { readonly what: string; readonly why: string }[];
    readonly personal: boolean;
  },
  style: Style,
): string {
  return [
    `${style.glyph.done} ${path}: ${count(lines)} ${lines === 1 ? 'line' : 'lines'}`,
    ...Object.entries(counts).map(([what, n]) => `  ${what}: ${count(n)}`),
    ...untold.flatMap(({ what, why }) =>
      wrapIndented(`Not told: ${visible(what)}: ${visible(why)}${/[.!?]$/u.test(why) ? '' : '.'}`, 2, style.width),
    ),
    personal ? '  It holds personal data.' : '  Names, addresses and subjects are left out; --personal puts them in.',
  ].join('\n');
}
