import { badRequest } from '../failure.js';
import type { PropertyDefinition } from '../properties/definition.js';

/** A kind of record: its names, its properties and what an answer holds when nothing was asked for. */
export interface ObjectType {
  /** Plural name in paths: `contacts`. */
  readonly name: string;
  /** `0-1` for contacts, `2-…` for custom objects. */
  readonly typeId: string;
  /** As messages name it: `CONTACT`. */
  readonly singular: string;
  /** Other names that paths accept. */
  readonly aliases: readonly string[];
  readonly properties: Map<string, PropertyDefinition>;
  /** In answers when no properties were asked for. */
  readonly defaults: readonly string[];
  /** In answers to writes, beside what was sent, where there is a value. */
  readonly answeredOnWrite: readonly string[];
  readonly createdProperty: string;
  readonly modifiedProperty: string;
  readonly custom?: {
    readonly label: string;
    readonly pluralLabel: string;
    readonly primaryDisplayProperty: string;
    readonly fullyQualifiedName: string;
  };
}

/** The properties every answer holds, asked for or not. */
export const alwaysAnswered = (type: ObjectType): readonly string[] => [type.createdProperty, 'hs_object_id', type.modifiedProperty];

/** Object types by any of their names. */
export class ObjectTypes {
  private readonly byName = new Map<string, ObjectType>();
  private types: ObjectType[] = [];

  add(type: ObjectType): void {
    this.types.push(type);
    for (const name of [type.name, type.typeId, type.singular, ...type.aliases]) this.byName.set(name.toLowerCase(), type);
  }

  clear(): void {
    this.types = [];
    this.byName.clear();
  }

  has(name: string): boolean {
    return this.byName.has(name.toLowerCase());
  }

  all(): readonly ObjectType[] {
    return this.types;
  }

  /** The type of that name, type id or alias; throws HubSpot's 400 for an unknown one. */
  get(name: string): ObjectType {
    const type = this.byName.get(name.toLowerCase());
    if (!type) throw badRequest(`Unable to infer object type from: ${name}`);
    return type;
  }
}
