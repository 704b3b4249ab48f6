import { z } from 'zod';

import { isRunbackError } from '../../../lib/index.js';
import { changeEach, orImpossible } from '../cells.js';
import type { Fault } from '../fault.js';
import { field, fieldOf, howMany, type HowMany, impossible, object } from '../parameters.js';

/**
 * An option is gone from the settings of a choice. Records keep it, as on the platforms, and nobody can write it any
 * more; the sync that no longer finds it empties the field, or writes the new name.
 */
export const removeOption: Fault<HowMany & { readonly object: string; readonly field: string; readonly option: string; readonly renamed?: string }> =
  {
    kind: 'remove-option',
    does: 'An option is removed or renamed; a sync empties the field of records that have it, or writes the new name.',
    parameters: z.strictObject({
      object,
      field,
      ...howMany,
      option: z.string().min(1).describe('The option that is gone, by its internal name.'),
      renamed: z.string().min(1).exactOptional().describe('The option in its place; none unless given.'),
    }),
    async strike(stage, { object: of, field: name, option, renamed, ...many }) {
      const { type, options = [] } = fieldOf(stage, of, name);
      const { setOptions } = stage.account;
      if (type !== 'enum') impossible(`${name} is no field that holds one of several options.`);
      if (!options.includes(option)) impossible(`${name} has no option "${option}", only ${options.join(', ')}.`);
      if (renamed !== undefined && options.includes(renamed)) impossible(`${name} has the option "${renamed}" already.`);
      if (setOptions === undefined) return impossible('The options of a field cannot be changed on this stage.');
      const left = options.flatMap((each) => (each === option ? (renamed ?? []) : each));
      await orImpossible(true, async () => await setOptions(of, name, left));
      try {
        await changeEach(stage, of, many, ({ values }) => (values[name] === option ? { [name]: renamed ?? null } : undefined));
      } catch (error) {
        if (isRunbackError(error, 'fault-impossible')) await setOptions(of, name, options);
        throw error;
      }
    },
  };
