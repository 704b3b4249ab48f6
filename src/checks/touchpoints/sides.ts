import { RunbackError } from '../../lib/index.js';
import { type Mapping, type SideIndex, writtenSides } from '../../mappings/index.js';
import type { FieldSchema, ObjectSchema } from '../../records/index.js';
import type { TestedField, TestedSides } from './facts.js';

/** Characters that an address of a test takes. */
const MARKER_LENGTH = 40;

/**
 * What a test of a mapping writes on one side, and looks for on the other. Throws `usage` where no field can tell whose
 * record it is.
 */
export function testedSides(mapping: Mapping, from: SideIndex, schemas: readonly [ObjectSchema, ObjectSchema]): TestedSides {
  const to = from === 0 ? 1 : 0;
  const fieldOf = (side: SideIndex, name: string): FieldSchema | undefined => schemas[side].fields.find((each) => each.name === name);
  const fields = mapping.fields.flatMap((field): readonly TestedField[] => {
    const [source, target] = [fieldOf(from, field.names[from]), fieldOf(to, field.names[to])];
    if (!writtenSides(field).includes(to) || source === undefined || target === undefined || source.readOnly) return [];
    return [{ field, from: source, to: target }];
  });
  const [marker, nonce] = markersIn(fields, from);
  if (marker === undefined)
    throw new RunbackError(
      'usage',
      `The mapping ${mapping.id} carries no field from ${mapping.sides[from].name} that could mark the records of a test`,
      {
        why: `Wanted is a text or an address that is written there, ${MARKER_LENGTH} characters long, and arrives on the other side.`,
        state: 'Nothing was written.',
        next: 'Map an e-mail address or another text with authority on that side.',
      },
    );
  const pair = ({ field }: TestedField): readonly [string, string] => [field.names[from], field.names[to]];
  return { from, schemas, fields, marker: pair(marker), ...(nonce && { nonce: pair(nonce) }) };
}

/** An address before any other text: platforms know people by it. Then what every record has. */
function markersIn(fields: readonly TestedField[], from: SideIndex): readonly TestedField[] {
  const fit = fields.filter(
    ({ field, from: source, to }) =>
      source.type === 'string' &&
      to.type === 'string' &&
      field.values === undefined &&
      [source.maxLength, to.maxLength, field.max].every((length) => length === undefined || length >= MARKER_LENGTH) &&
      (field.as === undefined || ['text', 'exact', 'email'].includes(field.as.kind)),
  );
  const isAddress = ({ field }: TestedField): boolean => field.as?.kind === 'email' || field.names[from].toLowerCase() === 'email';
  const rank = (tested: TestedField): number => (isAddress(tested) ? 0 : tested.from.required === true ? 1 : 2);
  return fit.toSorted((a, b) => rank(a) - rank(b)).slice(0, 2);
}
