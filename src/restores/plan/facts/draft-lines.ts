import { canonicalJson } from '../../../lib/index.js';
import type { LinkDraft, RecordDraft } from '../../decide/order.js';
import type { LineSpool } from '../../records/spool.js';

/** Stands where the number goes. JSON holds it nowhere: it is written there as an escape. */
const PLACE = '\u0001';

/**
 * Makes the line of a change but for its number: plans are written with their names sorted, so that those before it and those
 * after it are known. Nearly all changes stay as they are and need not be read again to be numbered.
 */
export function unnumbering(): (draft: RecordDraft | LinkDraft) => string {
  // What a line of an update begins and ends with is the same for most of a plan.
  let last: Ends | undefined;
  return (draft) => {
    if (!isPlainUpdate(draft)) return anyLine(draft);
    if (last === undefined || !isOf(last, draft)) last = endsOf(draft);
    return `${last.head}${canonicalJson(draft.fields)},"key":${JSON.stringify(draft.key)}${last.tail}`;
  };
}

/** An update of which nothing else is told: most of a large plan. */
type PlainUpdate = Required<Pick<RecordDraft, 'action' | 'attribution' | 'fields' | 'key' | 'object' | 'why'>>;

function isPlainUpdate(draft: RecordDraft | LinkDraft): draft is PlainUpdate {
  return draft.action === 'update' && Object.keys(draft).length === 6;
}

/** What stands in a line before and after the fields and the key, and of which changes. */
interface Ends extends Pick<PlainUpdate, 'attribution' | 'object' | 'why'> {
  readonly head: string;
  readonly tail: string;
}

function isOf({ attribution, object, why }: Ends, draft: PlainUpdate): boolean {
  return attribution === draft.attribution && object === draft.object && why === draft.why;
}

function endsOf({ attribution, object, why }: PlainUpdate): Ends {
  const head = `{"action":"update","attribution":${canonicalJson(attribution)},"fields":`;
  return { attribution, object, why, head, tail: `,"kind":"change"${PLACE}"object":${JSON.stringify(object)},"why":${JSON.stringify(why)}}` };
}

function anyLine(draft: RecordDraft | LinkDraft): string {
  const before: Record<string, unknown> = {};
  const after: Record<string, unknown> = {};
  const members: Readonly<Record<string, unknown>> = { ...draft };
  for (const name of Object.keys(members)) {
    // Where the names of a change come sorted, they stay so.
    if (name > 'kind') before['kind'] = 'change';
    (name < 'n' ? before : after)[name] = members[name];
  }
  before['kind'] = 'change';
  return canonicalJson(before).slice(0, -1) + PLACE + canonicalJson(after).slice(1);
}

/** The same with its number. */
export function numbered(line: string, n: number): string {
  return line.replace(PLACE, `,"n":${n},`);
}

/** The changes of a spool. */
export function* parse<T>(spool: LineSpool | undefined): Iterable<T> {
  if (spool !== undefined) for (const line of spool.read()) yield lineOf(line) as T;
}

/** A change out of its line, without its number. */
export function lineOf(line: string): unknown {
  return JSON.parse(line.replace(PLACE, ','));
}

/** The changes of a spool, as often as they are asked for. */
export function again(spool: LineSpool | undefined): Iterable<RecordDraft> {
  return { [Symbol.iterator]: () => parse<RecordDraft>(spool)[Symbol.iterator]() };
}
