import type { ObjectSchema } from '../../records/index.js';
import type { Mapping, SideIndex } from '../document/mapping.js';
import type { Said } from '../lint/context.js';
import { aboutMapping } from '../lint/lint.js';
import type { LintInput, LintRule } from '../lint/types.js';
import { type ChangeKind, changesBetween, type FieldChangeOf } from './changes.js';

/** The descriptions of both sides of a mapping that a person accepted. */
export interface AcceptedSchemas {
  readonly mapping: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly by: string;
  /** In the order of the sides. */
  readonly sides: readonly [AcceptedSide, AcceptedSide];
}

export interface AcceptedSide {
  readonly platform: string;
  readonly schema: ObjectSchema;
}

/** One change of a side since it was accepted. */
export interface SchemaDrift extends FieldChangeOf {
  readonly side: SideIndex;
  readonly platform: string;
  readonly object: string;
  /**
   * By what it does to this mapping: `error`, something that was in order is not now; `warning`, it concerns a field of the
   * mapping; `note`, anything else.
   */
  readonly severity: 'error' | 'warning' | 'note';
  /** What it breaks, as lint says it, here or on the other side. */
  readonly breaks?: readonly { readonly rule: LintRule; readonly message: string }[];
}

/** Changes that a person should know of where they are of a field of the mapping, although nothing breaks by them. */
const WORTH_A_LOOK: ReadonlySet<ChangeKind> = new Set(['type', 'form', 'length', 'options-removed', 'read-only', 'required', 'not-unique']);

/**
 * What changed on both sides of a mapping since they were accepted, the worst first. How bad a change is follows from the
 * direction of the fields: what lint finds now and did not find before is what it broke. `now`: the descriptions of both
 * sides, in their order.
 */
export function driftOf(mapping: Mapping, accepted: AcceptedSchemas, now: readonly [ObjectSchema, ObjectSchema]): readonly SchemaDrift[] {
  const before = [accepted.sides[0].schema, accepted.sides[1].schema] as const;
  const known = saidBy(mapping, before);
  const broken = lintOf(mapping, now).filter((said) => isNew(said, known));
  const drifts = ([0, 1] as const).flatMap((side) =>
    changesBetween(before[side], now[side]).map((change): SchemaDrift => {
      const { platform, object } = mapping.sides[side];
      const suspects = HARMLESS.has(change.kind) ? [] : broken.filter((said) => concerns(said, mapping, side, change));
      // Without this change, would it still be broken?
      const rest = suspects.length === 0 ? undefined : saidBy(mapping, withOld(now, before, side, change.field));
      const breaks = suspects.filter((said) => rest !== undefined && isNew(said, rest)).map(({ rule, message }) => ({ rule, message }));
      const severity = breaks.length > 0 ? 'error' : isOf(mapping, side, change.field) && WORTH_A_LOOK.has(change.kind) ? 'warning' : 'note';
      return { side, platform, object, ...change, severity, ...(breaks.length === 0 ? {} : { breaks }) };
    }),
  );
  return drifts.sort((a, b) => RANK[a.severity] - RANK[b.severity]);
}

/** Changes that cannot break anything. */
const HARMLESS: ReadonlySet<ChangeKind> = new Set(['label', 'optional', 'writable', 'unique']);

const RANK = { error: 0, warning: 1, note: 2 } as const;

/** What lint says of a mapping alone: what it says of others, and of syncs, no schema changes. */
function lintOf(mapping: Mapping, schemas: readonly (ObjectSchema | undefined)[]): readonly Said[] {
  const input: LintInput = {
    mappings: [mapping],
    platforms: mapping.sides.map(({ platform }) => platform),
    syncs: [],
    schemaOf: (platform, object) => {
      const side = mapping.sides.findIndex((one) => one.platform === platform && one.object === object);
      const schema = schemas[side];
      return schema === undefined ? { missing: [] } : { schema };
    },
  };
  return aboutMapping(input, mapping);
}

/** What lint said, with the options that it named. */
type KnownSayings = ReadonlyMap<string, ReadonlySet<string>>;

function saidBy(mapping: Mapping, schemas: readonly ObjectSchema[]): KnownSayings {
  return new Map(lintOf(mapping, schemas).map((said) => [keyOf(said), new Set(said.options?.map(({ option }) => option))]));
}

const keyOf = ({ rule, path, of }: Said): string => JSON.stringify([rule, path, of]);

/** An error that was not there before, or that names one more option. */
function isNew(said: Said, known: KnownSayings): boolean {
  const before = known.get(keyOf(said));
  if ((said.severity ?? 'error') !== 'error') return false;
  return before === undefined || (said.options ?? []).some(({ option }) => !before.has(option));
}

/** Both sides as they are now, but for one field that is as it was. */
function withOld(now: Both, before: Both, side: SideIndex, name: string): Both {
  const old = before[side].fields.find((field) => field.name === name);
  const fields = now[side].fields.filter((field) => field.name !== name);
  const turned = { ...now[side], fields: old === undefined ? fields : [...fields, old] };
  return side === 0 ? [turned, now[1]] : [now[0], turned];
}

type Both = readonly [ObjectSchema, ObjectSchema];

/** Whether what lint says is about a field that changed: its line of the mapping, a way of matching, or the field itself. */
function concerns({ path, of }: Said, { fields, match, sides }: Mapping, side: SideIndex, { field }: FieldChangeOf): boolean {
  if (of !== undefined) return of.side === side && of.name === field;
  const [list, index] = path;
  if (list === 'fields') return fields[Number(index)]?.names[side] === field;
  if (list === 'match') return match[Number(index)]?.names[side] === field;
  return list === 'inactive' && index === sides[side].name && path[2] === field;
}

function isOf({ fields, match }: Mapping, side: SideIndex, name: string): boolean {
  return [...fields, ...match].some(({ names }) => names[side] === name);
}
