import type { Value } from '../../src/records/index.js';
import { normalised, textOf, type Habit } from './memory-connector.js';
import { same, type WroteIt } from './restore-story.js';

type Flat = Record<string, Record<string, Value>>;

/** The four moments of a story, records by uid. */
export interface Moments {
  readonly base: Flat;
  readonly damaged: Flat;
  /** When the plan was made. */
  readonly live: Flat;
  /** When the plan was applied. */
  readonly before: Flat;
}

const UNITS = [['name'], ['email'], ['phone'], ['city'], ['company'], ['pipeline', 'stage'], ['owner']];

/**
 * What should be there after a restore, worked out from the story's truth instead of the planner's rules: who really
 * wrote each cell. `wrote` gives the last writer of a cell's damaged value, `edits` what people had written there
 * before the sync's first write and between its writes.
 */
export function expectedAfter(
  moments: Moments,
  wrote: WroteIt,
  created: (uid: string) => string | undefined,
  edits: (uid: string, name: string, value: Value) => { readonly before?: Value; readonly between: readonly Value[] },
  habits: ReadonlySet<Habit>,
): { readonly expected: Flat; readonly blocked: ReadonlySet<string> } {
  const { base, damaged, live, before } = moments;
  const expected: Flat = structuredClone(before);
  for (const [uid, found] of Object.entries(base)) {
    const D = damaged[uid];
    const L = live[uid];
    const B = { ...found };
    /** Cells that only a person can decide: somebody wrote something else between two writes of the sync. */
    const asked = new Set<string>();
    for (const name of new Set([...Object.keys(B), ...Object.keys(D ?? {})]))
      if (name !== 'links' && L !== undefined && !same(B[name], D?.[name])) {
        // What a person wrote after the base and the sync overwrote is what should come back.
        const edit = edits(uid, name, D?.[name] ?? null);
        if (edit.before !== undefined) B[name] = edit.before;
        if (edit.between.some((value) => !same(value, B[name]))) asked.add(name);
      }
    const now = before[uid];
    if (D === undefined && L === undefined) expected[uid] = asStored({ ...B }, habits);
    if (D === undefined || L === undefined || now === undefined) continue;
    const writes: Record<string, Value> = {};
    for (const unit of UNITS) {
      const hurt = unit.filter((name) => !same(B[name], D[name]));
      const open = hurt.filter((name) => !same(L[name], B[name]));
      if (open.length === 0 || unit.some((name) => asked.has(name))) continue;
      if (unit.some((name) => !same(L[name], D[name]) && !same(L[name], B[name]))) continue;
      if (open.every((name) => wrote(objectOf(uid), uid, name, D[name] ?? null)?.startsWith('sync:') === true))
        for (const name of open) writes[name] = B[name] ?? null;
    }
    const tags = mergedTags(B['tags'], D['tags'], L['tags']);
    const tagsHurt = !same(B['tags'], D['tags']) && !same(tags, L['tags']) && !asked.has('tags');
    if (tagsHurt && wrote(objectOf(uid), uid, 'tags', D['tags'] ?? null)?.startsWith('sync:') === true) writes['tags'] = tags;
    // What somebody edits while the restore runs stays, with what is decided as one with it; the rest is written all
    // the same.
    for (const unit of [...UNITS, ['tags']]) {
      const names = unit.filter((name) => name in writes);
      if (names.every((name) => same(now[name], L[name]) || same(now[name], writes[name])))
        for (const name of names) {
          if (name === 'owner' && writes[name] === 'gone' && habits.has('refuses')) continue;
          if (name === 'name' && habits.has('reacts') && !same(now[name], writes[name]))
            (expected[uid] as Record<string, Value>)['greeting'] = `Dear ${textOf(writes[name])}`;
          (expected[uid] as Record<string, Value>)[name] =
            name === 'phone' && habits.has('normalises') && !same(now[name], writes[name]) ? normalised(writes[name]) : (writes[name] ?? null);
        }
    }
  }
  const deleted = deletable(moments, created);
  // What something that stays refers to, stays.
  for (let changed = true; changed;) {
    changed = false;
    for (const [uid, record] of Object.entries(expected)) if (!deleted.has(uid) && deleted.delete(textOf(record['company']))) changed = true;
  }
  for (const uid of deleted) delete expected[uid];
  const blocked = blockedIn(expected, before);
  for (const [uid, record] of Object.entries(expected)) {
    const links = linksAfter(moments, uid, expected, deleted);
    if (links.length > 0) record['links'] = links;
    else delete record['links'];
  }
  for (const record of Object.values(expected)) for (const [name, value] of Object.entries(record)) if (value === null) delete record[name];
  return { expected, blocked };
}

