import { formatCount, RunbackError } from '../../lib/index.js';
import type { ChosenCells, ChosenGroups } from '../../restores/index.js';
import type { Store } from '../../store/index.js';
import { labelWords } from '../verdicts/words.js';
import { cellsOf } from './file.js';
import type { Investigation, KeptGroup } from './types.js';

/** Groups that a plan is made of, as it names them, and what they hold. */
export interface Chosen {
  readonly groups: ChosenGroups;
  readonly cells: ChosenCells;
  readonly kept: readonly KeptGroup[];
}

/**
 * What some groups of an investigation hold, ready for a plan; without numbers, all that are damage. Throws `not-found`
 * for a number that it does not have, `usage` where nothing is chosen.
 */
export async function chosenCells(store: Store, { header, digest }: Investigation, numbers?: readonly number[]): Promise<Chosen> {
  const wanted =
    numbers === undefined ? header.groups.filter(({ verdict }) => verdict === 'damage') : header.groups.filter(({ n }) => numbers.includes(n));
  const missing = numbers?.find((n) => !header.groups.some((group) => group.n === n));
  if (missing !== undefined)
    throw new RunbackError('not-found', `Investigation ${header.id} has no group ${missing}`, {
      why: `It has the groups 1 to ${formatCount(header.groups.length)}.`,
      state: 'Nothing was written.',
      next: `runback investigate --show ${header.id}`,
    });
  if (wanted.length === 0)
    throw new RunbackError('usage', `Investigation ${header.id} found no damage, and no group was chosen`, {
      why: 'A plan is made of the groups that are chosen.',
      state: 'Nothing was written.',
      next: `runback restore plan --investigation ${header.id} --group 1`,
    });
  const cells = new Map<string, string | undefined>();
  const records = new Set<string>();
  const links = new Set<string>();
  for await (const { o, k, f = '', at } of cellsOf(store, header.id, new Set(wanted.map(({ n }) => n)))) {
    if (o.includes('~')) links.add(`${o} ${k}`);
    else {
      const name = cellName(o, k, f);
      const known = cells.get(name);
      cells.set(name, known !== undefined && (at === undefined || known < at) ? known : at);
      records.add(`${o} ${k}`);
    }
  }
  return {
    groups: {
      id: header.id,
      digest,
      groups: wanted.map(({ n, object, title, fields, label, cells: count }) => ({
        n,
        // Without the value that a group may have in common: a plan is kept longer.
        what: `${[title ?? object, ...fields].join(' ')}: ${labelWords(label, undefined, count)}`,
        cells: count,
      })),
    },
    cells: {
      has: (object, key, field) => cells.has(cellName(object, key, field)),
      hasRecord: (object, key) => records.has(`${object} ${key}`),
      hasLink: (kind, from, to) => links.has(`${kind} ${from} ${to}`),
      since: (object, key, field) => cells.get(cellName(object, key, field)),
    },
    kept: wanted,
  };
}

function cellName(object: string, key: string, field: string): string {
  return `${object}\u0000${key}\u0000${field}`;
}
