import { sha256, canonicalJson } from '../../lib/index.js';
import type { ObjectSchema } from '../../records/index.js';
import type { MappingSettings, SchemaSettings } from '../../workspace/index.js';
import type { Measurement } from '../types.js';
import type { Look, PlatformLook, Source } from './source.js';

const KIND = 'monitor-schemas';
/** Describing an object type takes about so many calls. */
const COST = 4;
/** Fields that are named. */
const NAMED = 5;

/** The fields of object types as they were when a monitor saw them first, or were accepted last: a digest of each. */
export interface AcceptedFields {
  readonly version: 1;
  readonly at: string;
  readonly objects: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Whether fields and options of a platform are as they were. */
export function schemaSource(settings: SchemaSettings): Source {
  const { platform, object } = settings;
  const series = { monitor: settings.name, of: object === undefined ? platform : `${platform}/${object}` };
  return { series, settings, through: { platform, cost: COST, measure: async (look) => await compare(settings, look) } };
}

async function compare({ name, object }: SchemaSettings, { platform, now, reach }: PlatformLook): Promise<readonly Measurement[]> {
  platform.connector.settingsMayHaveChanged?.();
  const { objects } = await platform.connector.describe(object === undefined ? platform.objects : [object], reach.call);
  const seen = Object.fromEntries(objects.map((one) => [one.object, digestsOf(one)]));
  const document = reach.store.document<AcceptedFields>(KIND, name);
  const accepted = await document.update((kept) => kept ?? { version: 1, at: now.toISOString(), objects: seen });
  const changes = Object.entries(accepted.objects).flatMap(([of, before]) => changesOf(of, before, seen[of]));
  return [
    trial(
      changes.length === 0
        ? undefined
        : `${changes.slice(0, NAMED).join(', ')}${changes.length > NAMED ? `, and ${String(changes.length - NAMED)} more` : ''}.`,
      now,
    ),
  ];
}

/** Forgets what was accepted: the next look takes what is there as right. */
export async function acceptFields(store: Look['reach']['store'], monitor: string): Promise<void> {
  await store.document<AcceptedFields>(KIND, monitor).delete();
}

const digestsOf = ({ fields }: ObjectSchema): Readonly<Record<string, string>> =>
  Object.fromEntries(
    fields.map((field) => [field.name, sha256(canonicalJson(JSON.parse(JSON.stringify({ ...field, label: undefined })))).slice(0, 16)]),
  );

function changesOf(object: string, before: Readonly<Record<string, string>>, now: Readonly<Record<string, string>> | undefined): readonly string[] {
  if (now === undefined) return [`${object} is gone`];
  return [
    ...Object.keys(before).flatMap((field) =>
      now[field] === undefined ? [`${object}.${field} is gone`] : now[field] === before[field] ? [] : [`${object}.${field} has changed`],
    ),
    ...Object.keys(now).flatMap((field) => (before[field] === undefined ? [`${object}.${field} is new`] : [])),
  ];
}

/** Whether both sides of a mapping still have what it was accepted with. */
export function mappingSource(settings: MappingSettings): Source {
  return {
    series: { monitor: settings.name, of: settings.mapping },
    settings,
    measure: async ({ now, reach }) => [trial(await reach.mappingDrift(settings.mapping, reach.call), now)],
  };
}

const trial = (why: string | undefined, now: Date): Measurement =>
  why === undefined
    ? { kind: 'trial', at: now.toISOString(), passed: true }
    : { kind: 'trial', at: now.toISOString(), passed: false, finding: 'schema-changed', why };
