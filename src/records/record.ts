/** What a field can hold once it is canonical. Exactness rules are on {@link FieldType}. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [name: string]: Value };

/**
 * Fields by name. A missing name means the platform did not give the field at all; `null` and `''` are
 * two other things, and all three are kept apart.
 */
export type Fields = Readonly<Record<string, Value>>;

/** A row of a platform in canonical form. */
export interface PlatformRecord {
  /** The record's id on its platform. Composite keys are a canonical JSON array of strings. */
  readonly key: string;
  /** What a restore may write. */
  readonly fields: Fields;
  /**
   * What changes by itself or cannot be written: modified times, calculated and read-only fields. Outside the content
   * digest.
   */
  readonly meta: Fields;
}

/**
 * Type of a field, independent of the platform.
 *
 * | type | canonical value |
 * | --- | --- |
 * | `string` | string |
 * | `boolean` | boolean |
 * | `integer` | JSON number; only for types that always fit 53 bits |
 * | `number` | string with every digit: big integers, decimals, floats |
 * | `date`, `datetime`, `time` | string as the platform's exact text (ISO 8601, UTC where it has a zone) |
 * | `enum` | string, one of `options` |
 * | `set` | sorted array of distinct strings; merged by element |
 * | `json` | string with the document's exact text |
 * | `bytes` | string, hexadecimal or as the platform writes it |
 * | `other` | string with the platform's exact text |
 */
export type FieldType = 'string' | 'boolean' | 'integer' | 'number' | 'date' | 'datetime' | 'time' | 'enum' | 'set' | 'json' | 'bytes' | 'other';

/** A form that a platform holds texts to; `birthday`: month and day, `05/31`. */
export type FieldForm = 'email' | 'url' | 'phone/US' | 'zip/US' | 'birthday';

/** One field as the platform describes it. */
export interface FieldSchema {
  readonly name: string;
  /** Name for people, where the platform has one. */
  readonly label?: string;
  readonly type: FieldType;
  /** The platform's own word for the type, for example `numeric(12,2)` or `enumeration/checkbox`. */
  readonly platformType: string;
  /** Never writable on an existing record: calculated, generated, identity, system. Such fields are in `meta`. */
  readonly readOnly: boolean;
  /** Allowed values of `enum` and `set`. */
  readonly options?: readonly string[];
  /** What it offers people to choose from, where it takes other values too: `options` are all that it takes. */
  readonly offers?: readonly string[];
  readonly maxLength?: number;
  /** Most bytes of UTF-8, where a platform counts these and not characters. */
  readonly maxBytes?: number;
  readonly unique?: boolean;
  /** Where it is unique: two values that differ in letter case only are one. */
  readonly uniqueInAnyCase?: true;
  /** The platform takes nothing that is not of this form. */
  readonly form?: FieldForm;
  /** Fields of one group only make sense together and are decided as one (pipeline and stage, parts of an address). */
  readonly group?: string;
  /** Values that mean "this person opted out". A change away from one of them is a `consent` conflict. */
  readonly optedOut?: readonly Value[];
  /** Values that are not written unasked, or not at all: what writing them means is more than a change of this field. */
  readonly guarded?: readonly GuardedValue[];
  /**
   * Of a read-only field that people are judged by: how its value is put right by hand, or through which other API. It
   * is compared too.
   */
  readonly byHand?: string;
  /** The platform lets the value move in one direction only; the connector clears it first where that helps. */
  readonly forwardOnly?: boolean;
  /**
   * The platform sets it on every write, whatever is written: what it holds says nothing about damage. Such fields are
   * read-only.
   */
  readonly setByItself?: boolean;
  /** Read-only on an existing record, but a record that is created again can be given its old value. */
  readonly givenOnCreate?: boolean;
  /** May never be empty. */
  readonly required?: boolean;
  /** Required, and filled by the platform on a record that is created without it. */
  readonly filledOnCreate?: boolean;
  /** May never be empty for programs that do not say otherwise; a restore does. */
  readonly requiredOfOthers?: true;
  /** Object types whose keys it holds, where the platform says so. */
  readonly refersTo?: readonly string[];
  /** The field by whose value it is decided which of its options fit. */
  readonly optionsBy?: string;
  /** The field that says in which currency its amount is. */
  readonly currencyIn?: string;
  /** Who may not see it whole is told something else in its place: letters that stand for others. */
  readonly masked?: true;
  /** It holds HTML. */
  readonly markup?: true;
  /** Fields that the platform sets by itself when this one is written, unless they are written with it. */
  readonly setsAlso?: readonly string[];
  /** Kind of link that says the same: the field is compared, and restored with the link alone. */
  readonly viaLink?: string;
}

