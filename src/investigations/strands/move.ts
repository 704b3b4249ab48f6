import type { FieldSchema } from '../../records/index.js';
import { kindOf, type Judged } from '../labels/kind.js';
import { THRESHOLDS } from '../thresholds.js';
import type { Cell, ChangedCell, Evidence, Label, PastWrite, Write } from '../types.js';

const HOUR_MS = 3_600_000;
/** Of fewer days, none can be spared. */
const LEAST_DAYS = 3;

/** A write on its way into a group: what it is labelled changes as more is known of the others. */
export interface Move extends Judged {
  readonly key: string;
  /** The cell whose present value it wrote; absent where a later write took its place, and in the past. */
  readonly cell?: ChangedCell;
  /** No history tells of it, though it tells of others. */
  missed?: true;
  /** Of a record that was drawn by chance; of the past only. */
  readonly drawn?: boolean;
  label: Label;
  /** More of the label, for people; moves of one label with other details are other groups. */
  detail?: string;
}

/** All writes of one writer to one field of an object type; without history, all that became of the field. */
export interface Strand {
  readonly object: string;
  readonly field: string;
  readonly schema: FieldSchema | undefined;
  readonly writer: string | undefined;
  readonly maker: Move['maker'];
  /** Since the base, oldest first. */
  readonly moves: readonly Move[];
  /** Before the base, as far as it tells what is ordinary. */
  readonly past: readonly Move[];
  /** In the last hours before the base: what is judged may have begun there. */
  readonly recent: readonly Move[];
}

/** What becomes a strand. */
interface Sorting {
  readonly object: string;
  readonly field: string;
  readonly moves: Move[];
  readonly past: Move[];
}

/** Sorts writes by writer and field, each with its kind. Strands with no writes since the base are left out. */
export function strandsOf(evidence: Evidence): readonly Strand[] {
  const found = new Map<string, Map<string, Sorting>>();
  const writerOf = ({ writer = '', missed }: Pick<Move, 'writer' | 'missed'>): string =>
    evidence.history ? `${missed === true ? '\u0000' : ''}${writer}` : '';
  for (const cell of evidence.cells) {
    const place = `${cell.object}\u0000${cell.field}`;
    let byWriter = found.get(place);
    if (byWriter === undefined) found.set(place, (byWriter = new Map()));
    for (const move of movesOf(cell, evidence)) {
      const known = byWriter.get(writerOf(move));
      if (known === undefined) byWriter.set(writerOf(move), { object: cell.object, field: cell.field, moves: [move], past: [] });
      else known.moves.push(move);
    }
  }
  // Who writes only the past of a field is of no interest.
  for (const write of evidence.past.writes)
    found.get(`${write.object}\u0000${write.field}`)?.get(writerOf(write))?.past.push(pastMove(write, evidence));
  return [...found.values()].flatMap((byWriter) => [...byWriter.values()].map((sorting) => strandOf(sorting, evidence)));
}

function strandOf({ object, field, moves, past: all }: Sorting, evidence: Evidence): Strand {
  const [first] = moves;
  const past = all.sort(byTime);
  const edge = past.findIndex(({ atMs = 0 }) => atMs >= ordinaryUntil(evidence));
  return {
    object,
    field,
    schema: evidence.schemaOf(object, field),
    writer: evidence.history ? first?.writer : undefined,
    maker: evidence.history ? first?.maker : undefined,
    moves: moves.sort(byTime),
    past: edge === -1 ? past : past.slice(0, edge),
    recent: edge === -1 ? [] : past.slice(edge),
  };
}

/** Until when the past tells what is ordinary: a base that was read in the middle of the damage has the first half of it before it. */
export function ordinaryUntil({ past, fromMs }: Evidence): number {
  return past.days > LEAST_DAYS ? fromMs - THRESHOLDS.hoursBeforeBase * HOUR_MS : fromMs;
}

function byTime(a: Move, b: Move): number {
  return (a.atMs ?? 0) - (b.atMs ?? 0) || (a.spell ?? 0) - (b.spell ?? 0);
}

function movesOf(cell: ChangedCell, evidence: Evidence): Move[] {
  const { writes, object, field } = cell;
  const schema = evidence.schemaOf(object, field);
  const known = { fromMs: evidence.fromMs, toMs: evidence.toMs, schema, own: evidence.own };
  const [only] = writes;
  // Most cells were written once, and hold nothing from before: there may be hundreds of thousands of these.
  if (only !== undefined && writes.length === 1 && (cell.earlier === undefined || cell.earlier.length === 0))
    return [moveOf(cell, only, true, [], known)];
  // What the cell held before each write, the value that was overwritten left out.
  const held = [...[...(cell.earlier ?? [])].reverse(), cell.base];
  return writes.map((write, i) => {
    const move = moveOf(cell, write, i === writes.length - 1, held.slice(0, held.length - 1), known);
    held.push(write.after);
    return move;
  });
}

/** What the kind of a write depends on beside the cell. */
interface Around {
  readonly fromMs: number;
  readonly toMs: number;
  readonly schema: FieldSchema | undefined;
  readonly own: string | undefined;
}

function moveOf(cell: ChangedCell, write: Write, isLast: boolean, earlier: readonly Cell[], { fromMs, toMs, schema, own }: Around): Move {
  const move: { -readonly [name in keyof Move]: Move[name] } = {
    before: write.before,
    after: write.after,
    key: cell.key,
    label: 'other',
  };
  if (write.atMs !== undefined) move.atMs = write.atMs;
  if (write.spell !== undefined) move.spell = write.spell;
  if (write.writer !== undefined) {
    move.writer = write.writer;
    if (write.writer === own) move.own = true;
  }
  if (write.maker !== undefined) move.maker = write.maker;
  if (write.missed === true) move.missed = true;
  if (earlier.length > 0) move.earlier = earlier;
  if (isLast) {
    move.cell = cell;
    if (cell.movedFrom !== undefined) {
      move.movedFrom = cell.movedFrom;
      move.detail = cell.movedFrom;
    }
  }
  move.label = kindOf(move, schema, fromMs, toMs);
  return move;
}

function pastMove(write: PastWrite, evidence: Evidence): Move {
  const { key, object, field, drawn } = write;
  const label = kindOf(write, evidence.schemaOf(object, field), 0, evidence.fromMs);
  return { ...write, key, drawn, label };
}
