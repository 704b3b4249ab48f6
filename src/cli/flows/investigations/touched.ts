import { pipeline } from 'node:stream/promises';

import type { Platform, SideEffect } from '../../../connectors/index.js';
import type { Investigation, KeptGroup, Touched } from '../../../investigations/index.js';
import { type CallOptions, RunbackError } from '../../../lib/index.js';
import { csvLine } from '../../../snapshots/index.js';
import type { Session } from '../../session/session.js';
import type { OutputFile } from '../../shell/output-file.js';
import type { Looks } from '../../views/restores/record.js';
import { sideEffectWords, touchedWords } from '../../views/touched-words.js';
import { looksIn } from '../restores/looks.js';

const COLUMNS = ['name', 'address', 'page', 'object', 'key', 'what happened', 'detail', 'when', 'by', 'owner', 'what to tell'] as const;

/** A kind of side effect that the platform does not tell, and why. */
export interface Untold {
  readonly what: string;
  readonly why: string;
}

export interface WrittenTouched {
  readonly lines: number;
  /** Lines by what happened. */
  readonly counts: Readonly<Record<string, number>>;
  readonly untold: readonly Untold[];
  /** Groups that it tells of. */
  readonly groups: readonly number[];
}

/**
 * The groups that a list of what was touched is about: those that are named, else all that are damage with what follows
 * from them. Throws `usage` where that is none, `not-found` for a number that the investigation does not have.
 */
export function touchingGroups({ header }: Investigation, numbers: readonly number[]): readonly KeptGroup[] {
  const missing = numbers.find((n) => !header.groups.some((group) => group.n === n));
  const found = header.groups.filter(({ n, verdict }) => (numbers.length === 0 ? verdict === 'damage' : numbers.includes(n)));
  if (missing === undefined && found.length > 0) return found;
  throw missing === undefined
    ? new RunbackError('usage', `Investigation ${header.id} found no damage, and no group was named`, {
        why: 'The file lists what damage touched.',
        state: 'Nothing was written.',
        next: `runback investigate --show ${header.id} --group 1 --to touched.csv`,
      })
    : new RunbackError('not-found', `Investigation ${header.id} has no group ${missing}`, {
        state: 'Nothing was written.',
        next: `runback investigate --show ${header.id}`,
      });
}

/**
 * Writes as CSV (RFC 4180, UTF-8) whom the damage touched and how, and what else happened to them from its beginning until
 * the present state was read: mails, tasks and the like, as far as the platform tells. `personal`: with names, addresses
 * and subjects. Changes nothing on the platform.
 */
export async function writeTouched(
  session: Session,
  platform: Platform,
  investigation: Investigation,
  groups: readonly KeptGroup[],
  { file, personal }: { readonly file: OutputFile; readonly personal: boolean },
  options: CallOptions,
): Promise<WrittenTouched> {
  const { touchedRecords } = await import('../../../investigations/index.js');
  const { header } = investigation;
  const touched = await touchedRecords(session.store, investigation, groups);
  const looks = await looksIn(
    await session.catalog(),
    { ...header, pages: pagesOf(platform, header.objects) },
    touched.flatMap((one) => [one, ...(one.other === undefined ? [] : [one.other])]),
  );
  const { effects, untold } = await effectsOn(platform, { touched, looks, from: began(groups), to: new Date(header.to) }, options);
  const rows = [...touched.flatMap(rowsOf), ...effects.flatMap(({ effect, on }) => on.map(({ object, key }) => sideEffectRow(effect, object, key)))];
  const counts: Record<string, number> = {};
  for (const { what } of rows) counts[what] = (counts[what] ?? 0) + 1;
  const texts = function* (): Generator<string> {
    yield csvLine(COLUMNS);
    for (const row of rows) yield csvLine(cellsOf(row, looks, personal));
  };
  await file.write((output) => pipeline(texts, output));
  return { lines: rows.length, counts, untold, groups: groups.map(({ n }) => n) };
}

