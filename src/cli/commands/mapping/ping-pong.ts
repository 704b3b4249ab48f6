import { EXIT, parseDuration } from '../../../lib/index.js';
import { chosenMappings } from '../../flows/mappings/mapping-files.js';
import { lookForPingPong } from '../../flows/mappings/ping-pong.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { pingPongText } from '../../views/mappings/ping-pong.js';
import { MAPPINGS } from './words.js';

const DAYS = '7d';
const RECORDS = 10_000;

/** `runback mapping ping-pong` */
export const pingPongVerb: CommandSpec = {
  verb: 'ping-pong',
  summary: 'Find values that two writers keep changing back, in the field history',
  details:
    'Reads the history of mapped fields and finds those where one writer puts a value back that another one replaced, three times within 24 hours or more often. Only reads, also in production. No value of a record is shown. Exit status 2 where there are any, and where no history could be read.',
  args: [MAPPINGS],
  options: [
    { flags: '--since <duration>', description: `how far back to look (default: ${DAYS})` },
    { flags: '--records <number>', description: `most records of each object type (default: ${RECORDS})` },
  ],
  examples: ['runback mapping ping-pong', 'runback mapping ping-pong contacts --since 30d'],
  run: pingPong,
};

async function pingPong(context: CommandContext): Promise<Outcome> {
  const { input, session, stdio, clock } = context;
  const opened = await session();
  const { chosen, broken } = await chosenMappings(opened, input.words('mappings'), stdio.cwd);
  const since = new Date(clock.now().getTime() - (input.duration('since') ?? parseDuration(DAYS)));
  const looked = await lookForPingPong(context, opened, chosen, { since, most: input.integer('records', 1) ?? RECORDS });
  const found = looked.some((one) => 'found' in one && one.found.length > 0);
  const blind = looked.every((one) => 'untold' in one);
  return {
    data: { since: since.toISOString(), looked, broken },
    text: (style) => pingPongText(looked, since, style),
    ...(broken.length > 0 ? { exit: EXIT.badFile } : found || blind ? { exit: EXIT.differences } : {}),
  };
}
