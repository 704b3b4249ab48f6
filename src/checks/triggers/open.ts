import type { Platform } from '../../connectors/index.js';
import { RunbackError, suggest } from '../../lib/index.js';
import type { Mapping, SideIndex } from '../../mappings/index.js';
import type { ObjectSchema } from '../../records/index.js';
import type { TriggerTest } from '../document/load.js';
import { CHECKS, type CheckNote, type NotedPlace } from '../ledger.js';
import type { OpenSide, TouchpointDeps } from '../touchpoints/open.js';
import { testedSides } from '../touchpoints/sides.js';
import { type Condition, conditionOf } from './condition.js';
import { type Evidence, type Fires, ownEvidence, recordEvidence, toldEvidence, type Looking } from './evidence.js';

/** What a run of a trigger works with. `mapping`: where the test names one. */
export type TriggerDeps = Omit<TouchpointDeps, 'mapping'> & { readonly mapping?: Mapping };

/** What is tried, open. */
export interface OpenTrigger {
  readonly side: OpenSide;
  readonly condition: Condition;
  /** The fields by which records of the test are known. */
  readonly marks: { readonly address: string; readonly mark: string | undefined };
  /** The other side of the mapping, where copies come into being, and the same fields there. */
  readonly other?: OpenSide & { readonly address: string; readonly mark: string | undefined };
  /** Where it shows, if not on the record itself. */
  readonly shown: { readonly platform: Platform; readonly schema: ObjectSchema | undefined } | undefined;
}

/** Opens both places and reads the condition. Throws `usage`, `object-unsupported`, `expression-invalid`, and what opening throws. */
export async function openTrigger({ document: { trigger }, file }: TriggerTest, deps: TriggerDeps): Promise<OpenTrigger> {
  const { on, when, fires } = trigger;
  const at = placeOn(on, deps.mapping, file);
  const platform = await deps.openPlatform(at.platform);
  const schema = await schemaOf(platform, at.object, deps);
  const shown = 'in' in fires ? await openShown(fires, platform, deps) : undefined;
  const { other, ...marks } =
    at.side === undefined ? { address: trigger.address ?? '', mark: trigger.mark, other: undefined } : await marksOf(at.side, schema, deps);
  for (const name of [marks.address, marks.mark]) if (name !== undefined) requireField(schema, name, file);
  if ('field' in fires) requireField(schema, fires.field, file);
  if ('counts' in fires) requireField(schema, fires.counts, file);
  if (shown?.schema !== undefined) requireField(shown.schema, 'about' in fires ? fires.about : 'address' in fires ? fires.address : '', file);
  return { side: { platform, schema }, condition: conditionOf(when, schema), marks, shown, ...(other && { other }) };
}

interface Place {
  readonly platform: string;
  readonly object: string;
  readonly side?: SideIndex;
}

function placeOn(on: string, mapping: Mapping | undefined, file: string): Place {
  const at = on.indexOf('/');
  if (at > 0) return { platform: on.slice(0, at), object: on.slice(at + 1) };
  const side = mapping?.sides.findIndex((each) => each.name === on) ?? -1;
  const found = mapping?.sides[side];
  if (found !== undefined && (side === 0 || side === 1)) return { platform: found.platform, object: found.object, side };
  throw new RunbackError('usage', `${file} names ${on}, which is no side of ${mapping?.id ?? 'a mapping'}`, {
    why: `The sides are ${(mapping?.sides ?? []).map((each) => each.name).join(' and ')}.`,
    state: 'Nothing was written.',
  });
}

/** Opens where it shows. Throws `usage` where the platform does not tell what it has done, and what opening throws. */
export async function openShown(
  fires: Extract<Fires, { in: string }>,
  on: Platform,
  deps: Pick<TriggerDeps, 'openPlatform' | 'call'>,
): Promise<NonNullable<OpenTrigger['shown']>> {
  const [name = '', ...rest] = fires.in.split('/');
  const platform = name === on.name ? on : await deps.openPlatform(name);
  if (!('shows' in fires)) return { platform, schema: await schemaOf(platform, rest.join('/'), deps) };
  if (platform.connector.sideEffects !== undefined) return { platform, schema: undefined };
  throw new RunbackError('usage', `${name} does not tell what it has done about people`, {
    why: `What shows that it fired is to be a ${fires.shows}.`,
    state: 'Nothing was written.',
    next: 'Name a field or records by which it shows: docs/tests.md',
  });
}

