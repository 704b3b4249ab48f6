import { EXIT } from '../../../lib/index.js';
import { offersOfDrift } from '../../flows/checks/offers.js';
import { type Drifted, driftedOf } from '../../flows/mappings/accepted.js';
import { chosenMappings } from '../../flows/mappings/mapping-files.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { offerText } from '../../views/checks/offers.js';
import { driftText } from '../../views/mappings/drift.js';
import { MAPPINGS } from './words.js';

/** `runback mapping drift` */
export const driftVerb: CommandSpec = {
  verb: 'drift',
  summary: 'What changed in the fields of both sides since they were accepted',
  details:
    'Compares the fields of both sides with those that were last accepted (runback mapping accept). How bad a change is follows from the direction of each field: a new option breaks the side that has no counterpart for it. Writes nothing. Exit status 2 where something breaks or concerns a mapped field, and where nothing was accepted yet or a side cannot be read.',
  args: [MAPPINGS],
  examples: ['runback mapping drift', 'runback mapping drift contacts --json'],
  run: drift,
};

async function drift(context: CommandContext): Promise<Outcome> {
  const { input, session, stdio } = context;
  const opened = await session();
  const { chosen, broken } = await chosenMappings(opened, input.words('mappings'), stdio.cwd);
  const mappings = await driftedOf(context, opened, chosen);
  const offers = await offersOfDrift(opened, chosen, mappings);
  return {
    data: { mappings, broken, next: offers },
    text: (style) => [driftText(mappings, style), offerText(offers, style)].filter((part) => part !== '').join('\n\n'),
    ...(broken.length > 0 ? { exit: EXIT.badFile } : mappings.some(isWorthALook) ? { exit: EXIT.differences } : {}),
  };
}

const isWorthALook = (one: Drifted): boolean => one.state !== 'compared' || one.changes.some(({ severity }) => severity !== 'note');
