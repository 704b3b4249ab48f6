import { RunbackError } from '../lib/index.js';
import type { ObjectSchema } from '../records/index.js';
import type { PlatformConfig } from '../workspace/index.js';
import type { Connector, PlatformSchema } from './connector.js';

/** Fields by object type that must never be stored. */
type Withheld = NonNullable<PlatformConfig['never_store']>;

/**
 * A connector that describes a platform without the fields that must never be stored: whoever reads by its description
 * does not ask for them. `connector` is one that {@link checked} gave. Throws `file-invalid` for one that runback cannot do without.
 */
export function withholding(connector: Connector, config: Pick<PlatformConfig, 'name' | 'never_store'>): Connector {
  const { never_store: never } = config;
  if (never === undefined) return connector;
  return {
    ...connector,
    describe: async (objects, options) => {
      const schema = await connector.describe(objects, options);
      requireSpared(schema, config.name, never);
      return { ...schema, objects: schema.objects.map((object) => without(object, namesOf(never, object.object))) };
    },
  };
}

const namesOf = (never: Withheld, object: string): readonly string[] => (Object.hasOwn(never, object) ? (never[object] ?? []) : []);

function without(schema: ObjectSchema, names: readonly string[]): ObjectSchema {
  const withheld = schema.fields.flatMap(({ name }) => (names.includes(name) ? [name] : []));
  if (withheld.length === 0) return schema;
  const kept = (fields: readonly string[]): boolean => !fields.some((name) => withheld.includes(name));
  const lost = schema.lostOnCreate ?? { always: [], fields: [] };
  return {
    ...schema,
    fields: schema.fields.filter(({ name }) => !withheld.includes(name)),
    ...(schema.unique && { unique: schema.unique.filter(({ fields, when = [] }) => kept([...fields, ...when])) }),
    lostOnCreate: {
      always: [...lost.always, ...withheld.map((name) => `${name}, which is never stored`)],
      fields: lost.fields.filter(({ field }) => !withheld.includes(field)),
    },
    withheld: [...(schema.withheld ?? []), ...withheld],
  };
}

/** Keys and what links are made of cannot be left out. */
function requireSpared({ objects, links }: PlatformSchema, platform: string, never: Withheld): void {
  for (const { object, keyFields } of objects) {
    const names = namesOf(never, object);
    const own = links.filter(({ from }) => from === object).flatMap(({ viaFields = [] }) => viaFields);
    const aimedAt = links.filter(({ to }) => to === object).flatMap(({ refersTo = [] }) => refersTo);
    const needed = names.find((name) => [...keyFields, ...own, ...aimedAt].includes(name));
    if (needed === undefined) continue;
    throw new RunbackError('file-invalid', `${needed} of ${object} cannot be left out of snapshots`, {
      why: keyFields.includes(needed)
        ? 'It is part of the key: without it, no record can be told from another.'
        : 'It links records to each other: without it, nobody could tell which belonged together.',
      state: 'Nothing was read.',
      next: `Take it out of platforms.${platform}.never_store.${object} in runback.yml`,
    });
  }
}

/** Names in `never_store` that the platform does not have: a misspelt one leaves nothing out. */
export function unknownWithheld({ objects }: PlatformSchema, never: Withheld = {}): readonly string[] {
  return Object.entries(never).flatMap(([object, names]) => {
    const described = objects.find((one) => one.object === object);
    return names.filter((name) => described?.withheld?.includes(name) !== true).map((name) => `${object}.${name}`);
  });
}
