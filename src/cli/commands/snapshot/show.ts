import { defined } from '../../../lib/index.js';
import type { ObjectInfo } from '../../../snapshots/index.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { setText } from '../../views/snapshot-set.js';
import { contentsText, snapshotText } from '../../views/snapshot.js';
import { SNAPSHOT } from './words.js';

/** `runback snapshot show` */
export const showVerb: CommandSpec = { verb: 'show', summary: 'What a snapshot holds', args: [SNAPSHOT], run: show };

async function show({ input, session }: CommandContext): Promise<Outcome> {
  const catalog = await (await session()).catalog();
  const summary = await catalog.resolve(input.required('snapshot'));
  const reader = await catalog.open(summary.id);
  try {
    const { manifest } = reader;
    const slim = ({ parts, changes, ...info }: ObjectInfo) => ({ ...info, parts: parts.length, ...defined({ changes: changes?.rows }) });
    return {
      data: {
        ...summary,
        objects: manifest.objects.map(slim),
        links: manifest.links.map(slim),
        refused: manifest.refused,
        ...defined({ moments: manifest.moments, set: manifest.set }),
      },
      text: (style) => `${snapshotText(summary, style)}\n\n${contentsText(manifest, summary.gaps, style)}${setText(manifest, style)}`,
    };
  } finally {
    await reader.close();
  }
}
