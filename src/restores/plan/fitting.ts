import type { Platform } from '../../connectors/index.js';
import { RunbackError, utcText } from '../../lib/index.js';
import { byAge, type SnapshotHeader } from '../../snapshots/index.js';
import type { SnapshotPair } from './objects/differences.js';

/** Refuses snapshots that do not hold this platform, or are of another account. Throws `not-found`, `wrong-account`. */
export function checkSnapshots(pair: SnapshotPair, platform: Platform): void {
  for (const [role, reader] of [
    ['base', pair.base],
    ['damaged', pair.damaged],
  ] as const) {
    const entry = reader.header.platforms.find((candidate) => candidate.name === platform.name);
    if (entry === undefined)
      throw new RunbackError('not-found', `The ${role} snapshot ${reader.header.id} does not hold ${platform.name}`, {
        why: `It holds ${reader.header.platforms.map((candidate) => candidate.name).join(', ')}.`,
        state: 'Nothing was written.',
        next: 'Choose another: runback snapshot list',
      });
    if (entry.account !== platform.identity.account || entry.environment !== platform.environment)
      throw new RunbackError('wrong-account', `The ${role} snapshot ${reader.header.id} is of another account`, {
        why: `It was made of account ${entry.account} (${entry.environment}); ${platform.name} is account ${platform.identity.account} (${platform.environment}).`,
        state: 'Nothing was written.',
        next: 'Choose a snapshot of this account: runback snapshot list',
      });
  }
}

/**
 * Refuses a pair whose base was taken after the damage. The ids tell: a clock that was put back in between says nothing
 * about the order. Throws `snapshots-swapped`.
 */
export function checkOrder({ base: { header: base }, damaged: { header: damaged } }: SnapshotPair): void {
  if (damaged.imported !== undefined) throw damagedImported(damaged.id, damaged.imported.file);
  if (base.imported !== undefined) checkExported(base, damaged);
  else if (byAge(base, damaged) > 0) throw swapped(base, damaged);
}

/** The id of a snapshot made from a file tells when it was imported: what counts is when the file was exported. */
function checkExported(base: SnapshotHeader, damaged: SnapshotHeader): void {
  if (Date.parse(base.startedAt) <= Date.parse(damaged.startedAt)) return;
  throw new RunbackError('snapshots-swapped', 'The base was exported after the snapshot of the damage was taken', {
    why: `${base.id} was imported as exported at ${utcText(base.startedAt)}; ${damaged.id} is of ${utcText(damaged.startedAt)}.`,
    state: 'Nothing was written.',
    next: 'Choose an earlier base: runback snapshot list. If the time of the export was wrong, import the file again with the right --taken-at.',
    data: { base: base.id, damaged: damaged.id },
  });
}

function damagedImported(id: string, file: string): RunbackError {
  return new RunbackError('usage', `${id} cannot be the snapshot of the damage`, {
    why: `It was imported from ${file}, and does not hold what every record looked like.`,
    state: 'Nothing was written.',
    next: 'Leave out --damaged, so that a snapshot is taken now, or choose one that was taken of the platform: runback snapshot list',
    data: { damaged: id },
  });
}

function swapped(base: SnapshotHeader, damaged: SnapshotHeader): RunbackError {
  return new RunbackError('snapshots-swapped', 'The base snapshot was taken after the snapshot of the damage', {
    why: `${base.id} came after ${damaged.id}. (The clock said ${base.startedAt} and ${damaged.startedAt}.)`,
    state: 'Nothing was written.',
    next: 'Swap them, or choose an earlier base: runback snapshot list. If you know that the base is older, because the clock was wrong, take a new snapshot of the damage and plan with it: runback snapshot create',
    data: { base: base.id, damaged: damaged.id },
  });
}
