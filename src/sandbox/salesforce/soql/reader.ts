import { ApiFailure } from '../failure.js';
import type { Field } from '../schema/field.js';
import type { ObjectType } from '../schema/object-type.js';
import { fieldOf, relationOf, type Schema } from '../schema/schema.js';
import type { Scalar, StoredRecord } from '../state/record.js';
import type { Tables } from '../state/tables.js';
import { placed } from './tokens.js';

/** A path of a query that was found: over which references to which field. */
export interface Resolved {
  readonly relations: readonly Field[];
  /** As the object or, for one that may be of several, the first that has it knows it. */
  readonly field: Field;
  /** Their names in the schema's case. */
  readonly names: readonly string[];
}

/** Where names lead, for one who sees only some of the fields. */
export class Reader {
  constructor(
    private readonly schema: Schema,
    private readonly tables: Tables,
    private readonly sees: (object: string, field: string) => boolean,
    /** False for one who is shown a mask in place of encrypted texts. */
    private readonly seesEncrypted = true,
  ) {}

  /** Throws INVALID_FIELD for what is not there or not to be seen. */
  resolve(object: ObjectType, names: readonly string[], text: string, at: number): Resolved {
    const relations: Field[] = [];
    let on: readonly ObjectType[] = [object];
    for (const name of names.slice(0, -1)) {
      const relation = on.map((each) => relationOf(each, name)).find((each) => each !== undefined);
      if (!relation || !on.some((each) => this.sees(each.name, relation.name)))
        throw new ApiFailure(
          400,
          'INVALID_FIELD',
          `${placed(text, at)}\nDidn't understand relationship '${name}' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.`,
        );
      relations.push(relation);
      on = relation.referenceTo.flatMap((to) => this.schema.find(to) ?? []);
    }
    const last = names.at(-1) ?? '';
    const holder = on.find((each) => fieldOf(each, last) !== undefined);
    const field = holder && fieldOf(holder, last);
    if (!holder || !field || !this.sees(holder.name, field.name)) throw noColumn(last, on[0]?.name ?? object.name, text, at);
    return { relations, field, names: [...relations.map(({ relationshipName }) => relationshipName ?? ''), field.name] };
  }

  /** The record at the end of references; undefined where one of them is empty, or not to be found. */
  follow(
    object: ObjectType,
    record: StoredRecord,
    relations: readonly Field[],
  ): { readonly object: ObjectType; readonly record: StoredRecord } | undefined {
    let here = { object, record };
    for (const { name } of relations) {
      const id = here.record.values[name];
      const to = typeof id === 'string' ? this.schema.ofId(id) : undefined;
      const found = to && typeof id === 'string' ? this.tables.live(to, id) : undefined;
      if (!to || !found) return undefined;
      here = { object: to, record: found };
    }
    return here;
  }

  /** What a field of a record shows; an address is the object of its parts. */
  value(object: ObjectType, record: StoredRecord, field: Field): Scalar | null | Readonly<Record<string, Scalar | null>> {
    if (field.name === 'IsDeleted') return record.deletion !== undefined;
    if (field.formula !== null) return this.#formula(object, record, field.formula);
    if (field.type === 'address') return addressOf(object, record, field.name);
    const value = record.values[field.name] ?? null;
    return field.type === 'encryptedstring' && !this.seesEncrypted && typeof value === 'string' ? maskOf(value) : value;
  }

  /** The same for a path, where what is compared is a plain value. */
  plain(object: ObjectType, record: StoredRecord, { relations, field }: Resolved): Scalar | null {
    const end = this.follow(object, record, relations);
    const own = end && fieldOf(end.object, field.name);
    const value = end && own ? this.value(end.object, end.record, own) : null;
    return typeof value === 'object' ? null : value;
  }

  #formula(object: ObjectType, record: StoredRecord, formula: string): Scalar | null {
    return this.plain(object, record, this.resolve(object, formula.split('.'), formula, 0));
  }
}

/** The mask of the type `lastFour`. Whoever sees no more may write the field all the same. */
const maskOf = (value: string): string => `${'*'.repeat(Math.max(0, value.length - 4))}${value.slice(-4)}`;

function addressOf(object: ObjectType, { values }: StoredRecord, compound: string): Readonly<Record<string, Scalar | null>> | null {
  const parts = [...object.fields.values()].filter(({ compoundFieldName }) => compoundFieldName === compound);
  const prefix = compound.slice(0, -'Address'.length);
  const named = parts.map(({ name }) => [name.slice(prefix.length).replace(/^./, (first) => first.toLowerCase()), values[name] ?? null] as const);
  return named.every(([, value]) => value === null) ? null : Object.fromEntries(named);
}

function noColumn(name: string, object: string, text: string, at: number): ApiFailure {
  return new ApiFailure(
    400,
    'INVALID_FIELD',
    `${placed(text, at)}\nNo such column '${name}' on entity '${object}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.`,
  );
}
