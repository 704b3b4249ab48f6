import { pipeline } from 'node:stream/promises';

import type { Value } from '../../../records/index.js';
import type { LeftItem, LeftKind, Plan } from '../../../restores/index.js';
import { csvLine } from '../../../snapshots/index.js';
import { byPrefix } from '../../session/prefix.js';
import type { Session } from '../../session/session.js';
import { type OutputFile, writeText } from '../../shell/output-file.js';
import { KIND_WORDS, sideOf, whatToDo } from '../../views/restores/left.js';
import { type Looks, sideText } from '../../views/restores/record.js';
import { looksIn } from './looks.js';
import { findPlan } from './restore.js';

const COLUMNS = ['name', 'address', 'page', 'object', 'key', 'field', 'conflict', 'before', 'damaged', 'now', 'what it means', 'what to do'] as const;

/** Items whose records are named together. */
const TOGETHER = 500;
/** Items that a page shows of each kind: it is read, the table is worked through. */
const SHOWN = 200;

/** What is left of a plan, and of the restore that applied it last, if one did. */
export interface LeftOf {
  readonly plan: Plan;
  readonly restore?: string;
  items(): AsyncIterable<LeftItem>;
  looks(items: readonly LeftItem[]): Promise<Looks>;
}

/** The plan or the restore that an id, the beginning of one, or `latest` (the latest plan) means. Throws `not-found`. */
export async function findLeft(session: Session, wanted: string): Promise<LeftOf> {
  const { createdOf, leftItems } = await import('../../../restores/index.js');
  const restores = await session.store.journals('restores');
  const given = wanted.startsWith('restore-') ? byPrefix(wanted, restores, (id) => id, { what: 'restore', list: 'runback status' }) : undefined;
  const plan = await findPlan(session, given === undefined ? wanted : (await createdOf(session.store, given)).plan);
  const restore = given ?? (await lastOf(session, restores, plan.header.id));
  return {
    plan,
    ...(restore === undefined ? {} : { restore }),
    items: () => leftItems(plan, session.store, restore),
    looks: async (items) => await looksIn(await session.catalog(), plan.header, items),
  };
}

/** The last restore of a plan. */
async function lastOf({ store }: Session, restores: readonly string[], plan: string): Promise<string | undefined> {
  const { readCreated } = await import('../../../restores/index.js');
  for (const id of [...restores].reverse()) if ((await readCreated(store, id))?.plan === plan) return id;
  return undefined;
}

/** How many of each kind, and the first. */
export interface LeftCounts {
  readonly kinds: Readonly<Partial<Record<LeftKind, number>>>;
  readonly first: readonly LeftItem[];
}

/** Counts what is left and keeps the first `most` of each kind. */
export async function countLeft(items: AsyncIterable<LeftItem>, most: number): Promise<LeftCounts> {
  const kinds: Partial<Record<LeftKind, number>> = {};
  const first: LeftItem[] = [];
  for await (const item of items) {
    const n = (kinds[item.kind] ?? 0) + 1;
    kinds[item.kind] = n;
    if (n <= most) first.push(item);
  }
  return { kinds, first };
}

/**
 * Writes all of it as CSV (RFC 4180, UTF-8), one line an item with the name of its record, the page that opens it and
 * what to do; or the first of each kind as a page (`.html`, `.md`). Gives the number of items.
 */
export async function writeLeft(left: LeftOf, file: OutputFile): Promise<number> {
  const page = /\.(html?|md)$/iu.exec(file.path)?.[1]?.toLowerCase();
  if (page === undefined) return await writeTable(left, file);
  const { leftHtml, leftMarkdown } = await import('../../../reports/index.js');
  const counts = await countLeft(left.items(), SHOWN);
  const { header } = left.plan;
  const shown = {
    of: left.restore ?? header.id,
    platform: header.platform,
    ...counts,
    shown: SHOWN,
    looks: await left.looks(counts.first),
    words: { kinds: KIND_WORDS, side: sideOf, todo: (item: LeftItem) => todo(item, left) },
  };
  await writeText(file, page === 'md' ? leftMarkdown(shown) : leftHtml(shown));
  return Object.values(counts.kinds).reduce((sum, n) => sum + n, 0);
}

async function writeTable(left: LeftOf, file: OutputFile): Promise<number> {
  let lines = 0;
  const texts = async function* (): AsyncGenerator<string> {
    yield csvLine(COLUMNS);
    let together: LeftItem[] = [];
    const flush = async (): Promise<string> => {
      const looks = await left.looks(together);
      const text = together.map((item) => csvLine(cellsOf(item, left, looks))).join('');
      lines += together.length;
      together = [];
      return text;
    };
    for await (const item of left.items()) {
      together.push(item);
      if (together.length === TOGETHER) yield await flush();
    }
    yield await flush();
  };
  await file.write((output) => pipeline(texts, output));
  return lines;
}

function cellsOf(item: LeftItem, left: LeftOf, looks: Looks): Parameters<typeof csvLine>[0] {
  const { object, key, field, kind, code, wanted, damaged, now, message } = item;
  const { name, address, page } = looks(object, key);
  // A whole record is told in words; a value stays as it is.
  const side = (value: Value | undefined): Value | undefined =>
    field === undefined || isFields(value) ? sideText(value, field === undefined && kind === 'conflict') : value;
  return [name, address, page, object, key, field, code ?? kind, side(wanted), side(damaged), side(now), message, todo(item, left)];
}

function todo(item: LeftItem, { plan, restore }: LeftOf): string {
  return whatToDo(item, plan.header.id, restore);
}

const isFields = (value: Value | undefined): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
