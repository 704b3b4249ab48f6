import type { CopyPlan, CopyReport, CopyView } from '../../backups/index.js';
import type { Fetched } from '../../snapshots/index.js';
import { stayWords } from './prune.js';
import { bytes, counted, span, time } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';

/** What copying to each place has come to. */
export function copiesText(reports: readonly CopyReport[], style: Style): string {
  return reports.map((report) => copyLines(report, style).join('\n')).join('\n');
}

/** The same of one place, in a line or more. */
export function copyLines({ copy, busy, copied, leftOut, error }: CopyReport, style: Style): readonly string[] {
  const name = visible(copy);
  if (busy !== undefined)
    return [`${style.glyph.running} Copy ${name}: another process works there; what is missing is copied by it or by the next run`];
  const size = bytes(copied.reduce((sum, one) => sum + one.bytes, 0));
  const done = copied.length === 0 ? 'nothing to copy' : `${counted(copied.length, 'snapshots')} copied, ${size}`;
  const failed =
    error === undefined
      ? [`${style.glyph.done} Copy ${name}: ${done}`]
      : [
          `${style.glyph.warning} Copy ${name}: not everything could be copied: ${visible(error.message)}`,
          ...(error.why === undefined ? [] : [`  ${visible(error.why)}`]),
          `  ${copied.length === 0 ? 'Nothing was copied.' : `Before that: ${done}.`} It is tried again by the daemon or backup run --due, and the next run continues.`,
        ];
  return [...failed, ...leftOut.map(({ snapshot, why }) => `${style.glyph.warning} Not copied to ${name}: ${snapshot.id}: ${visible(why)}`)];
}

/** What would be copied, and why. */
export function copyPlanText(plans: readonly (CopyPlan & { readonly copy: string })[], style: Style): string {
  return plans
    .map(({ copy, wanted, leftOut, there }) =>
      [
        `${style.chalk.bold(visible(copy))}: ${counted(there.length, 'snapshots')} there; ${counted(wanted.length, 'snapshots')} would be copied: ${bytes(wanted.reduce((sum, { snapshot }) => sum + snapshot.bytes, 0))}`,
        ...wanted.flatMap(({ snapshot, because }) => [`  ${snapshot.id}`, ...because.map((reason) => `    - ${stayWords(reason)}`)]),
        ...leftOut.map(({ snapshot, why }) => `${style.glyph.warning} ${snapshot.id} would not: ${visible(why)}`),
      ].join('\n'),
    )
    .join('\n\n');
}

/** How far a copy is for a job. */
export function copyWords({ at, newest, late, failing, running }: CopyView, target: string | undefined, style: Style): string {
  const age = newest === undefined ? 'no complete snapshot' : `${newest.snapshot}, ${span(newest.ageMs)} old`;
  const met = target === undefined ? '' : `; target ${target}: ${late ? 'missed' : 'met'}`;
  const seen = at === undefined ? 'nothing was copied yet' : `${age}${met}; looked at ${time(at, style)}`;
  const fails =
    failing === undefined
      ? ''
      : `; fails since ${time(failing.since, style)}: ${visible(failing.message)}${failing.next === undefined ? '' : `; tried again ${time(failing.next, style)}`}`;
  return `${seen}${fails}${running === undefined ? '' : `; at work since ${time(running.since, style)}`}`;
}

/** What was fetched. */
export function fetchedText({ id, snapshots }: Fetched, copy: string, style: Style): string {
  const one = snapshots.at(-1);
  const below = snapshots.slice(0, -1).filter(({ state }) => state === 'fetched');
  if (one?.state === 'there') return `${style.glyph.done} ${id} is here already. Nothing was fetched or overwritten.`;
  const read = one?.read === 'bytes' ? 'its bytes are those that were written; no key here opens it' : 'every byte was read and checked';
  return [
    `${style.glyph.done} Fetched ${id} from ${visible(copy)}: ${read}`,
    ...(below.length === 0 ? [] : [`  With ${counted(below.length, 'snapshots')} that it builds on.`]),
    `  It is pinned, so that no keep rule deletes it. When you no longer need it: runback snapshot pin ${id} --off`,
  ].join('\n');
}
