import type { PlatformSchema } from '../connectors/index.js';
import type { Sandbox, TrueWriter, Who } from '../sandbox/index.js';
import type { StagedAccount, StagedWriter } from './account.js';
import type { StagedChoices } from './choices.js';
import { requireKnown } from './fields.js';

/** A local sandbox as a stage: past its API, with the object types that the connector described. */
export function sandboxAccount(sandbox: Sandbox, { objects }: PlatformSchema, choices: StagedChoices): StagedAccount {
  const names = objects.map(({ object }) => object);
  const truth = (object: string): ReturnType<Sandbox['truth']> => {
    requireKnown(names, object);
    return sandbox.truth();
  };
  return {
    objects: names,
    fields: (object) => choices.fields(object),
    ...(sandbox.setOptions && {
      setOptions: async (object: string, field: string, options: readonly string[]) => {
        requireKnown(names, object);
        await Promise.resolve(choices.set(object, field, options));
      },
    }),
    record: async (object, key) => await Promise.resolve(truth(object).record(object, key)),
    records: async (object) => await Promise.resolve([...truth(object).records(object)]),
    links: async () =>
      await Promise.resolve(
        [...sandbox.truth().links()].filter(({ fromObject, toObject }) => names.includes(fromObject) && names.includes(toObject)),
      ),
    as: (who: Who) => writer(sandbox.writeAs(who), names),
  };
}

function writer(direct: TrueWriter, names: readonly string[]): StagedWriter {
  const known = (...objects: readonly string[]): void => {
    for (const object of objects) requireKnown(names, object);
  };
  return {
    create: async (object, values) => {
      known(object);
      return await Promise.resolve(direct.create(object, values));
    },
    update: async (object, key, values) => {
      known(object);
      await Promise.resolve(direct.update(object, key, values));
    },
    remove: async (object, key) => {
      known(object);
      await Promise.resolve(direct.remove(object, key));
    },
    link: async (fromObject, from, toObject, to) => {
      known(fromObject, toObject);
      await Promise.resolve(direct.link(fromObject, from, toObject, to));
    },
    unlink: async (fromObject, from, toObject, to) => {
      known(fromObject, toObject);
      await Promise.resolve(direct.unlink(fromObject, from, toObject, to));
    },
    ...(direct.merge && {
      merge: async (object: string, key: string, into: string) => {
        known(object);
        await Promise.resolve(direct.merge?.(object, key, into));
      },
    }),
  };
}
