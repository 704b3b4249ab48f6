import { notFound } from '../failure.js';
import { nthId } from '../state/ids.js';
import { customField, customObject, historyObject } from './custom.js';
import type { CompleteDescription } from './description.js';
import { type Field, reference } from './field.js';
import type { ObjectType, RecordType } from './object-type.js';
import { CAMPAIGN, CAMPAIGN_MEMBER } from './standard/campaigns.js';
import { OPPORTUNITY, OPPORTUNITY_CONTACT_ROLE, TASK } from './standard/deals.js';
import { ACCOUNT, CONTACT, LEAD, USER } from './standard/people.js';
import { GROUP, ORGANIZATION, PROFILE, RECORD_TYPE, USER_PERMISSION_ACCESS } from './standard/setup.js';

const STANDARD = [ACCOUNT, CONTACT, LEAD, OPPORTUNITY, CAMPAIGN, CAMPAIGN_MEMBER, OPPORTUNITY_CONTACT_ROLE, TASK, USER];
const SETUP = [ORGANIZATION, PROFILE, RECORD_TYPE, GROUP, USER_PERMISSION_ACCESS];

/** A reference to an object, seen from there. */
export interface ChildRelation {
  readonly child: ObjectType;
  readonly field: Field;
}

/** The objects of an account, by name in any case. */
export class Schema {
  readonly #byName = new Map<string, ObjectType>();
  readonly #byPrefix = new Map<string, ObjectType>();
  readonly #children = new Map<string, readonly ChildRelation[]>();

  /** Throws a RangeError for a description of what is not there. */
  constructor(description: CompleteDescription, pod: string) {
    const custom = description.objects.map((each, index) => customObject(each, index));
    const objects = [...STANDARD, ...custom, ...SETUP];
    const known = new Set(objects.map(({ name }) => name));
    for (const name of [
      ...Object.keys(description.fields),
      ...Object.keys(description.tracked),
      ...description.recordTypes.map((each) => each.object),
    ])
      if (!known.has(name)) throw new RangeError(`There is no object ${name}`);
    let types = 0;
    for (const [index, object] of objects.entries()) {
      const recordTypes = description.recordTypes.flatMap((each): readonly RecordType[] => {
        if (each.object !== object.name) return [];
        types += 1;
        const { id = nthId('012', pod, types), name, developerName = name.replaceAll(/\W/g, '_'), isDefault = false, picklists = {} } = each;
        return [{ id, name, developerName, isDefault, picklists }];
      });
      const added: readonly Field[] = [
        ...(recordTypes.length > 0 ? [reference('RecordTypeId', ['RecordType'], { defaultedOnCreate: true, onParentDelete: 'keep' })] : []),
        ...(description.fields[object.name] ?? []).map(customField),
        ...activityParents(object, custom),
      ];
      const fields = new Map([...object.fields, ...added.map((each) => [each.name, each] as const)]);
      const tracked = description.tracked[object.name] ?? [];
      for (const name of tracked) if (!fields.has(name)) throw new RangeError(`${object.name} has no field ${name}`);
      const history = tracked.length > 0 ? historyObject({ ...object, fields }, index) : undefined;
      this.#add({ ...object, fields, recordTypes, tracked, historyObject: history?.name ?? null });
      if (history) this.#add(history);
    }
    for (const child of this.all())
      for (const field of child.fields.values())
        for (const to of field.referenceTo) this.#children.set(to, [...(this.#children.get(to) ?? []), { child, field }]);
  }

  all(): readonly ObjectType[] {
    return [...this.#byName.values()];
  }

  find(name: string): ObjectType | undefined {
    return this.#byName.get(name.toLowerCase());
  }

  /** Throws the 404 of a path that names no object. */
  get(name: string): ObjectType {
    const found = this.find(name);
    if (!found) throw notFound();
    return found;
  }

  /** The object that an id is of. */
  ofId(id: string): ObjectType | undefined {
    return this.#byPrefix.get(id.slice(0, 3));
  }

  /** The references to an object, those of the platform's own records of users among them. */
  childrenOf(name: string): readonly ChildRelation[] {
    return this.#children.get(name) ?? [];
  }

  /** Replaces a field. */
  change(object: string, field: Field): void {
    const held = this.get(object);
    this.#add({ ...held, fields: new Map([...held.fields, [field.name, field]]) });
  }

  #add(object: ObjectType): void {
    this.#byName.set(object.name.toLowerCase(), object);
    this.#byPrefix.set(object.keyPrefix, object);
  }
}

/** A field by its name in any case. */
export function fieldOf({ fields }: ObjectType, name: string): Field | undefined {
  const exact = fields.get(name);
  if (exact) return exact;
  const lower = name.toLowerCase();
  for (const each of fields.values()) if (each.name.toLowerCase() === lower) return each;
  return undefined;
}

/** A relationship by its name in any case. */
export function relationOf({ fields }: ObjectType, name: string): Field | undefined {
  const lower = name.toLowerCase();
  for (const each of fields.values()) if (each.relationshipName?.toLowerCase() === lower) return each;
  return undefined;
}

/** Tasks can be about records of custom objects too. */
function activityParents(object: ObjectType, custom: readonly ObjectType[]): readonly Field[] {
  const what = object.name === 'Task' ? object.fields.get('WhatId') : undefined;
  return what && custom.length > 0 ? [{ ...what, referenceTo: [...what.referenceTo, ...custom.map(({ name }) => name)] }] : [];
}
