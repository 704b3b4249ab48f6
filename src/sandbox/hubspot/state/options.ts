import { ApiFailure, badRequest } from '../failure.js';
import type { PropertyDefinition, PropertyOption } from '../properties/definition.js';
import type { ObjectType } from './object-type.js';

/** Throws HubSpot's 400 where two options of a property have the same value or the same label. */
export function requireDistinct(name: string, options: readonly PropertyOption[]): void {
  for (const part of ['value', 'label'] as const) {
    const seen = new Set<string>();
    for (const { [part]: text } of options) {
      if (seen.has(text)) throw badRequest(`Property ${name} has two options with the ${part} ${text}`);
      seen.add(text);
    }
  }
}

/**
 * Gives an enumeration these options, as in the settings of the account; what stays keeps its label. No record is
 * touched: one that holds what is no option any more keeps it, and shows it as invalid.
 */
export function setOptions(type: ObjectType, name: string, values: readonly string[]): void {
  const definition = definitionOf(type, name);
  if (definition.type !== 'enumeration' || definition.externalOptions || definition.readOnlyValue)
    throw badRequest(`The options of ${name} cannot be changed`);
  const options = values.map((value, displayOrder) => {
    const kept = definition.options.find((each) => each.value === value);
    return { label: value, hidden: false, ...kept, value, displayOrder };
  });
  requireDistinct(name, options);
  type.properties.set(name, { ...definition, options });
}

/** A property of an object type; throws HubSpot's 404 where there is none. */
export function definitionOf({ properties }: ObjectType, name: string): PropertyDefinition {
  const definition = properties.get(name);
  if (!definition) throw new ApiFailure(404, `Property ${name} does not exist`, { category: 'OBJECT_NOT_FOUND' });
  return definition;
}