/** Writing some value over some other one, which a person has to know about: a conflict of that code. */
export interface GuardedValue {
  readonly code: 'consent' | 'irreversible';
  /** What stands there before; whatever it is, where absent. Nothing stands there before a record is created again. */
  readonly from?: readonly Value[];
  /** What is written; whatever it is, where absent. */
  readonly to?: readonly Value[];
  /** Of a set: only where it gains an element. */
  readonly adds?: true;
  /** Only for records that are there, or only for those that are created again; absent: for both. */
  readonly when?: 'there' | 'created';
  /** The platform refuses it always, so that there is no choice. */
  readonly never?: true;
  /** What it means, as a sentence for people. */
  readonly why: string;
}

/** A kind of link between two object types. */
export interface LinkSchema {
  /**
   * Stable name, unique within its pair: `primary`, `HUBSPOT_DEFINED-279`, a constraint name. Safe as part of a file
   * name.
   */
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  readonly label?: string;
  /**
   * Fields of `from` that carry the link (a foreign key). Such links are restored with their fields and not stored
   * apart.
   */
  readonly viaFields?: readonly string[];
  /** Fields of `to` whose values `viaFields` hold, in their order, where these are not its key. */
  readonly refersTo?: readonly string[];
  /**
   * The platform refuses `viaFields` that name no record, and the text of their values is the very text of its key. Not
   * so where it compares them in a way of its own (other types, letters of any case) or checks nothing: there only it
   * can tell what they refer to.
   */
  readonly exact?: boolean;
  /** `to` must exist before `from` can be written. */
  readonly required?: boolean;
  /** A record at this end has at most one such link: another one takes its place. */
  readonly onePer?: 'from' | 'to';
  /** Links of this kind cannot be written. */
  readonly readOnly?: boolean;
}

/** What people call a kind of link: `contacts to companies (Primary)`, and `(type 279)` of one without a label that has a number. */
export function linkTitle({ from, to, kind, label }: Pick<LinkSchema, 'from' | 'to' | 'kind' | 'label'>): string {
  const number = /-(\d+)$/u.exec(kind)?.[1];
  return `${from} to ${to} (${label ?? (number === undefined ? kind : `type ${number}`)})`;
}

/** Fields whose values together no two records of an object type may share. */
export interface UniqueSchema {
  readonly fields: readonly string[];
  /** Fields that decide whether a record counts at all (the condition of a partial index). */
  readonly when?: readonly string[];
  /** Two records without a value share it too. Elsewhere nothing is never taken. */
  readonly emptyCounts?: true;
}

/** One object type as the platform describes it at one time. */
export interface ObjectSchema {
  readonly object: string;
  readonly label?: string;
  /** Fields whose values make the key; empty where the platform gives the id. */
  readonly keyFields: readonly string[];
  /**
   * Every key is a whole number, and whole reads come by its size where they are ordered. Absent: keys are texts,
   * ordered by their bytes.
   */
  readonly keyOrder?: 'integer';
  readonly fields: readonly FieldSchema[];
  /** What is unique beside the fields that say so themselves. */
  readonly unique?: readonly UniqueSchema[];
  /** A record can be created again with its old key. */
  readonly createWithKey: boolean;
  /** A deleted record can be undeleted with its old key. */
  readonly undelete: boolean;
  /** What a write sets off on the platform (triggers, workflows), as sentences for people. */
  readonly sideEffects: readonly string[];
  /** What a record that was deleted and is created again does not get back. Absent where it comes back whole. */
  readonly lostOnCreate?: {
    /** Whatever the record, in words that can stand in a list: `the history of its properties`. */
    readonly always: readonly string[];
    /**
     * Read-only fields whose value, where a record has one, is lost; `what` names it for people: `secondary e-mail
     * addresses`.
     */
    readonly fields: readonly { readonly field: string; readonly what: string }[];
  };
  /** Fields that it has and that must never be stored: they are not among `fields`. Absent where there are none. */
  readonly withheld?: readonly string[];
  /** Its keys have two forms, of which the shorter one stands in other systems: `id`, see {@link wholeId}. */
  readonly keyAs?: 'id';
  /** Why this object type cannot be read or restored; absent where it can. */
  readonly refused?: string;
}

/** A relation between two records of {@link LinkSchema} `kind`. */
export interface Link {
  readonly from: string;
  readonly to: string;
}
