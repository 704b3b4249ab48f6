import { badRequest } from '../failure.js';
import { bothDirections, type LinkCategory, type LinkType } from './link-types.js';

/** Key of a type within one direction: HubSpot numbers the two categories apart. */
const typeKey = (category: LinkCategory, typeId: number): string => `${category}:${typeId}`;

/** To-id to the types that join the two records. */
type Neighbours = Map<string, Set<LinkType>>;

/** Every association between records, readable from both sides. */
export class LinkTable {
  private readonly types = new Map<string, Map<string, LinkType>>();
  /** `from>to` object names, then the from-id. */
  private readonly links = new Map<string, Map<string, Neighbours>>();

  /** Forgets every type and every link. */
  clear(): void {
    this.types.clear();
    this.links.clear();
  }

  addType(type: LinkType): void {
    const direction = `${type.from}>${type.to}`;
    let known = this.types.get(direction);
    if (!known) this.types.set(direction, (known = new Map()));
    known.set(typeKey(type.category, type.typeId), type);
  }

  /** Takes a label and every link with it away, in both directions. */
  removeType(type: LinkType): void {
    const inverse = this.inverse(type);
    const held = [...this.everything()].filter((each) => each.type === type);
    for (const { from, to } of held) this.unset(type, from, to);
    this.types.get(`${type.from}>${type.to}`)?.delete(typeKey(type.category, type.typeId));
    this.types.get(`${type.to}>${type.from}`)?.delete(typeKey(inverse.category, inverse.typeId));
  }

  /** A plain association for a pair of object types that has none yet (custom objects), ids counted up from 1000. */
  ensurePlain(from: string, to: string, nextId: () => number): void {
    if (this.typesBetween(from, to).length > 0) return;
    const id = nextId();
    for (const type of bothDirections({ between: [from, to], ids: from === to ? [id, id] : [id, nextId()] })) this.addType(type);
  }

  typesBetween(from: string, to: string): readonly LinkType[] {
    return [...(this.types.get(`${from}>${to}`)?.values() ?? [])];
  }

  allTypes(): readonly LinkType[] {
    return [...this.types.values()].flatMap((each) => [...each.values()]);
  }

  /** The type of that id; throws HubSpot's 400 where the pair of object types has none. */
  type(from: string, to: string, category: LinkCategory, typeId: number): LinkType {
    const type = this.types.get(`${from}>${to}`)?.get(typeKey(category, typeId));
    if (!type) throw badRequest(`${category} association type ${typeId} is not valid between ${from} and ${to}`);
    return type;
  }

  /** The plain type of a direction; throws HubSpot's 400 where the two object types cannot be associated. */
  plain(from: string, to: string): LinkType {
    const type = this.typesBetween(from, to).find((each) => each.label === null);
    if (!type) throw badRequest(`No default association type exists between ${from} and ${to}`);
    return type;
  }

  /**
   * Links two records with a type, and with the plain type that each labelled one includes. True if anything changed.
   */
  add(type: LinkType, from: string, to: string): boolean {
    const plain = this.plain(type.from, type.to);
    if (type.primary) this.dropPrimary(type.forward ? type : this.inverse(type), type.forward ? from : to, type.forward ? to : from);
    const wasPlain = this.set(plain, from, to);
    return type === plain ? wasPlain : this.set(type, from, to) || wasPlain;
  }

  /**
   * The primary type that comes with a link to a company, for a record that has no company yet. In the direction of
   * `type`.
   */
  primaryOfFirst(type: LinkType, from: string, to: string): LinkType | undefined {
    const primary = this.typesBetween(type.from, type.to).find((each) => each.primary);
    if (!primary) return undefined;
    const [object, id, companies] = primary.forward ? [type.from, from, type.to] : [type.to, to, type.from];
    return (this.neighbours(object, id, companies)?.size ?? 0) === 0 ? primary : undefined;
  }

  /** Takes one label away; taking the plain type away removes every label of the pair. True if anything changed. */
  remove(type: LinkType, from: string, to: string): boolean {
    return type.label === null ? this.removeAll(type.from, type.to, from, to) : this.unset(type, from, to);
  }

  /** Removes every type between two records. True if there was any. */
  removeAll(fromObject: string, toObject: string, from: string, to: string): boolean {
    const joined = [...(this.neighbours(fromObject, from, toObject)?.get(to) ?? [])];
    for (const type of joined) this.unset(type, from, to);
    return joined.length > 0;
  }

  /** What a record is linked to among one object type. */
  neighbours(fromObject: string, from: string, toObject: string): ReadonlyMap<string, ReadonlySet<LinkType>> | undefined {
    return this.links.get(`${fromObject}>${toObject}`)?.get(from);
  }

  /** Removes every link of a record; gives what was removed, from the record's side. */
  removeRecord(object: string, id: string): readonly { type: LinkType; to: string }[] {
    const removed = this.ofRecord(object, id);
    for (const { type, to } of removed) this.unset(type, id, to);
    return removed;
  }

  /** Every link of a record, from its side. */
  ofRecord(object: string, id: string): readonly { type: LinkType; to: string }[] {
    const found: { type: LinkType; to: string }[] = [];
    for (const [direction, byFrom] of this.links) {
      if (!direction.startsWith(`${object}>`)) continue;
      for (const [to, types] of byFrom.get(id) ?? []) for (const type of types) found.push({ type, to });
    }
    return found;
  }

  /** Every link, each direction as its own entry. */
  *everything(): Generator<{ type: LinkType; from: string; to: string }> {
    for (const byFrom of this.links.values())
      for (const [from, neighbours] of byFrom) for (const [to, types] of neighbours) for (const type of types) yield { type, from, to };
  }

  private dropPrimary(type: LinkType, from: string, keep: string): void {
    for (const [to, types] of this.neighbours(type.from, from, type.to) ?? []) if (to !== keep && types.has(type)) this.unset(type, from, to);
  }

  private inverse(type: LinkType): LinkType {
    return this.type(type.to, type.from, type.category, type.inverse);
  }

  private set(type: LinkType, from: string, to: string): boolean {
    const changed = this.setOne(type, from, to);
    this.setOne(this.inverse(type), to, from);
    return changed;
  }

  private setOne(type: LinkType, from: string, to: string): boolean {
    const direction = `${type.from}>${type.to}`;
    let byFrom = this.links.get(direction);
    if (!byFrom) this.links.set(direction, (byFrom = new Map()));
    let neighbours = byFrom.get(from);
    if (!neighbours) byFrom.set(from, (neighbours = new Map()));
    let types = neighbours.get(to);
    if (!types) neighbours.set(to, (types = new Set()));
    if (types.has(type)) return false;
    types.add(type);
    return true;
  }

  private unset(type: LinkType, from: string, to: string): boolean {
    const changed = this.unsetOne(type, from, to);
    this.unsetOne(this.inverse(type), to, from);
    return changed;
  }

  private unsetOne(type: LinkType, from: string, to: string): boolean {
    const neighbours = this.links.get(`${type.from}>${type.to}`)?.get(from);
    const types = neighbours?.get(to);
    if (!types?.delete(type)) return false;
    if (types.size === 0) neighbours?.delete(to);
    return true;
  }
}
