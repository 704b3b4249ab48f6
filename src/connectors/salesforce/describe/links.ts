import type { LinkSchema } from '../../../records/index.js';
import type { WireObject } from '../wire/shapes.js';
import { typeOf } from './types.js';

/**
 * The references of an object type to others, as links that its fields carry: they are written with the field, and never apart. A
 * field that may refer to several object types is a link to each; of such a field only the id says which one it is.
 */
export function linksOf(object: WireObject, others: ReadonlySet<string>): readonly LinkSchema[] {
  return (object.fields ?? []).flatMap((field) => {
    const { name, referenceTo = [], nillable, label } = field;
    if (typeOf(field) === undefined || name === 'Id') return [];
    return referenceTo
      .filter((to) => others.has(to))
      .map((to): LinkSchema => ({
        kind: name,
        from: object.name,
        to,
        ...(label === undefined || label === '' ? {} : { label }),
        viaFields: [name],
        onePer: 'from',
        // Salesforce takes no id that leads nowhere, and has one form of each.
        ...(referenceTo.length === 1 ? { exact: true } : {}),
        ...(nillable === false && referenceTo.length === 1 ? { required: true } : {}),
      }));
  });
}
