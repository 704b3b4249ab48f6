import type { PlatformSchema } from '../connectors/index.js';
import { RunbackError } from '../lib/index.js';
import type { FieldSchema } from '../records/index.js';

/** Throws `usage` for an object type that is not on this stage. */
export function requireKnown(names: readonly string[], object: string): void {
  if (!names.includes(object))
    throw new RunbackError('usage', `There are no ${object} on this stage`, { why: `It has ${names.join(', ')}.`, state: 'Nothing was changed.' });
}

/** The fields of an object type. */
export function fieldsIn(objects: PlatformSchema['objects'], object: string): readonly FieldSchema[] {
  requireKnown(
    objects.map((each) => each.object),
    object,
  );
  return objects.find((each) => each.object === object)?.fields ?? [];
}
