import type { CallOptions } from '../../lib/index.js';
import { ownValue, parseRecordLine, type PlatformRecord, sameValue, setOwn, type Value, valueIn } from '../../records/index.js';
import { compareLinks, compareObjects, type ObjectInfo, type SnapshotReader } from '../../snapshots/index.js';
import { Fields, isFilled, nameOf } from './levels.js';
import type { Levels, Measure, ObjectLevels } from './types.js';

/** Different values of a field that are counted at once, and how much of each is told apart. */
const VALUES = 16;
const VALUE_CHARS = 80;

/** What changed in one field. */
class FieldMoves {
  emptied = 0;
  filled = 0;
  changed = 0;
  back = 0;
  out = 0;
  readonly #now = new Commonest();
  readonly #was = new Commonest();

  constructor(private readonly isOut: (value: Value | undefined) => boolean) {}

  /** Takes what a record that was there before and is there now held and holds. */
  take(was: Value | undefined, now: Value | undefined): void {
    const [wasOut, isOut] = [this.isOut(was), this.isOut(now)];
    if (wasOut && !isOut) this.back += 1;
    if (isOut && !wasOut) this.out += 1;
    const [wasFilled, isNowFilled] = [isFilled(was), isFilled(now)];
    if (wasFilled && !isNowFilled) this.emptied += 1;
    else if (!wasFilled && isNowFilled) this.filled += 1;
    else if (wasFilled && was !== undefined && now !== undefined) {
      this.changed += 1;
      this.#now.take(now);
      this.#was.take(was);
    }
  }

  /** How many got one and the same value, where they held many: a stamp that everything bears loses nothing. */
  get overwritten(): number {
    return 2 * this.#was.most <= this.#now.most ? this.#now.most : 0;
  }
}

/** How often the commonest of many values came, at least (Misra and Gries): whatever holds more than a sixteenth is found. */
class Commonest {
  readonly #counts = new Map<string, number>();

