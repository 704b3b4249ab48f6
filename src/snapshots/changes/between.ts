import { compareLines, type LineOrder } from '../lines/lines.js';
import type { NetChange, ObjectInfo } from '../types.js';
import { isLink, type Layer, linesOf, sameIn } from './chain.js';
import type { Change } from './change-lines.js';

/** More changes than this are not held in memory at once. */
const MOST_BYTES = 64 << 20;

/** One change in one snapshot of a chain. */
interface Step extends NetChange {
  readonly bytes: Buffer;
  readonly at: number;
}

/**
 * What differs between a snapshot and an earlier one that it builds on, `since`, from what is stored of the snapshots in
 * between, in the order of the keys; neither is read. `was` is a line of the earlier one. Undefined where that does not
 * tell: an object type that is stored whole somewhere in between, a snapshot that nobody vouches for, more than fits
 * into memory. Throws what reading throws.
 */
export async function changesSince(layer: Layer, info: ObjectInfo, since: string, signal?: AbortSignal): Promise<readonly NetChange[] | undefined> {
  const lines = linesOf(info);
  const found: Step[] = [];
  let bytes = 0;
  for (let here = layer, its = info; here.manifest.id !== since;) {
    if (its.changes === undefined || !here.vouched) return undefined;
    bytes += [...its.changes.parts, ...its.changes.was].reduce((sum, part) => sum + part.bytes, 0);
    if (bytes > MOST_BYTES) return undefined;
    const [changes, was] = [await here.checkedChanges(its, its.changes.parts, signal), await here.checkedChanges(its, its.changes.was, signal)];
    for (const step of stepsOf(lines, changes, was)) found.push(step);
    here = await here.base();
    const below = sameIn(here.manifest, its, isLink(its));
    if (below === undefined) return undefined;
    its = below;
  }
  return netOf(lines, found);
}

/** Each change with what the record was. */
function stepsOf(lines: LineOrder, changes: readonly Change[], was: readonly Change[]): readonly Step[] {
  let n = 0;
  return changes.map(({ bytes, at, is }) => {
    const old = was[n];
    const isOld = old !== undefined && compareLines(lines, old.bytes, old.at, bytes, at) === 0;
    if (isOld) n += 1;
    return { bytes, at, is, was: isOld ? old.is : undefined };
  });
}

/** `steps` come from the newest snapshot to the oldest. */
function netOf(lines: LineOrder, steps: Step[]): readonly NetChange[] {
  // Sorting keeps the order of equals: of each key the newest comes first.
  steps.sort((a, b) => compareLines(lines, a.bytes, a.at, b.bytes, b.at));
  const net: NetChange[] = [];
  let newest: Step | undefined;
  for (const [n, step] of steps.entries()) {
    newest ??= step;
    const next = steps[n + 1];
    if (next !== undefined && compareLines(lines, step.bytes, step.at, next.bytes, next.at) === 0) continue;
    const change = { is: newest.is, was: step.was };
    if (!isSame(change)) net.push(change);
    newest = undefined;
  }
  return net;
}

function isSame({ is, was }: NetChange): boolean {
  if (is === undefined || was === undefined) return is === was;
  return is.bytes.compare(was.bytes, was.start, was.end, is.start, is.end) === 0;
}
