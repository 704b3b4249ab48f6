import type { Investigation, KeptGroup } from '../../../investigations/index.js';
import type { Environment } from '../../../workspace/index.js';
import { count } from '../../views/text/format.js';
import { touchedWords } from '../../views/touched-words.js';

/** A writer counts as still writing where it did so within this time before the present state was read. */
const STILL_MS = 10 * 60_000;
/** Groups and writers that are named one by one. */
const NAMED = 5;

/** What an incident says of damage that a person has confirmed. No value of a record is in it: it goes out in pages. */
export interface IncidentFacts {
  readonly title: string;
  readonly impact: string;
  readonly summary: string;
  /** When the first of it began, ISO 8601; absent where only the snapshots around it are known. */
  readonly beganAt?: string;
  readonly severity: string;
}

/** What the chosen groups come to. `severities`: those of the workspace, the worst first; one at least. */
export function incidentFacts(
  { header }: Investigation,
  groups: readonly KeptGroup[],
  { environment, severities }: { readonly environment: Environment; readonly severities: readonly string[] },
): IncidentFacts {
  const lines = groupLines(groups);
  const from = [...groups].sort((a, b) => a.from.localeCompare(b.from))[0];
  const until = groups.map(({ to }) => to).reduce((a, b) => (a > b ? a : b), '');
  const more = lines.length < 2 ? '' : `, and ${lines.length - 1} more`;
  return {
    title: `${lines[0] ?? 'Damage'}${more} on ${header.platform}`,
    impact: listed(lines),
    summary: [
      `${from?.exact === true ? 'Began' : 'Began some time after'} ${timeOf(from?.from ?? header.from)}, last seen ${timeOf(until === '' ? header.to : until)}.`,
      writtenBy(groups, header.to),
      `Found by ${header.id}, ${groups.length === 1 ? 'group' : 'groups'} ${groups.map(({ n }) => n).join(', ')}.`,
    ].join(' '),
    ...(from?.exact === true ? { beganAt: from.from } : {}),
    severity: severityOf(groups, header.to, environment, severities),
  };
}

/** The groups in words without a value: what is more than a wrong value first, then the largest; those that say the same in one. */
function groupLines(groups: readonly KeptGroup[]): readonly string[] {
  const records = new Map<string, number>();
  for (const group of groups) records.set(wordsOf(group), (records.get(wordsOf(group)) ?? 0) + group.records);
  const grave = new Set(groups.filter(({ label }) => GRAVE.has(label)).map(wordsOf));
  const inOrder = [...records].sort((a, b) => Number(grave.has(b[0])) - Number(grave.has(a[0])) || b[1] - a[1]);
  return inOrder.map(([words, n]) => `${words} (${count(n)} ${n === 1 ? 'record' : 'records'})`);
}

function wordsOf({ label, object, title, fields }: KeptGroup): string {
  const where = fields.length === 0 ? (title ?? object) : `${object} ${fields.slice(0, NAMED).join(', ')}`;
  const { what } = touchedWords(label);
  return `${what[0]?.toUpperCase() ?? ''}${what.slice(1)}: ${where}`;
}

/** `2026-11-30 08:43:28 UTC` */
const timeOf = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UTC`;

/** Writers by name, and that there are others; whether any of them was still at it. */
function writtenBy(groups: readonly KeptGroup[], seen: string): string {
  const known = [...new Set(groups.flatMap(({ sync, writer }) => sync ?? writer ?? []))];
  const isUnknown = groups.some(({ sync, writer }) => (sync ?? writer) === undefined);
  const who =
    known.length === 0 ? 'Nobody knows who wrote it' : `Written by ${listed(known)}${isUnknown ? '; of a part nobody knows who wrote it' : ''}`;
  return `${who}.${groups.some((group) => isStill(group, seen)) ? ' It was still being written when this was found.' : ''}`;
}

function listed(texts: readonly string[]): string {
  return `${texts.slice(0, NAMED).join('; ')}${texts.length > NAMED ? `; and ${texts.length - NAMED} more` : ''}`;
}

function isStill({ to, exact }: KeptGroup, seen: string): boolean {
  return exact && Date.parse(seen) - Date.parse(to) <= STILL_MS;
}

/** Labels of damage that is more than a wrong value: people who must not be written to, and what is gone. */
const GRAVE: ReadonlySet<KeptGroup['label']> = new Set(['opted-in', 'deleted']);

/**
 * The worst severity where production is still being written to, consent or records were lost, the next one where what
 * is wrong stands still, and the mildest where it is not production. A person can change it.
 */
function severityOf(groups: readonly KeptGroup[], seen: string, environment: Environment, severities: readonly string[]): string {
  const [worst = '', second = worst] = severities;
  if (environment !== 'production') return severities.at(-1) ?? worst;
  return groups.some((group) => isStill(group, seen) || GRAVE.has(group.label)) ? worst : second;
}