function pagesOf({ connector }: Platform, objects: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    objects.flatMap((object) => {
      const page = connector.pageOf?.(object);
      return page === undefined ? [] : [[object, page]];
    }),
  );
}

/** When the first of some groups began. */
function began(groups: readonly KeptGroup[]): Date {
  return new Date(Math.min(...groups.map(({ from }) => Date.parse(from))));
}

interface Around {
  readonly touched: readonly Touched[];
  readonly looks: Looks;
  readonly from: Date;
  readonly to: Date;
}

/** What happened to the touched records in that time, each with those of them that it is about. */
async function effectsOn(
  { connector }: Platform,
  { touched, looks, from, to }: Around,
  options: CallOptions,
): Promise<{ readonly effects: readonly { readonly effect: SideEffect; readonly on: SideEffect['about'] }[]; readonly untold: readonly Untold[] }> {
  if (connector.sideEffects === undefined)
    return { effects: [], untold: [{ what: 'mails, tasks and workflows', why: 'this platform tells nothing outside its records' }] };
  const isTouched = new Set(
    touched.flatMap(({ object, key, other }) => [nameOf(object, key), ...(other === undefined ? [] : [nameOf(other.object, other.key)])]),
  );
  const byAddress = new Map<string, Map<string, { readonly object: string; readonly key: string }>>();
  for (const { object, key } of touched) {
    const address = looks(object, key).address?.toLowerCase();
    if (address === undefined) continue;
    const known = byAddress.get(address) ?? new Map<string, { readonly object: string; readonly key: string }>();
    byAddress.set(address, known.set(nameOf(object, key), { object, key }));
  }
  const effects: { readonly effect: SideEffect; readonly on: SideEffect['about'] }[] = [];
  const untold: Untold[] = [];
  const objects = [...new Set(touched.flatMap(({ object, other }) => [object, ...(other === undefined ? [] : [other.object])]))].sort();
  for await (const some of connector.sideEffects({ from, to, objects }, options)) {
    if ('untold' in some) untold.push({ what: some.untold, why: some.why });
    else
      for (const effect of some) {
        const on = [
          ...effect.about.filter(({ object, key }) => isTouched.has(nameOf(object, key))),
          ...(byAddress.get(effect.address?.toLowerCase() ?? '')?.values() ?? []),
        ];
        if (on.length > 0) effects.push({ effect, on });
      }
  }
  return { effects, untold };
}

const nameOf = (object: string, key: string): string => JSON.stringify([object, key]);

interface Row {
  readonly object: string;
  readonly key: string;
  readonly what: string;
  readonly detail: string;
  /** The detail may hold personal data. */
  readonly isText: boolean;
  readonly at: string;
  readonly by: string;
  readonly tell: string;
}

/** A row for a record, and one for the record at the other end of a link. */
function rowsOf({ group, object, key, other, fields, at }: Touched): readonly Row[] {
  const { what, tell } = touchedWords(group.label);
  const by = [group.sync, group.writer].filter((one) => one !== undefined).join(', ');
  const rest = { what, isText: false, at: at ?? `${group.from} to ${group.to}`, by, tell };
  if (other === undefined) return [{ object, key, detail: fields.join(', '), ...rest }];
  const kind = group.title ?? group.object;
  return [
    { object, key, detail: `${kind}: ${other.object} ${other.key}`, ...rest },
    { object: other.object, key: other.key, detail: `${kind}: ${object} ${key}`, ...rest },
  ];
}

function sideEffectRow({ kind, id, at, subject, by = '' }: SideEffect, object: string, key: string): Row {
  const { what, tell } = sideEffectWords(kind);
  return { object, key, what, detail: subject ?? id, isText: subject !== undefined, at, by, tell };
}

function cellsOf({ object, key, what, detail, isText, at, by, tell }: Row, looks: Looks, personal: boolean): readonly (string | undefined)[] {
  const { name, address, page, owner } = looks(object, key);
  const shown = isText && !personal ? '(subject)' : detail;
  return [personal ? name : undefined, personal ? address : undefined, page, object, key, what, shown, at, by, owner, tell];
}
