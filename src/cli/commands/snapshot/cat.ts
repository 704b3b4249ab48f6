import { RunbackError } from '../../../lib/index.js';
import { parseRecordLine } from '../../../records/index.js';
import { forgottenIn } from '../../../snapshots/index.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { visibleLines } from '../../views/text/visible.js';
import { objectIn } from './object-in.js';
import { SNAPSHOT, PLATFORM, OBJECT } from './words.js';

/** `runback snapshot cat` */
export const catVerb: CommandSpec = {
  verb: 'cat',
  summary: 'One record as it was, as JSON',
  args: [SNAPSHOT, OBJECT, { name: 'key', description: "the record's id on its platform" }],
  options: [PLATFORM],
  examples: ['runback snapshot cat latest contacts 51'],
  run: cat,
};

async function cat({ input, session }: CommandContext): Promise<Outcome> {
  const catalog = await (await session()).catalog();
  const reader = await catalog.open(input.required('snapshot'));
  try {
    const info = await objectIn(reader, input.required('object'), input.text('platform'));
    const key = input.required('key');
    const line = await reader.line(info, key);
    if (line === undefined)
      throw new RunbackError('not-found', `${info.object} ${key} is not in snapshot ${reader.header.id}`, {
        why: forgottenIn(reader.manifest)({ platform: info.platform, object: info.object, key })
          ? 'It was forgotten: it was removed permanently from everything that is kept here.'
          : info.census
            ? 'All keys were read, so the record did not exist then.'
            : (info.unproved ?? 'Nothing proves that all records were read, so it may have existed.'),
      });
    const record = parseRecordLine(line);
    return { data: record, text: () => visibleLines(JSON.stringify(record, null, 2)) };
  } finally {
    await reader.close();
  }
}
