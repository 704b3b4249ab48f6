import { openPlatform } from '../../connectors/index.js';
import type { FieldProposal } from '../../investigations/index.js';
import { isRunbackError } from '../../lib/index.js';
import type { PlatformConfig } from '../../workspace/index.js';
import type { Asker } from '../prompts/asker.js';
import type { CommandContext } from '../shell/command.js';
import { nameFor, proposalsText, whoOf } from '../views/field-proposals.js';
import { counted } from '../views/text/format.js';
import { visible } from '../views/text/visible.js';
import { proposalsOf } from './investigations/field-proposals.js';

/** What writes to a platform, as its history shows it and a person says. */
export interface SeenWriter {
  readonly writer: string;
  readonly sync: string;
  readonly fields: readonly string[];
}

/**
 * Looks at who wrote to a platform in the last days, if the person wants that, and asks which of them is the sync. Undefined
 * where it was not to be looked at, where nobody writes regularly, or where it is none of those.
 */
export async function askWriter(
  context: CommandContext,
  asker: Asker,
  config: PlatformConfig,
  deps: Omit<Parameters<typeof openPlatform>[1], 'writes'>,
): Promise<SeenWriter | undefined> {
  const { live, style, call } = context;
  try {
    const platform = await openPlatform(config, { ...deps, writes: 'never' }, call);
    try {
      if (platform.connector.capabilities.history !== 'field') return undefined;
      const wanted = await asker.confirm({
        message: 'Look at who wrote there in the last 30 days? About 130 requests; changes nothing',
        default: true,
      });
      if (!wanted) return undefined;
      const found = await proposalsOf(context, platform, []);
      live.print(proposalsText([found], [], style));
      return 'why' in found ? undefined : await chosenOf(asker, found.proposals);
    } finally {
      await platform.close();
    }
  } catch (error) {
    if (!isRunbackError(error) || error.code === 'interrupted') throw error;
    live.stop();
    live.print(`  ${style.glyph.warning} Who writes there could not be seen: ${visible(error.message)}`);
    return undefined;
  }
}

async function chosenOf(asker: Asker, proposals: readonly FieldProposal[]): Promise<SeenWriter | undefined> {
  if (proposals.length === 0) return undefined;
  const chosen = await asker.choose<FieldProposal | undefined>({
    message: 'Which of them is the sync that you would pause?',
    choices: [
      ...proposals.map((one) => ({ value: one, name: whoOf(one), beside: counted(one.regular.length, 'fields on most days', 'field on most days') })),
      { value: undefined, name: 'none of them' },
    ],
  });
  const [writer] = chosen?.writers ?? [];
  if (chosen === undefined || writer === undefined) return undefined;
  const isWanted = await asker.confirm({ message: 'Put these fields into its entry in runback.yml?', default: true });
  return { writer, sync: nameFor(chosen.label ?? writer, []), fields: isWanted ? chosen.regular.map(({ field }) => field) : [] };
}
