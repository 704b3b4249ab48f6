import type { FieldProposal, FieldProposals, HeldField, NoProposals, RegularField } from '../../investigations/index.js';
import { count, counted } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';
import { wrapIndented } from './text/width.js';

/** Fields written now and then that are named one by one. */
const NAMED = 5;

/** What the history proposes as `fields` of syncs: how it was come by, and blocks for runback.yml. */
export function proposalsText(found: readonly (FieldProposals | NoProposals)[], taken: readonly string[], style: Style): string {
  return found.flatMap((one) => ['', ...('why' in one ? nothingLines(one, style) : platformLines(one, taken, style))]).join('\n');
}

function nothingLines({ platform, why }: NoProposals, style: Style): readonly string[] {
  return [style.chalk.bold(`Fields of the syncs of ${visible(platform)}`), ...wrapIndented(`Nothing can be proposed: ${why}.`, 2, style.width)];
}

function platformLines(found: FieldProposals, taken: readonly string[], style: Style): readonly string[] {
  const { platform, records, requests, days, quietDays, quota, skipped, proposals } = found;
  const share = quota === undefined ? '' : `, of ${count(quota.left)} left today`;
  const how = `By the history of ${counted(records, 'records')} changed in the last ${days} days (${counted(requests, 'requests')}${share}). The last ${quietDays} days do not count, since damage that no one has found yet may lie in them.`;
  return [
    style.chalk.bold(`Fields of the syncs of ${visible(platform)}`),
    ...wrapIndented(how, 2, style.width),
    ...skipped.flatMap(({ object, why }) => wrapIndented(`Not looked at: ${visible(object)}: ${why}.`, 2, style.width)),
    ...proposals.flatMap((one) => [
      '',
      ...(one.sync === undefined ? newSyncLines(one, found, taken, style) : syncLines(one, one.sync, found, style)),
    ]),
    ...(proposals.length === 0 ? wrapIndented('No program wrote there in these days.', 2, style.width) : []),
  ];
}

function syncLines(proposal: FieldProposal, sync: string, found: FieldProposals, style: Style): readonly string[] {
  const { declared, regular } = proposal;
  const fresh = regular.filter(({ field }) => declared?.includes(field) !== true);
  const head = `${style.chalk.bold(visible(sync))} (${whoOf(proposal)})`;
  const isKnown = declared !== undefined && fresh.length === 0;
  const lead = isKnown
    ? `${head} writes nothing regularly that its fields do not name.`
    : regular.length === 0
      ? `${head} wrote nothing on most days, so nothing is proposed.`
      : `${head}: put this under ${visible(sync)} in runback.yml:`;
  const block = isKnown || regular.length === 0 ? [] : blockOf(declared, regular, found);
  return [...wrapIndented(lead, 2, style.width), ...block, ...heldLines(proposal, found, style)];
}

/** `fields` as it stands under a sync, which is four cells in. */
function blockOf(declared: readonly string[] | undefined, regular: readonly RegularField[], found: FieldProposals): readonly string[] {
  const kept = (declared ?? []).filter((field) => !regular.some((one) => one.field === field));
  const lines = [
    ...kept.map((field) => [plain(field), 'declared before'] as const),
    ...regular.map((one) => [plain(one.field), daysOf(one, found)] as const),
  ];
  const width = Math.max(...lines.map(([field]) => field.length));
  return ['    fields:', ...lines.map(([field, why]) => `      - ${field.padEnd(width)}  # ${why}`)];
}

/** A writer that no sync of runback.yml is: an entry with how it is paused still to be filled in. */
function newSyncLines(proposal: FieldProposal, found: FieldProposals, taken: readonly string[], style: Style): readonly string[] {
  const { writers, label, regular } = proposal;
  const name = nameFor(label ?? writers[0] ?? 'sync', taken);
  const lead = `${style.chalk.bold(whoOf(proposal))} is no sync of runback.yml, and wrote on most days. If it is one, put this under syncs:, fill in how it is paused, and take the # away. docs/syncs.md says how.`;
  return [
    ...wrapIndented(lead, 2, style.width),
    ...entryLines(
      name,
      found.platform,
      writers,
      regular.map(({ field }) => field),
    ),
    ...heldLines(proposal, found, style),
  ];
}

/** An entry of a sync under `syncs:`, with how it is stopped still to be filled in. */
export function entryLines(name: string, platform: string, writers: readonly string[], fields: readonly string[]): readonly string[] {
  return [
    `#   ${name}:`,
    '#     controller: command                  # or http',
    `#     writes_to: [${plain(platform)}]`,
    `#     writes_as: [${writers.map((writer) => JSON.stringify(writer)).join(', ')}]`,
    ...(fields.length === 0
      ? []
      : ['#     fields:                             # what it is there to write', ...fields.map((field) => `#       - ${plain(field)}`)]),
    `#     status: { run: [systemctl, is-active, ${name}.timer], paused: exit != 0 }`,
    `#     pause: { run: [systemctl, stop, ${name}.timer] }`,
    `#     resume: { run: [systemctl, start, ${name}.timer] }`,
  ];
}

function heldLines({ sync, held }: FieldProposal, found: FieldProposals, style: Style): readonly string[] {
  const looksWrong = held.filter(({ why }) => why !== 'irregular');
  const seldom = held.filter(({ why }) => why === 'irregular');
  const names = seldom.slice(0, NAMED).map((one) => `${visible(one.field)} (${daysOf(one, found)})`);
  const more = seldom.length > NAMED ? [`${count(seldom.length - NAMED)} more`] : [];
  return [
    ...looksWrong.flatMap((one) => wrapIndented(`Not proposed: ${visible(one.field)}: ${HELD[one.why](one, found)}`, 2, style.width)),
    ...(seldom.length === 0 || sync === undefined ? [] : wrapIndented(`Not on most days: ${[...names, ...more].join(', ')}.`, 2, style.width)),
  ];
}

const HELD: Readonly<Record<HeldField['why'], (held: HeldField, found: FieldProposals) => string>> = {
  irregular: (held, found) => `${daysOf(held, found)}.`,
  burst: (held, found) => `${daysOf(held, found)}, but one day holds far more than the others. Look at it first.`,
  suspicious: (held, { quietDays, platform }) =>
    `what was written in the last ${quietDays} days may be damage. Look first: runback investigate --platform ${visible(platform)}`,
};

function daysOf({ days }: RegularField, found: FieldProposals): string {
  return days === 0 ? `only in the last ${found.quietDays} days` : `${days} of ${found.days - found.quietDays} days`;
}

/** The writer as people and as the platform call it. */
export function whoOf({ writers, label }: Pick<FieldProposal, 'writers' | 'label'>): string {
  return [...(label === undefined ? [] : [label]), ...writers].map(visible).join(', ');
}

/** A name for a sync, of letters, digits and hyphens, that no other has. */
export function nameFor(label: string, taken: readonly string[]): string {
  const name = label
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .replaceAll(/^-+|-+$/gu, '')
    .slice(0, 40);
  const base = /^[a-z]/u.test(name) ? name.replace(/-$/u, '') : name === '' ? 'sync' : `sync-${name}`;
  for (let n = 1; ; n += 1) {
    const one = n === 1 ? base : `${base}-${n}`;
    if (!taken.includes(one)) return one;
  }
}

/** A name as YAML: bare where that is one text. */
const plain = (text: string): string => (/^[a-z][\w.-]*$/iu.test(text) ? text : JSON.stringify(text));
