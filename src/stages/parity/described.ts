import type { Setting } from '../../connectors/index.js';
import type { FieldSchema, ObjectSchema } from '../../records/index.js';

type Labels = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The fields of an object type as settings, and what is unique or makes the key in addition to single fields. */
export function fieldSettings({ fields, unique = [], keyFields }: ObjectSchema): readonly Setting[] {
  const together = unique.map(
    ({ fields: names, when = [] }) => `${[...names].sort().join(' + ')}${when.length === 0 ? '' : ` where ${when.join(', ')}`}`,
  );
  const whole = {
    ...(keyFields.length === 0 ? {} : { key: keyFields.join(' + ') }),
    ...(together.length === 0 ? {} : { unique: [...new Set(together)].sort().join('; ') }),
  };
  return [...(Object.keys(whole).length === 0 ? [] : [{ name: WHOLE, says: whole }]), ...fields.map(fieldSetting)];
}

/** Name of what belongs to an object type as a whole; no field has it. */
export const WHOLE = '(record)';

function fieldSetting(field: FieldSchema): Setting {
  const { name, platformType, maxLength, maxBytes, required, requiredOfOthers, readOnly, unique, optionsBy, currencyIn, masked } = field;
  return {
    name,
    says: {
      type: platformType,
      ...(maxLength === undefined ? {} : { length: maxLength }),
      ...(required === undefined ? {} : { required }),
      'read-only': readOnly,
      ...(unique === undefined ? {} : { unique }),
      ...(maxBytes === undefined ? {} : { bytes: maxBytes }),
      ...(requiredOfOthers === undefined ? {} : { 'required of programs': requiredOfOthers }),
      ...(optionsBy === undefined ? {} : { 'options by': optionsBy }),
      ...(currencyIn === undefined ? {} : { 'currency in': currencyIn }),
      ...(masked === undefined ? {} : { encrypted: masked }),
    },
  };
}

/** The options of the fields that have any, in their order, with the labels that people see where these are known. */
export function optionSettings({ fields }: ObjectSchema, labels: Labels): readonly Setting[] {
  return fields.flatMap(({ name, options }) => {
    if (options === undefined) return [];
    const own = labels.get(name);
    const parts = options.map((value) => {
      const label = own?.get(value);
      return { name: value, says: label === undefined ? {} : { label } };
    });
    return [{ name, says: {}, parts }];
  });
}