  take(value: Value): void {
    const text = JSON.stringify(value);
    const name = text.length > VALUE_CHARS ? `${text.length} ${text.slice(0, VALUE_CHARS)}` : text;
    const known = this.#counts.get(name);
    if (known !== undefined || this.#counts.size < VALUES) {
      this.#counts.set(name, (known ?? 0) + 1);
      return;
    }
    for (const [one, count] of this.#counts)
      if (count === 1) this.#counts.delete(one);
      else this.#counts.set(one, count - 1);
  }

  get most(): number {
    return Math.max(0, ...this.#counts.values());
  }
}

/** What happened to one object type between two snapshots. */
class ObjectMoves {
  created = 0;
  deleted = 0;
  readonly byField = new Map<string, FieldMoves>();
  /** Values that came and went with whole records, by field. */
  readonly #with = new Map<string, number>();
  readonly #outWith = new Map<string, number>();

  constructor(private readonly fields: Fields) {}

  take(was: string | undefined, now: string | undefined): void {
    if (was !== undefined && now !== undefined) {
      this.#changed(parseRecordLine(was), parseRecordLine(now));
      return;
    }
    this[was === undefined ? 'created' : 'deleted'] += 1;
    const record = parseRecordLine(was ?? now ?? '');
    const sign = was === undefined ? 1 : -1;
    for (const name of this.fields.namesIn(record)) {
      const value = valueIn(record, name);
      if (isFilled(value)) this.#with.set(name, (this.#with.get(name) ?? 0) + sign);
      if (this.fields.isOut(name, value)) this.#outWith.set(name, (this.#outWith.get(name) ?? 0) + sign);
    }
  }

  #changed(was: PlatformRecord, now: PlatformRecord): void {
    for (const name of new Set([...this.fields.namesIn(was), ...this.fields.namesIn(now)])) {
      const [before, after] = [valueIn(was, name), valueIn(now, name)];
      if (sameValue(before, after)) continue;
      const moves = this.byField.get(name) ?? new FieldMoves((value) => this.fields.isOut(name, value));
      this.byField.set(name, moves);
      moves.take(before, after);
    }
  }

  /** What there is now, from what there was. */
  applied(before: ObjectLevels): ObjectLevels {
    const filled: Record<string, number> = { ...before.filled };
    const out: Record<string, number> = { ...before.out };
    const add = (to: Record<string, number>, name: string, count: number): void => {
      if (count !== 0) setOwn(to, name, (ownValue(to, name) ?? 0) + count);
    };
    for (const [name, count] of this.#with) add(filled, name, count);
    for (const [name, count] of this.#outWith) add(out, name, count);
    for (const [name, moves] of this.byField) {
      add(filled, name, moves.filled - moves.emptied);
      add(out, name, moves.out - moves.back);
    }
    return { rows: before.rows + this.created - this.deleted, filled, out, types: this.fields.types };
  }
}

/** What happened between two snapshots: counts, and what there is now of each object type where that follows from them. */
export interface Moves {
  readonly measures: readonly Measure[];
  readonly objects: Levels['objects'];
}

/**
 * Compares a snapshot with an earlier one, of which it is known what there was. Reads what differs, once. Object types
 * and links that were not provably read as a whole say nothing. Memory: some numbers for each field.
 */
export async function movesBetween(
  before: { readonly reader: SnapshotReader; readonly levels: Levels },
  now: SnapshotReader,
  options: CallOptions,
): Promise<Moves> {
  const measures: Measure[] = [];
  const objects: Record<string, ObjectLevels> = {};
  for (const info of before.reader.manifest.objects) {
    const here = now.manifest.objects.find((one) => nameOf(one) === nameOf(info));
    const levels = spared(before.levels.objects[nameOf(info)], here?.withheld);
    if (levels === undefined) continue;
    if (here === undefined) {
      measures.push(...goneObject(info, now));
      continue;
    }
    if (!here.census || !info.census) continue;
    const fields = new Fields(await now.objectSchema(info.platform, info.object));
    const moves = new ObjectMoves(fields);
    for await (const batch of compareObjects(before.reader, now, info.platform, info.object, { ...options, alsoMeta: fields.alsoMeta }))
      for (const { a, b } of batch) moves.take(a, b);
    const applied = moves.applied(levels);
    if (applied.rows === here.rows) objects[nameOf(info)] = applied;
    const described = schemaMeasures(info, levels, fields.types);
    // That a field is gone says all of it.
    const gone = new Set(described.flatMap(({ kind, field }) => (kind === 'field-gone' ? [field] : [])));
    measures.push(...measuresOf(info, moves, levels).filter(({ field }) => field === undefined || !gone.has(field)), ...described);
  }
  for (const info of before.reader.manifest.links) measures.push(...(await linkMeasures(before.reader, now, info, options)));
  return { measures, objects };
}

/** What there was, without what must not be stored any more: that is no loss. */
function spared(levels: ObjectLevels | undefined, withheld: readonly string[] = []): ObjectLevels | undefined {
  if (levels === undefined || withheld.length === 0) return levels;
  const kept = <T>(by: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(by).filter(([name]) => !withheld.includes(name)));
  return { rows: levels.rows, filled: kept(levels.filled), out: kept(levels.out), types: kept(levels.types) };
}

/** An object type that is gone, and that nothing was said of: what was refused is told as a gap. */
function goneObject({ platform, object, rows }: ObjectInfo, { manifest }: SnapshotReader): readonly Measure[] {
  const isRefused = manifest.refused.some((one) => one.platform === platform && one.object === object);
  return isRefused ? [] : [{ kind: 'object-gone', platform, object, count: rows, of: rows }];
}

function measuresOf({ platform, object }: ObjectInfo, moves: ObjectMoves, { rows, filled, out }: ObjectLevels): readonly Measure[] {
  const at = { platform, object };
  const fields = [...moves.byField].flatMap(([field, one]): readonly Measure[] => {
    const of = ownValue(filled, field) ?? 0;
    return [
      { kind: 'emptied', ...at, field, count: one.emptied, of },
      { kind: 'changed', ...at, field, count: one.changed, of },
      { kind: 'overwritten', ...at, field, count: one.overwritten, of },
      { kind: 'opted-in', ...at, field, count: one.back, of: ownValue(out, field) ?? 0 },
      { kind: 'opted-out', ...at, field, count: one.out, of: rows },
    ];
  });
  const all: readonly Measure[] = [
    { kind: 'deleted', ...at, count: moves.deleted, of: rows },
    { kind: 'created', ...at, count: moves.created, of: rows },
    ...fields,
  ];
  return all.filter(({ count }) => count > 0);
}

/** Fields that held something and are gone, or have another type. */
function schemaMeasures({ platform, object }: ObjectInfo, before: ObjectLevels, now: ObjectLevels['types']): readonly Measure[] {
  return Object.entries(before.types).flatMap(([field, type]): readonly Measure[] => {
    const count = ownValue(before.filled, field) ?? 0;
    if (count === 0 || ownValue(now, field) === type) return [];
    return [{ kind: ownValue(now, field) === undefined ? 'field-gone' : 'retyped', platform, object, field, count, of: count }];
  });
}

async function linkMeasures(before: SnapshotReader, now: SnapshotReader, info: ObjectInfo, options: CallOptions): Promise<readonly Measure[]> {
  const { platform, object, rows } = info;
  const here = now.manifest.links.find((one) => nameOf(one) === nameOf(info));
  if (here === undefined || !here.census || !info.census) return [];
  let [added, removed] = [0, 0];
  for await (const batch of compareLinks(before, now, platform, object, options))
    for (const { change } of batch)
      if (change === 'added') added += 1;
      else removed += 1;
  const at = { platform, object, of: rows };
  const all: readonly Measure[] = [
    { kind: 'unlinked', ...at, count: removed },
    { kind: 'linked', ...at, count: added },
  ];
  return all.filter(({ count }) => count > 0);
}

/** What can be told from counts alone, where the earlier snapshot cannot be read any more. */
export function movesOfLevels(before: Levels, now: Levels): readonly Measure[] {
  const less = (was: number, is: number | undefined): number => Math.max(0, was - (is ?? 0));
  const split = (name: string): Pick<Measure, 'platform' | 'object'> => {
    const [platform = '', ...object] = name.split(' ');
    return { platform, object: object.join(' ') };
  };
  const objects = Object.entries(before.objects).flatMap(([name, was]): readonly Measure[] => {
    const is = now.objects[name];
    if (is === undefined) return [];
    const at = split(name);
    return [
      { kind: 'deleted', ...at, count: less(was.rows, is.rows), of: was.rows },
      ...Object.entries(was.filled).map(([field, of]): Measure => ({
        kind: 'emptied',
        ...at,
        field,
        count: less(of, ownValue(is.filled, field)) - less(was.rows, is.rows),
        of,
      })),
      ...Object.entries(was.out).map(([field, of]): Measure => ({
        kind: 'opted-in',
        ...at,
        field,
        count: less(of, ownValue(is.out, field)) - less(was.rows, is.rows),
        of,
      })),
    ];
  });
  const links = Object.entries(before.links).flatMap(([name, of]): readonly Measure[] =>
    now.links[name] === undefined ? [] : [{ kind: 'unlinked', ...split(name), count: less(of, now.links[name]), of }],
  );
  return [...objects, ...links].filter(({ count }) => count > 0);
}
