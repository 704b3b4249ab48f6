import { z } from 'zod';

import { isRunbackError } from '../../../lib/index.js';
import { changeEach, orImpossible } from '../cells.js';
import type { Fault } from '../fault.js';
import { field, fieldOf, howMany, type HowMany, impossible, object } from '../parameters.js';

/** Between the options that one record holds; see `TrueValues`. */
const BETWEEN = ';';

/**
 * An option is gone from the settings of a choice, of one or of several. Records keep it, as on the platforms, and
 * nobody can write it any more; the sync that no longer finds it empties the field, or writes the new name. Of a record
 * that holds several options the others stay.
 */
export const removeOption: Fault<HowMany & { readonly object: string; readonly field: string; readonly option: string; readonly renamed?: string }> =
  {
    kind: 'remove-option',
    does: 'An option is removed or renamed; a sync takes it from records that have it, or writes the new name.',
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
      if (type !== 'enum' && type !== 'set') impossible(`${name} is no field that holds one of several options, or some of them.`);
      if (options.length === 0) impossible(`${name} takes any text here: it has no options that a platform would insist on.`);
      if (!options.includes(option)) impossible(`${name} has no option "${option}", only ${options.join(', ')}.`);
      if (renamed !== undefined && options.includes(renamed)) impossible(`${name} has the option "${renamed}" already.`);
      if (type === 'set' && renamed?.includes(BETWEEN) === true) impossible(`An option of ${name} cannot contain "${BETWEEN}".`);
      if (setOptions === undefined) return impossible('The options of a field cannot be changed on this stage.');
      const left = without(options, option, renamed);
      await orImpossible(true, async () => await setOptions(of, name, left));
      try {
        await changeEach(stage, of, many, ({ values }) => {
          const held = heldIn(values[name] ?? '', type);
          const rest = without(held, option, renamed);
          // A sync cannot write what is no option any more: a record that holds another such stays as it is.
          if (!held.includes(option) || rest.some((each) => !left.includes(each))) return undefined;
          return { [name]: rest.length === 0 ? null : rest.join(BETWEEN) };
        });
      } catch (error) {
        if (isRunbackError(error, 'fault-impossible')) await setOptions(of, name, options);
        throw error;
      }
    },
  };

const heldIn = (value: string, type: 'enum' | 'set'): readonly string[] => (type === 'set' ? value.split(BETWEEN) : [value]);

/** Options without one of them, or with the new name in its place. */
const without = (options: readonly string[], option: string, renamed: string | undefined): readonly string[] =>
  options.flatMap((each) => (each === option ? (renamed ?? []) : each));
