import { createHash } from 'node:crypto';

import { canonicalJson, RunbackError } from '../../lib/index.js';
import type { Store } from '../../store/index.js';
import type { Group, Member } from '../types.js';
import type { Investigation, InvestigationHeader } from './types.js';

/** Kind of the ledgers that investigations are kept in. */
export const INVESTIGATIONS = 'investigations';

/** A cell of a group as it is kept: without its values, which the snapshots hold. */
interface CellLine {
  readonly g: number;
  readonly o: string;
  readonly k: string;
  /** Absent for a record or link as a whole. */
  readonly f?: string;
  readonly at?: string;
}

/** Writes an investigation, once: its groups, and a line for each cell of them. */
export async function writeInvestigation(store: Store, header: InvestigationHeader, groups: readonly Group[]): Promise<Investigation> {
  const ledger = store.ledger(INVESTIGATIONS, header.id);
  await ledger.write(linesOf(header, groups));
  return await readInvestigation(store, header.id);
}

function* linesOf(header: InvestigationHeader, groups: readonly Group[]): Iterable<string> {
  yield canonicalJson(header);
  for (const [i, { members }] of groups.entries()) for (const member of members) yield canonicalJson(lineOf(i + 1, member));
}

function lineOf(g: number, { object, key, field, atMs }: Member): CellLine {
  return { g, o: object, k: key, ...(field === '' ? {} : { f: field }), ...(atMs === undefined ? {} : { at: new Date(atMs).toISOString() }) };
}

/** Reads one. Throws `not-found`, `document-damaged`. */
export async function readInvestigation(store: Store, id: string): Promise<Investigation> {
  const ledger = store.ledger(INVESTIGATIONS, id);
  const hash = createHash('sha256');
  let header: InvestigationHeader | undefined;
  for await (const line of ledger.read()) {
    header ??= headerOf(line, ledger.location);
    hash.update(`${line}\n`);
  }
  if (header === undefined) throw damaged(ledger.location);
  return { header, digest: hash.digest('hex'), location: ledger.location };
}

function headerOf(line: string, location: string): InvestigationHeader {
  const read: unknown = parsed(line);
  if (typeof read !== 'object' || read === null || !('version' in read) || read.version !== 1) throw damaged(location);
  const { groups, platform, base, damaged: state } = read as Partial<InvestigationHeader>;
  const isWhole = Array.isArray(groups) && groups.every((group: unknown) => typeof group === 'object' && group !== null && 'n' in group);
  if (!isWhole || typeof platform !== 'string' || typeof base?.snapshot !== 'string' || typeof state?.snapshot !== 'string') throw damaged(location);
  return read as InvestigationHeader;
}

function cellOf(line: string, location: string): CellLine {
  const read = parsed(line) as Partial<CellLine> | undefined | null;
  const { g, o, k, f, at } = read ?? {};
  const texts = [o, k, f ?? '', at ?? ''];
  if (typeof g !== 'number' || texts.some((text) => typeof text !== 'string')) throw damaged(location);
  return read as CellLine;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function damaged(location: string): RunbackError {
  return new RunbackError('document-damaged', 'The investigation cannot be read', {
    why: `${location} is not what runback wrote.`,
    state: 'Nothing was started.',
    next: 'runback investigate --help',
  });
}

/** The cells of some groups, each with when the damage first wrote it. */
export async function* cellsOf(store: Store, id: string, groups: ReadonlySet<number>): AsyncIterable<CellLine> {
  let isFirst = true;
  const ledger = store.ledger(INVESTIGATIONS, id);
  for await (const line of ledger.read()) {
    if (!isFirst) {
      const cell = cellOf(line, ledger.location);
      if (groups.has(cell.g)) yield cell;
    }
    isFirst = false;
  }
}

/** True where an investigation tells of one of some records. `isOne` is given platform, object type and key. */
export async function investigationTellsOf(
  store: Store,
  id: string,
  isOne: (platform: string, object: string, key: string) => boolean,
): Promise<boolean> {
  const { header } = await readInvestigation(store, id);
  // It may have begun with a record that did not change.
  const record = header.start?.record;
  if (record !== undefined && isOne(header.platform, record.object, record.key)) return true;
  for await (const { o, k } of cellsOf(store, id, new Set(header.groups.map(({ n }) => n)))) {
    const [from, to] = o.split('~');
    if (
      to === undefined
        ? isOne(header.platform, o, k)
        : cutsOf(k).some(([a, b]) => isOne(header.platform, from ?? '', a) || isOne(header.platform, to, b))
    )
      return true;
  }
  return false;
}

/** Both keys of a link as they may be: a key can hold spaces too, and it is better to find too much. */
function cutsOf(keys: string): readonly (readonly [string, string])[] {
  return [...keys.matchAll(/ /gu)].map(({ index }) => [keys.slice(0, index), keys.slice(index + 1)] as const);
}
