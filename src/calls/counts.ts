import { defined, type CallNote } from '../lib/index.js';
import { maskMessage } from './mask.js';

/** What is known of one kind of answer: what it was, when it came how often, and the first one of the day. */
export interface CallRow {
  readonly at: string;
  readonly call: string;
  readonly of: string;
  /** `ok`, or how it failed. */
  readonly outcome: string;
  readonly status?: number;
  readonly field?: string;
  /** Masked. */
  readonly message?: string;
  /** How often, by whole hours since the epoch. */
  readonly hours: Readonly<Record<string, number>>;
  readonly example?: CallExample;
}

export interface CallExample {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly correlationId?: string;
}

/** Rows by what they are about. */
export type CallRows = Readonly<Record<string, CallRow>>;

export const HOUR_MS = 3_600_000;
/** Kinds of errors that are kept apart in a day; of more, only that there were some. */
const MOST_KINDS = 400;

/** What makes two answers the same kind: platform, call, object type, outcome, status, field, masked words. */
export function fingerprint({ at, call, of, outcome, status, field }: Omit<CallNote, 'message'>, message: string | undefined): string {
  return [at, call, of, outcome, status ?? '', field ?? '', message ?? ''].join('\u0000');
}

/** Counts calls in memory until they are taken. One a process; a call costs a look into a map. */
export class CallCounts {
  #rows = new Map<string, { row: Omit<CallRow, 'hours'>; hours: Map<number, number> }>();

  constructor(private readonly now: () => Date) {}

  note(note: CallNote): void {
    const at = this.now().getTime();
    const message = note.message === undefined ? undefined : maskMessage(note.message, note.sent?.());
    let key = fingerprint(note, message);
    let known = this.#rows.get(key);
    if (known === undefined) {
      const isMany = note.outcome !== 'ok' && this.#rows.size >= MOST_KINDS;
      if (isMany) key = fingerprint({ ...note, of: '', status: undefined, field: undefined } as unknown as CallNote, undefined);
      known = this.#rows.get(key) ?? { row: rowOf(note, isMany ? undefined : message, at), hours: new Map() };
      this.#rows.set(key, known);
    }
    const hour = Math.floor(at / HOUR_MS);
    known.hours.set(hour, (known.hours.get(hour) ?? 0) + (note.count ?? 1));
  }

  /** What was counted since the last time; counts from zero again. */
  take(): CallRows {
    const rows = Object.fromEntries([...this.#rows].map(([key, { row, hours }]) => [key, { ...row, hours: Object.fromEntries(hours) }]));
    this.#rows = new Map();
    return rows;
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0;
  }
}

function rowOf({ at, call, of, outcome, status, field, correlationId }: CallNote, message: string | undefined, ms: number): Omit<CallRow, 'hours'> {
  const example = outcome === 'ok' ? undefined : { time: new Date(ms).toISOString(), ...defined({ correlationId }) };
  return { at, call, of, outcome, ...defined({ status, field, message, example }) };
}

/** Both together; examples of the first stay. Pure. */
export function joinRows(one: CallRows, other: CallRows): CallRows {
  const joined: Record<string, CallRow> = { ...one };
  for (const [key, row] of Object.entries(other)) {
    const known = Object.hasOwn(joined, key) ? joined[key] : undefined;
    joined[key] =
      known === undefined ? row : { ...known, hours: joinHours(known.hours, row.hours), ...defined({ example: known.example ?? row.example }) };
  }
  return joined;
}

function joinHours(one: CallRow['hours'], other: CallRow['hours']): CallRow['hours'] {
  const joined: Record<string, number> = { ...one };
  for (const [hour, count] of Object.entries(other)) joined[hour] = (joined[hour] ?? 0) + count;
  return joined;
}
