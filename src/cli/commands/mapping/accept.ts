import { acceptSchemas } from '../../flows/mappings/accepted.js';
import { chosenMappings } from '../../flows/mappings/mapping-files.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { counted } from '../../views/text/format.js';
import { MAPPINGS } from './words.js';

/** `runback mapping accept` */
export const acceptVerb: CommandSpec = {
  verb: 'accept',
  summary: 'Keep the fields of both sides as they are now: drift compares with them',
  details:
    'Look first at what changed: runback mapping drift. What is kept are names, labels, types and options of fields, never a value of a record. Changes nothing on any platform.',
  args: [MAPPINGS],
  examples: ['runback mapping accept', 'runback mapping accept contacts'],
  run: accept,
};

async function accept(context: CommandContext): Promise<Outcome> {
  const { input, session, stdio } = context;
  const opened = await session();
  const { chosen } = await chosenMappings(opened, input.words('mappings'), stdio.cwd);
  const accepted = await acceptSchemas(context, opened, chosen);
  return {
    data: {
      accepted: accepted.map(({ mapping, at, by, sides }) => ({
        mapping,
        at,
        by,
        sides: sides.map(({ platform, schema }) => ({ platform, object: schema.object, fields: schema.fields.length })),
      })),
    },
    text: (style) =>
      accepted
        .map(({ mapping, sides }) => {
          const what = sides.map(({ platform, schema }) => `${platform}/${schema.object} (${counted(schema.fields.length, 'fields')})`);
          return `${style.glyph.done} ${mapping}: ${what.join(' and ')}`;
        })
        .join('\n'),
  };
}
