import { z } from 'zod';

import { badRequest, recordNotFound } from '../../failure.js';
import type { ObjectType } from '../object-type.js';
import type { Reacting } from '../reactions/reacting.js';
import type { Writer } from '../record.js';
import type { PropertyValues } from '../values.js';
import { meets, readFilter } from './filter.js';

/** Who keeps the members: people and apps, the account, or the account once at the start. */
export const PROCESSING = ['MANUAL', 'DYNAMIC', 'SNAPSHOT'] as const;

const listForm = z.object({
  id: z.string(),
  name: z.string(),
  /** Name of the object type. */
  object: z.string(),
  processing: z.enum(PROCESSING),
  filterBranch: z.unknown().optional(),
  version: z.number(),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** Record and since when; of a list that the account keeps there are none. */
  members: z.array(z.tuple([z.string(), z.number()])),
});
export const listsForm = z.object({ lastId: z.number(), lists: z.array(listForm) });
export type ListsDump = z.infer<typeof listsForm>;

/** A list: what it is. */
export type List = Readonly<Omit<z.infer<typeof listForm>, 'members'>>;
export type NewList = Pick<List, 'name' | 'object' | 'processing' | 'filterBranch'>;

interface Kept {
  list: List;
  members: Map<string, number>;
}

/** The lists of the account and who is on them. */
export class Lists {
  private readonly kept = new Map<string, Kept>();
  private lastId = 0;

  constructor(private readonly portal: Reacting) {}

  all(): readonly List[] {
    return Array.from(this.kept.values(), ({ list }) => list);
  }

  /** Throws HubSpot's 404. */
  get(id: string): List {
    return this.at(id).list;
  }

  create({ name, object, processing, filterBranch }: NewList, writer: Writer): List {
    const type = this.portal.types.get(object);
    this.checkName(name);
    if (processing === 'DYNAMIC' && filterBranch === undefined) throw badRequest('A DYNAMIC list needs a filterBranch');
    if (processing === 'MANUAL' && filterBranch !== undefined) throw badRequest('A MANUAL list has no filterBranch');
    const now = this.portal.now();
    const members = processing === 'SNAPSHOT' && filterBranch !== undefined ? this.matching(type, filterBranch, now) : new Map<string, number>();
    if (processing === 'DYNAMIC') readFilter(filterBranch);
    const list: List = {
      id: String((this.lastId += 1)),
      name,
      object: type.name,
      processing,
      filterBranch,
      version: 1,
      createdAt: now,
      updatedAt: now,
    };
    this.kept.set(list.id, { list, members });
    this.note('create', list, writer, []);
    return list;
  }

  /** Changes the name, and nothing else. */
  rename(id: string, { name = '', ...others }: PropertyValues, writer: Writer): List {
    const kept = this.at(id);
    if (Object.keys(others).length > 0) throw badRequest('Only the name of a list can be changed');
    this.checkName(name, id);
    kept.list = { ...kept.list, name, version: kept.list.version + 1, updatedAt: this.portal.now() };
    this.note('update', kept.list, writer, ['name']);
    return kept.list;
  }

  remove(id: string, writer: Writer): void {
    const { list } = this.at(id);
    this.kept.delete(id);
    this.note('archive', list, writer, []);
  }

  /** Records on the list and since when, by ascending id. */
  members(id: string): readonly (readonly [string, number])[] {
    const { list, members } = this.at(id);
    const type = this.portal.types.get(list.object);
    const all = list.processing === 'DYNAMIC' ? this.matching(type, list.filterBranch, list.createdAt) : members;
    return [...all].sort(([a], [b]) => Number(a) - Number(b));
  }

  /** Puts records on a list or takes them off; gives those that were, and those that do not exist. Throws for DYNAMIC ones. */
  change(
    id: string,
    joins: boolean,
    records: readonly string[],
    writer: Writer,
  ): { readonly done: readonly string[]; readonly missing: readonly string[] } {
    const { list, members } = this.at(id);
    if (list.processing === 'DYNAMIC') throw badRequest(`List ${id} is DYNAMIC: its memberships cannot be changed`);
    const table = this.portal.table(this.portal.types.get(list.object));
    const missing = records.filter((each) => !table.isLive(each));
    const done = [...new Set(records)].filter((each) => table.isLive(each) && members.has(each) !== joins);
    for (const each of done) {
      if (joins) members.set(each, this.portal.now());
      else members.delete(each);
    }
    if (done.length > 0)
      this.note(
        joins ? 'link' : 'unlink',
        list,
        writer,
        done.map((each) => `${list.object}/${each}`),
      );
    return { done, missing };
  }

  /** A record that is gone is on no list. */
  forget({ name }: ObjectType, record: string): void {
    for (const { list, members } of this.kept.values()) if (list.object === name) members.delete(record);
  }

  /** A record that was merged away hands its places on. */
  hand(type: ObjectType, merged: string, kept: string): void {
    for (const { list, members } of this.kept.values()) {
      const since = list.object === type.name ? members.get(merged) : undefined;
      if (since !== undefined && !members.has(kept)) members.set(kept, since);
    }
    this.forget(type, merged);
  }

  clear(): void {
    this.kept.clear();
    this.lastId = 0;
  }

  dump(): ListsDump {
    return { lastId: this.lastId, lists: Array.from(this.kept.values(), ({ list, members }) => ({ ...list, members: [...members] })) };
  }

  load({ lastId, lists }: ListsDump): void {
    this.lastId = lastId;
    for (const { members, ...list } of lists) this.kept.set(list.id, { list, members: new Map(members) });
  }

  private checkName(name: string, of?: string): void {
    if (name === '') throw badRequest('A list needs a name');
    const isTaken = this.all().some((each) => each.id !== of && each.name.toLowerCase() === name.toLowerCase());
    if (isTaken) throw badRequest(`A list named ${name} already exists`);
  }

  private at(id: string): Kept {
    const found = this.kept.get(id);
    if (!found) throw recordNotFound();
    return found;
  }

  private matching(type: ObjectType, filterBranch: unknown, since: number): Map<string, number> {
    const filter = readFilter(filterBranch);
    if (!type.properties.has(filter.property)) throw badRequest(`Property ${filter.property} does not exist`);
    const found = new Map<string, number>();
    for (const { id, values } of this.portal.table(type).from(undefined, false)) if (meets(filter, values)) found.set(id, since);
    return found;
  }

  private note(
    action: 'create' | 'update' | 'archive' | 'link' | 'unlink',
    { id }: List,
    { source, request }: Writer,
    what: readonly string[],
  ): void {
    this.portal.writes.push({ action, object: 'lists', id, at: this.portal.now(), source, request, what, changed: true });
  }
}
