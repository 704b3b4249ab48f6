import type { Platform } from '../../../connectors/index.js';
import { type CallOptions, type Clock, defined, RunbackError } from '../../../lib/index.js';
import { type MappedField, type Mapping, otherSide } from '../../../mappings/index.js';
import type { LinkSchema } from '../../../records/index.js';
import type { Store } from '../../../store/index.js';
import { doneBy, type PersonaDocument } from '../../document/journey.js';
import type { JourneyTest } from '../../document/load.js';
import type { NotedPlace } from '../../ledger.js';
import type { Place, PlacePair } from './facts.js';

/** What a run works with. */
export interface JourneyDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly by: string;
  /** A mapping by its id. Throws `not-found`. */
  readonly mappingOf: (id: string) => Promise<Mapping>;
  /** Opens a platform that may be written to by a test: it is no production. Throws `stage-refused`. */
  readonly openPlatform: (name: string) => Promise<Platform>;
  readonly call: CallOptions;
  readonly tell?: (what: string) => void;
}

/** Everything that a journey goes through, open. */
export interface Stage {
  readonly places: readonly Place[];
  readonly links: ReadonlyMap<string, readonly LinkSchema[]>;
  readonly pairs: readonly PlacePair[];
}

/** Opens every place of a journey, a platform once. Throws `object-unsupported`, `usage` and what opening throws; nothing is written. */
export async function openStage({ document: { persona }, file }: JourneyTest, deps: JourneyDeps): Promise<Stage> {
  const wanted = Object.entries(persona.places).map(([name, of]) => ({ name, ...of, ...inOf(of.in) }));
  const links = new Map<string, readonly LinkSchema[]>();
  const places: Place[] = [];
  for (const platformName of new Set(wanted.map(({ platform }) => platform))) {
    const own = wanted.filter(({ platform }) => platform === platformName);
    const platform = await deps.openPlatform(platformName);
    const described = await platform.connector.describe([...new Set(own.map(({ object }) => object))], deps.call);
    links.set(platformName, described.links);
    for (const { name, object, address, mark } of own) {
      const schema = described.objects.find((each) => each.object === object);
      if (schema === undefined || schema.refused !== undefined)
        throw new RunbackError('object-unsupported', `${platformName}/${object}, a place of ${file}, cannot be read`, {
          why: schema?.refused ?? `${platformName} has no ${object}.`,
          state: 'Nothing was written.',
        });
      places.push({ name, platform, schema, address, ...defined({ mark }) });
    }
  }
  const ordered = wanted.flatMap(({ name }) => places.filter((place) => place.name === name));
  refuseUnknownFields(persona, ordered, file);
  return { places: ordered, links, pairs: await pairsOf(persona, ordered, deps) };
}

function inOf(text: string): { readonly platform: string; readonly object: string } {
  const at = text.indexOf('/');
  return { platform: text.slice(0, at), object: text.slice(at + 1) };
}

/** Mappings whose two sides are places. Throws `usage` where one is not. */
async function pairsOf(persona: PersonaDocument, places: readonly Place[], { mappingOf }: JourneyDeps): Promise<readonly PlacePair[]> {
  const pairs: PlacePair[] = [];
  for (const id of persona.mappings) {
    const mapping = await mappingOf(id);
    const [left, right] = mapping.sides.map(({ platform, object }) =>
      places.find((place) => place.platform.name === platform && place.schema.object === object),
    );
    if (left === undefined || right === undefined)
      throw new RunbackError(
        'usage',
        `The mapping ${id} is between ${mapping.sides.map((side) => `${side.platform}/${side.object}`).join(' and ')}`,
        {
          why: `The places of the test are ${places.map(({ name, platform, schema }) => `${name} (${platform.name}/${schema.object})`).join(', ')}.`,
          state: 'Nothing was written.',
          next: 'Name both sides as places, or take the mapping out of the test.',
        },
      );
    pairs.push({ mapping, places: [left.name, right.name], fields: mapping.fields.flatMap((field) => pairedField(field, [left, right])) });
  }
  return pairs;
}

/** A field by the side whose value counts; of one that goes both ways, either side tells the same. A key of a record is no field. */
function pairedField(field: MappedField, sides: readonly [Place, Place]): PlacePair['fields'] {
  const from = field.flow.kind === 'one-way' ? field.flow.from : 0;
  const [source, target] = [from, otherSide(from)].map((side) => sides[side].schema.fields.find(({ name }) => name === field.names[side]));
  return source === undefined || target === undefined ? [] : [{ from, tested: { field, from: source, to: target } }];
}

/** A misspelt field would never be right, and would be taken for a fault of a sync. */
function refuseUnknownFields({ steps, opt_out: optOut, grows, may_empty: mayEmpty }: PersonaDocument, places: readonly Place[], file: string): void {
  const named = [
    ...places.flatMap(({ name, address, mark }) => [address, ...(mark === undefined ? [] : [mark])].map((field) => [name, field] as const)),
    ...Object.entries(optOut).flatMap(([place, of]) => Object.keys(of).map((field) => [place, field] as const)),
    ...[...grows.map((item) => (typeof item === 'string' ? item : item.once)), ...mayEmpty].map((item) => {
      const at = item.indexOf('.');
      return [item.slice(0, at), item.slice(at + 1)] as const;
    }),
    ...steps.flatMap((step) => [
      ...Object.entries(step.expect).flatMap(([place, said]) =>
        typeof said === 'string' ? [] : Object.keys(said).map((field) => [place, field] as const),
      ),
      ...[...('set' in step ? [step.set] : []), ...('tag' in step ? [step.add, step.remove] : [])].flatMap((of) =>
        Object.keys(of).map((field) => [doneBy(step).place ?? '', field] as const),
      ),
    ]),
  ];
  for (const [place, field] of named) {
    const of = places.find(({ name }) => name === place);
    if (of?.schema.fields.some(({ name }) => name === field) === false)
      throw new RunbackError('usage', `${file} names ${place}.${field}, and ${of.platform.name}/${of.schema.object} has no field ${field}`, {
        state: 'Nothing was written.',
      });
  }
}

/** Where records of the run may be, for a clean-up: those that the test makes itself first, since a sync would make their copies again. */
export function notedPlaces({ steps }: PersonaDocument, places: readonly Place[]): readonly NotedPlace[] {
  const made = new Set(steps.flatMap((step) => ('create' in step ? [step.create] : [])));
  return [...places.filter(({ name }) => made.has(name)), ...places.filter(({ name }) => !made.has(name))].map(
    ({ platform: { name, identity, connector }, schema: { object }, address, mark }) => ({
      platform: name,
      connector: connector.kind,
      account: identity.account,
      object,
      address,
      ...defined({ nonce: mark }),
    }),
  );
}
