import type { FieldSchema, ObjectSchema } from '../../records/index.js';
import { RECORD_KEY } from '../../workspace/index.js';
import { type Mapping, type MappedField, type SideIndex, writtenSides } from '../document/mapping.js';
import type { TypePair } from '../values/inferred.js';
import type { LintFinding, LintInput } from './types.js';

/** What is said of a mapping, before it has a place. */
export type Said = Pick<LintFinding, 'rule' | 'message' | 'next' | 'options' | 'holder' | 'counted'> & {
  readonly path: readonly PropertyKey[];
  /** The field that it is about, where the path names none. */
  readonly of?: { readonly side: SideIndex; readonly name: string };
  /** `error` unless given. */
  readonly severity?: LintFinding['severity'];
};

/** A mapped field with the descriptions of both sides; undefined where it is the key, or not there. */
export interface FieldPair {
  readonly index: number;
  readonly field: MappedField;
  readonly schemas: readonly [FieldSchema | undefined, FieldSchema | undefined];
}

/** One mapping, with what was read about its sides. */
export interface LintContext {
  readonly input: LintInput;
  readonly mapping: Mapping;
  /** Undefined where it could not be read; that is said elsewhere. */
  readonly schemas: readonly [ObjectSchema | undefined, ObjectSchema | undefined];
  readonly pairs: readonly FieldPair[];
}

export type Rule = (context: LintContext) => Iterable<Said>;

/** A mapping with the descriptions of its sides, as far as there are any. */
export function contextOf(input: LintInput, mapping: Mapping): LintContext {
  const [left, right] = mapping.sides.map(({ platform, object }) => {
    const read = input.schemaOf(platform, object);
    return 'schema' in read ? read.schema : undefined;
  });
  const byName = [fieldsByName(left), fieldsByName(right)] as const;
  return {
    input,
    mapping,
    schemas: [left, right],
    pairs: mapping.fields.map((field, index) => ({
      index,
      field,
      schemas: [byName[0].get(field.names[0]), byName[1].get(field.names[1])],
    })),
  };
}

function fieldsByName(schema: ObjectSchema | undefined): ReadonlyMap<string, FieldSchema> {
  return new Map(schema?.fields.map((field) => [field.name, field]));
}

/** `crm.Title`: a field as messages name it. */
export function shownField({ sides }: Mapping, side: SideIndex, name: string): string {
  return `${sides[side].name}.${name}`;
}

/** `hubspot/contacts` */
export function shownSide({ sides }: Mapping, side: SideIndex): string {
  return `${sides[side].platform}/${sides[side].object}`;
}

/** Each way that a field goes: from which side to which. */
export function waysOf(field: MappedField): readonly (readonly [from: SideIndex, to: SideIndex])[] {
  return writtenSides(field).map((to) => [to === 0 ? 1 : 0, to]);
}

/** The types of both fields, where both are described; the key is a text. */
export function typesOf({ field, schemas }: FieldPair): TypePair | undefined {
  const [left, right] = schemas.map((schema, side) => schema?.type ?? (field.names[side] === RECORD_KEY ? 'string' : undefined));
  return left === undefined || right === undefined ? undefined : [left, right];
}