/**
 * Records that cannot have the address they should have, since a record that keeps it has it: one that stays as it is,
 * or one that is blocked itself.
 */
function blockedIn(expected: Flat, before: Flat): Set<string> {
  const blocked = new Set<string>();
  const kept = new Map<string, string>();
  const keeps = (uid: string): void => {
    const email = before[uid]?.['email'];
    if (typeof email === 'string') kept.set(email, uid);
  };
  const moves = Object.keys(expected).filter((uid) => objectOf(uid) === 'contacts' && !same(before[uid]?.['email'], expected[uid]?.['email']));
  for (const uid of Object.keys(expected)) if (!moves.includes(uid)) keeps(uid);
  for (let changed = true; changed;) {
    changed = false;
    for (const uid of moves) {
      const holder = kept.get(textOf(expected[uid]?.['email']));
      if (blocked.has(uid) || holder === undefined || holder === uid) continue;
      blocked.add(uid);
      keeps(uid);
      changed = true;
    }
  }
  return blocked;
}

/**
 * What the platform makes of a record that is created: phone numbers in its own form, and nothing of an owner that is
 * gone.
 */
function asStored(fields: Record<string, Value>, habits: ReadonlySet<Habit>): Record<string, Value> {
  const stored = { ...fields };
  if (habits.has('normalises')) stored['phone'] = normalised(stored['phone']);
  if (habits.has('refuses') && stored['owner'] === 'gone') delete stored['owner'];
  return stored;
}

/** Records that the damage created, that nobody touched since, and that nothing refers to. */
function deletable({ base, damaged, live, before }: Moments, created: (uid: string) => string | undefined): Set<string> {
  const gone = new Set<string>();
  for (const [uid, D] of Object.entries(damaged)) {
    const L = live[uid];
    const now = before[uid];
    if (base[uid] !== undefined || L === undefined || now === undefined || created(uid)?.startsWith('sync:') !== true) continue;
    const untouched = Object.keys({ ...D, ...L, ...now }).every((name) => name === 'links' || (same(D[name], L[name]) && same(L[name], now[name])));
    const linkedLater = linksOf(live, uid).some((pair) => !linksOf(damaged, uid).includes(pair));
    if (untouched && !linkedLater) gone.add(uid);
  }
  return gone;
}

function linksOf(flat: Flat, uid: string): string[] {
  const own = ((flat[uid]?.['links'] ?? []) as string[]).map((to) => `${uid}>${to}`);
  const others = Object.entries(flat).flatMap(([from, record]) =>
    ((record['links'] ?? []) as string[]).filter((to) => to === uid).map((to) => `${from}>${to}`),
  );
  return [...own, ...others];
}

function linksAfter({ base, damaged, live, before }: Moments, uid: string, expected: Flat, deleted: ReadonlySet<string>): string[] {
  const has = (flat: Flat, to: string): boolean => ((flat[uid]?.['links'] ?? []) as string[]).includes(to);
  const ends = new Set([...listOf(base, uid), ...listOf(damaged, uid), ...listOf(live, uid), ...listOf(before, uid)]);
  return [...ends]
    .filter((to) => {
      if (expected[to] === undefined) return false;
      const isNew = base[uid] === undefined || base[to] === undefined;
      if (has(base, to) && !has(damaged, to)) return true;
      if (!has(base, to) && has(damaged, to)) return isNew && !deleted.has(uid) && !deleted.has(to) && has(before, to);
      return has(before, to);
    })
    .sort();
}

function listOf(flat: Flat, uid: string): string[] {
  return (flat[uid]?.['links'] ?? []) as string[];
}

function mergedTags(B: Value | undefined, D: Value | undefined, L: Value | undefined): Value {
  const [b, d, l] = [B, D, L].map((value) => new Set((value ?? []) as string[])) as [Set<string>, Set<string>, Set<string>];
  const all = ['a', 'b', 'c', 'd'].filter((tag) => (l.has(tag) && !(d.has(tag) && !b.has(tag))) || (b.has(tag) && !d.has(tag)));
  return all;
}

function objectOf(uid: string): string {
  return uid.startsWith('c') || uid.startsWith('nc') ? 'companies' : 'contacts';
}