async function schemaOf(platform: Platform, object: string, { call }: Pick<TriggerDeps, 'call'>): Promise<ObjectSchema> {
  const { objects } = await platform.connector.describe([object], call);
  const schema = objects.find((each) => each.object === object);
  if (schema !== undefined && schema.refused === undefined) return schema;
  throw new RunbackError('object-unsupported', `${platform.name}/${object} cannot be read`, {
    why: schema?.refused ?? `${platform.name} has no ${object}.`,
    state: 'Nothing was written.',
  });
}

async function marksOf(side: SideIndex, schema: ObjectSchema, deps: TriggerDeps): Promise<OpenTrigger['marks'] & Pick<OpenTrigger, 'other'>> {
  const { mapping } = deps;
  if (mapping === undefined) return { address: '', mark: undefined };
  const { platform: name, object } = mapping.sides[side === 0 ? 1 : 0];
  const platform = await deps.openPlatform(name);
  const there = await schemaOf(platform, object, deps);
  const { marker, nonce } = testedSides(mapping, side, side === 0 ? [schema, there] : [there, schema]);
  return { address: marker[0], mark: nonce?.[0], other: { platform, schema: there, address: marker[1], mark: nonce?.[1] } };
}

function requireField({ fields, object }: ObjectSchema, name: string, file: string): void {
  if (fields.some((field) => field.name === name)) return;
  const near = suggest(
    name,
    fields.map((field) => field.name),
  );
  throw new RunbackError('usage', `${object} has no field ${name}, which ${file} names`, {
    why: near === undefined ? 'There is no field of that name.' : `Did you mean ${near}?`,
    state: 'Nothing was written.',
  });
}

/** By what it is seen that it fired. */
export function evidenceOf(
  fires: Fires,
  { side: { platform, schema }, shown }: OpenTrigger,
  looking: Omit<Looking, 'connector' | 'schema'>,
): Evidence {
  if ('field' in fires || 'counts' in fires) return ownEvidence(fires, { ...looking, connector: platform.connector, schema });
  const at = shown?.platform ?? platform;
  if ('shows' in fires) return toldEvidence(fires, at, looking);
  return recordEvidence(fires, { ...looking, connector: at.connector, schema: shown?.schema ?? schema });
}

/** Writes down which records are about to be created, and what may come to belong to them. */
export async function keepTriggerNote(
  { store, by }: TriggerDeps,
  note: Pick<CheckNote, 'id' | 'test' | 'mark' | 'startedAt' | 'submissions' | 'arrivesWithinMs'>,
  { side, marks, other, shown }: OpenTrigger,
  fires: Fires,
): Promise<void> {
  const place = ({ name, identity, connector }: Platform, object: string): Pick<NotedPlace, 'platform' | 'connector' | 'account' | 'object'> => ({
    platform: name,
    connector: connector.kind,
    account: identity.account,
    object,
  });
  const bearing = (at: OpenSide, { address, mark }: OpenTrigger['marks']): NotedPlace => ({
    ...place(at.platform, at.schema.object),
    address,
    ...(mark !== undefined && { nonce: mark }),
  });
  const own = bearing(side, marks);
  const of = { platform: own.platform, object: own.object };
  const belonging: readonly NotedPlace[] =
    shown?.schema === undefined || !('about' in fires || 'address' in fires)
      ? []
      : [{ ...place(shown.platform, shown.schema.object), ...('about' in fires ? { address: fires.about, about: of } : { address: fires.address }) }];
  // What belongs to the records goes first: without them nothing tells whose it was.
  await store
    .document<CheckNote>(CHECKS, note.id)
    .update(() => ({ version: 1, by, ...note, places: [...belonging, own, ...(other === undefined ? [] : [bearing(other, other)])] }));
}
