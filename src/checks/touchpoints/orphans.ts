import type { Connector } from '../../connectors/index.js';
import { type CallOptions, RunbackError } from '../../lib/index.js';
import type { Mapping } from '../../mappings/index.js';
import type { LinkSchema, ObjectSchema } from '../../records/index.js';
import type { StepDocument } from '../document/schema.js';
import { valueIn } from './facts.js';
import type { OpenSide } from './open.js';

type Orphans = Extract<StepDocument, { delete: string }>['orphans'];

/** Where something may still point to a record that is deleted. */
export interface PointingPlace {
  readonly connector: Connector;
  readonly schema: ObjectSchema;
  /** The field that holds a key; links without. */
  readonly field?: string;
  readonly links: readonly LinkSchema[];
  /** The object type that links lead to. */
  readonly to: string;
}

/** Opens the places that a deletion names. Throws `usage` for what is not there. */
export async function pointingPlaces(
  orphans: Orphans,
  { sides: named }: Mapping,
  sides: readonly [OpenSide, OpenSide],
  call: CallOptions,
): Promise<readonly PointingPlace[]> {
  const places: PointingPlace[] = [];
  for (const { in: where, field } of orphans) {
    const [name = '', ...rest] = where.split('/');
    const object = rest.join('/');
    const side = sides[named.findIndex((each) => each.name === name)];
    if (side === undefined) throw unknown(where, `The sides are ${named.map((each) => each.name).join(' and ')}.`);
    const { connector } = side.platform;
    const to = side.schema.object;
    const { objects, links } = await connector.describe([...new Set([object, to])], call);
    const schema = objects.find((each) => each.object === object);
    const between = links.filter((link) => (link.from === object && link.to === to) || (link.from === to && link.to === object));
    if (schema === undefined || (field === undefined ? between.length === 0 : !schema.fields.some((each) => each.name === field)))
      throw unknown(
        `${where}${field === undefined ? '' : `.${field}`}`,
        field === undefined ? `There are no links from it to ${to}.` : 'There is no field of that name.',
      );
    places.push({ connector, schema, links: field === undefined ? between : [], to, ...(field !== undefined && { field }) });
  }
  return places;
}

function unknown(where: string, why: string): RunbackError {
  return new RunbackError('usage', `Nothing in ${where} can point to a deleted record`, {
    why,
    state: 'Nothing was deleted.',
    next: 'Take it out of orphans.',
  });
}

/** Which of these keys something there still points to. */
export async function pointedTo(
  { connector, schema, field, links, to }: PointingPlace,
  keys: ReadonlySet<string>,
  call: CallOptions,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  if (keys.size === 0) return found;
  if (field !== undefined) {
    for await (const { records } of connector.read({ schema }, call))
      for (const record of records) {
        const value = valueIn(record, field);
        if (typeof value === 'string' && keys.has(value)) found.add(value);
      }
    return found;
  }
  for (const link of links) {
    const isTo = link.to === to;
    for await (const some of connector.readLinks({ link, ...(isTo ? { toKeys: [...keys] } : { fromKeys: [...keys] }) }, call))
      for (const one of some) if (keys.has(isTo ? one.to : one.from)) found.add(isTo ? one.to : one.from);
  }
  return found;
}
