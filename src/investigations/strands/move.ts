import type { FieldSchema } from '../../records/index.js';
import { kindOf, type Judged } from '../labels/kind.js';
import type { ChangedCell, Evidence, Label, PastWrite } from '../types.js';

/** A write on its way into a group: what it is labelled changes as more is known of the others. */
export interface Move extends Judged {
  readonly key: string;
  /** The cell whose present value it wrote; absent where a later write took its place, and in the past. */
  readonly cell?: ChangedCell;
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
  /** Before the base. */
  readonly past: readonly Move[];
}

/** Sorts writes by writer and field, each with its kind. Strands with no writes since the base are left out. */
export function strandsOf(evidence: Evidence): readonly Strand[] {
  const found = new Map<string, { object: string; field: string; moves: Move[]; past: Move[] }>();
  const at = (object: string, field: string, writer: string | undefined): { moves: Move[]; past: Move[] } => {
    const name = JSON.stringify([object, field, evidence.history ? (writer ?? '') : '']);
    const known = found.get(name) ?? { object, field, moves: [], past: [] };
    found.set(name, known);
    return known;
  };
  for (const cell of evidence.cells) for (const move of movesOf(cell, evidence)) at(cell.object, cell.field, move.writer).moves.push(move);
  for (const write of evidence.past.writes) {
    const name = JSON.stringify([write.object, write.field, evidence.history ? (write.writer ?? '') : '']);
    // Who writes only the past of a field is of no interest.
    found.get(name)?.past.push(pastMove(write, evidence));
  }
  return [...found.values()].map(({ object, field, moves, past }) => {
    const [first] = moves;
    return {
      object,
      field,
      schema: evidence.schemaOf(object, field),
      writer: evidence.history ? first?.writer : undefined,
      maker: evidence.history ? first?.maker : undefined,
      moves: moves.sort(byTime),
      past: past.sort(byTime),
    };
  });
}

function byTime(a: Move, b: Move): number {
  return (a.atMs ?? 0) - (b.atMs ?? 0) || (a.spell ?? 0) - (b.spell ?? 0);
}

function movesOf(cell: ChangedCell, evidence: Evidence): Move[] {
  const { earlier = [], writes, movedFrom, object, field, key } = cell;
  const schema = evidence.schemaOf(object, field);
  const last = writes.length - 1;
  // What the cell held before each write, the value that was overwritten left out.
  const held = [...[...earlier].reverse(), cell.base];
  return writes.map((write, i) => {
    const judged = {
      ...write,
      key,
      earlier: held.slice(0, held.length - 1),
      ...(i === last ? { cell } : {}),
      ...(i === last && movedFrom !== undefined ? { movedFrom } : {}),
      ...(write.writer !== undefined && write.writer === evidence.own ? { own: true } : {}),
    };
    held.push(write.after);
    return {
      ...judged,
      label: kindOf(judged, schema, evidence.fromMs, evidence.toMs),
      ...(judged.movedFrom === undefined ? {} : { detail: judged.movedFrom }),
    };
  });
}

function pastMove(write: PastWrite, evidence: Evidence): Move {
  const { key, object, field, drawn } = write;
  const label = kindOf(write, evidence.schemaOf(object, field), 0, evidence.fromMs);
  return { ...write, key, drawn, label };
}
