import { RunbackError } from '../../lib/index.js';
import { type Mapping, otherSide, type SideIndex, writtenSides } from '../../mappings/index.js';
import type { FieldSchema, ObjectSchema } from '../../records/index.js';
import type { TestedField, TestedSides } from './facts.js';

/** Characters that an address of a test takes. */
const MARKER_LENGTH = 40;

/**
 * What a test of a mapping writes on one side, and looks for on the other. `named`: the fields of that side that bear the address and the
 * mark; those that suit best unless given. Throws `usage` where no field can tell whose record it is.
 */
export function testedSides(
  mapping: Mapping,
  from: SideIndex,
  schemas: readonly [ObjectSchema, ObjectSchema],
  named?: readonly [address: string, mark: string],
): TestedSides {
  const { fields, held } = fieldsFrom(mapping, from, schemas);
  const fit = markersIn(fields, from);
  const [marker, nonce] = named === undefined ? fit : named.map((name) => fit.find(({ field }) => field.names[from] === name));
  if (named !== undefined && (marker === undefined || nonce === undefined))
    throw new RunbackError('usage', `${named.join(' and ')} cannot mark the records of a test`, {
      why: `Wanted are two texts that ${mapping.id} carries from ${mapping.sides[from].name}, ${MARKER_LENGTH} characters long.`,
      state: 'Nothing was written.',
    });
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
  const to = otherSide(from);
  const pair = ({ field }: TestedField): readonly [string, string] => [field.names[from], field.names[to]];
  return { from, schemas, fields, held, marker: pair(marker), ...(nonce && { nonce: pair(nonce) }) };
}

/** The same test for a step on one of its sides: what is carried from there, and the marks that the records bear since they were created. */
export function seenFrom(mapping: Mapping, tested: TestedSides, side: SideIndex): TestedSides {
  if (side === tested.from) return tested;
  const { schemas, marker, nonce } = tested;
  const turned = ([here, there]: readonly [string, string]): readonly [string, string] => [there, here];
  return { from: side, schemas, ...fieldsFrom(mapping, side, schemas), marker: turned(marker), ...(nonce && { nonce: turned(nonce) }) };
}

function fieldsFrom(mapping: Mapping, from: SideIndex, schemas: TestedSides['schemas']): Pick<TestedSides, 'fields' | 'held'> {
  const to = otherSide(from);
  const fieldOf = (side: SideIndex, name: string): FieldSchema | undefined => schemas[side].fields.find((each) => each.name === name);
  const both = mapping.fields.flatMap((field): readonly TestedField[] => {
    const [source, target] = [fieldOf(from, field.names[from]), fieldOf(to, field.names[to])];
    return source === undefined || target === undefined ? [] : [{ field, from: source, to: target }];
  });
  const isCarried = ({ field }: TestedField): boolean => writtenSides(field).includes(to);
  return {
    fields: both.filter((tested) => isCarried(tested) && !tested.from.readOnly),
    // What a platform works out by itself may change there at any time; who opted out is no such thing.
    held: both.filter(
      (tested) => !isCarried(tested) && (!tested.to.readOnly || tested.to.optedOut !== undefined || tested.from.optedOut !== undefined),
    ),
  };
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
  return fit.toSorted((a, b) => rank(a) - rank(b));
}
