import type { Value } from '../../../src/records/index.js';
import type { Actor, StoryWorld } from './story-world.js';

/** What a faulty program makes of a value; undefined leaves the cell alone. */
export type Spoil = (old: Value, key: string, i: number) => Value | undefined;

export interface Burst {
  readonly object?: string;
  readonly keys: readonly string[];
  readonly fields: Readonly<Record<string, Spoil>>;
  readonly who: Actor;
  readonly atMs: number;
  /** Absent: it is no damage. */
  readonly cause?: string;
  /** Records a batch, and milliseconds from one batch to the next. */
  readonly batch?: number;
  readonly everyMs?: number;
}

/** One program writes to many records, batch by batch. */
export function burst(world: StoryWorld, { object = 'contacts', keys, fields, who, atMs, cause, batch = 20, everyMs = 900 }: Burst): void {
  keys.forEach((key, i) =>
    world.at(atMs + Math.floor(i / batch) * everyMs, (then) => {
      for (const [field, spoil] of Object.entries(fields)) {
        const value = spoil(world.value(object, key, field), key, i);
        if (value !== undefined) world.write(object, key, field, value, who, then, cause);
      }
    }),
  );
}

export const emptied: Spoil = () => null;
export const always =
  (value: Value): Spoil =>
  () =>
    value;

/** As UTF-8 that was read as Latin-1. */
export const misread: Spoil = (old) => (typeof old === 'string' ? Buffer.from(old, 'utf8').toString('latin1') : undefined);

export const cutAt =
  (length: number): Spoil =>
  (old) =>
    typeof old === 'string' && old.length > length ? old.slice(0, length) : undefined;

export const times =
  (factor: number): Spoil =>
  (old) =>
    old === null || old === undefined || Number(old) === 0 ? undefined : String(Number((Number(old) * factor).toPrecision(12)));

export const dayMonth: Spoil = (old) =>
  typeof old === 'string' && Number(old.slice(8, 10)) <= 12 ? `${old.slice(0, 4)}-${old.slice(8, 10)}-${old.slice(5, 7)}` : undefined;

export const daysLater =
  (days: number): Spoil =>
  (old) =>
    typeof old === 'string' ? new Date(Date.parse(old) + days * 86_400_000).toISOString().slice(0, 10) : undefined;

/** Each record gets what the one before it held. Values are those of the moment the story is planned for. */
export function slipped(world: StoryWorld, object: string, keys: readonly string[], field: string): Spoil {
  let held: readonly Value[] | undefined;
  return (_, __, i) => {
    held ??= keys.map((key) => world.value(object, key, field));
    return i === 0 ? undefined : (held[i - 1] ?? null);
  };
}
