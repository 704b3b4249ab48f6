import { RunbackError } from '../../../lib/index.js';
import { type AcceptedSchemas, driftOf, type Mapping, type SchemaDrift } from '../../../mappings/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { type ReadSchemas, readSchemas } from './schemas.js';

/** What the store keeps of a mapping: the descriptions of both sides that a person accepted last, under its id. */
const KIND = 'mapping-schemas';

/** What became of one mapping since it was accepted. */
export type Drifted =
  | {
      readonly state: 'compared';
      readonly mapping: string;
      readonly accepted: { readonly at: string; readonly by: string };
      readonly changes: readonly SchemaDrift[];
    }
  /** Nobody accepted it yet, or what was accepted is of other object types. */
  | { readonly state: 'never-accepted'; readonly mapping: string }
  | { readonly state: 'unreadable'; readonly mapping: string; readonly side: string; readonly why: string };

/** What changed on both sides of mappings since they were accepted. Writes nothing. */
export async function driftedOf(context: CommandContext, session: Session, mappings: readonly Mapping[]): Promise<readonly Drifted[]> {
  const schemas = await readSchemas(context, session, mappings);
  return await Promise.all(
    mappings.map(async (mapping): Promise<Drifted> => {
      const now = bothOf(schemas, mapping);
      if ('why' in now) return { state: 'unreadable', mapping: mapping.id, ...now };
      const accepted = await session.store.document<AcceptedSchemas>(KIND, mapping.id).read();
      if (accepted === undefined || !isOf(accepted, mapping)) return { state: 'never-accepted', mapping: mapping.id };
      const { at, by } = accepted;
      return { state: 'compared', mapping: mapping.id, accepted: { at, by }, changes: driftOf(mapping, accepted, now.both) };
    }),
  );
}

/** Keeps the descriptions of both sides as they are now. Throws `platform-unreachable` and the like before anything is kept. */
export async function acceptSchemas(context: CommandContext, session: Session, mappings: readonly Mapping[]): Promise<readonly AcceptedSchemas[]> {
  const schemas = await readSchemas(context, session, mappings);
  const at = session.clock.now().toISOString();
  const all = mappings.map((mapping): AcceptedSchemas => {
    const now = bothOf(schemas, mapping);
    if ('why' in now)
      throw new RunbackError('object-unsupported', `${now.side} of mapping ${mapping.id} could not be read`, {
        why: `${now.why}.`,
        state: 'Nothing was accepted.',
        next: 'runback doctor',
      });
    const [left, right] = mapping.sides;
    return {
      mapping: mapping.id,
      at,
      by: session.by,
      sides: [
        { platform: left.platform, schema: now.both[0] },
        { platform: right.platform, schema: now.both[1] },
      ],
    };
  });
  for (const one of all) await session.store.document<AcceptedSchemas>(KIND, one.mapping).update(() => one);
  return all;
}

function bothOf(
  schemas: ReadSchemas,
  { sides }: Mapping,
): { readonly both: readonly [ObjectSchema, ObjectSchema] } | { readonly side: string; readonly why: string } {
  const [left, right] = sides.map(({ platform, object }) => {
    const read = schemas.schemaOf(platform, object);
    if ('schema' in read) return read.schema;
    return { side: `${platform}/${object}`, why: 'unreadable' in read ? read.unreadable : `${platform} has no object type "${object}"` };
  });
  for (const side of [left, right]) if (side !== undefined && 'why' in side) return side;
  return { both: [left as ObjectSchema, right as ObjectSchema] };
}

function isOf({ sides }: AcceptedSchemas, mapping: Mapping): boolean {
  return sides.every(({ platform, schema }, index) => {
    const side = mapping.sides[index];
    return side?.platform === platform && side.object === schema.object;
  });
}
