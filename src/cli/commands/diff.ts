import { EXIT } from '../../lib/index.js';
import type { CommandSpec, Outcome } from '../command.js';
import { compareSnapshots, type RecordDifference, withLive } from '../comparing.js';
import type { CommandContext } from '../context.js';
import { diffText } from '../views/diff.js';

const FIRST = 10;

async function diff({ input, session, live, call, event }: CommandContext): Promise<Outcome> {
  const opened = await session();
  const catalog = await opened.catalog();
  const platform = input.text('platform');
  const objects = input.someOf('object');
  const keys = input.someOf('key');
  const filter = platform === undefined ? {} : { platform };
  const first = await catalog.resolve(input.required('a'), filter);
  const a = await catalog.open(first.id);
  try {
    const examples: RecordDifference[] = [];
    const compare = async (b: typeof a): Promise<Outcome> => {
      live.start('Comparing');
      const counts = await compareSnapshots(
        { a, b, platform, objects, keys },
        {
          onRecord: (difference) => {
            event({ type: 'difference', ...difference });
            if (examples.length < FIRST) examples.push(difference);
          },
          onLink: (of, name, difference) => event({ type: 'link', platform: of, kind: name, ...difference }),
        },
        call,
      );
      const total = counts.reduce((sum, one) => sum + one.changed + one.removed + one.added, 0);
      return {
        data: { a: a.header.id, b: wanted === 'live' ? 'live' : b.header.id, total, counts, examples },
        text: (style) => diffText(counts, examples, style),
        ...(total > 0 ? { exit: EXIT.differences } : {}),
      };
    };
    const wanted = input.required('b');
    if (wanted === 'live') {
      const names = platform === undefined ? first.platforms.map((one) => one.name) : [platform];
      const held = objects ?? [...new Set(a.manifest.objects.filter((info) => names.includes(info.platform)).map((info) => info.object))];
      return await withLive(opened, names, held, call, compare);
    }
    const b = await catalog.open((await catalog.resolve(wanted, filter)).id);
    try {
      return await compare(b);
    } finally {
      await b.close();
    }
  } finally {
    await a.close();
  }
}

export const commands: readonly CommandSpec[] = [
  {
    summary: 'What differs between two snapshots, or a snapshot and the platform now',
    details: 'Exit 2 where something differs. With --json each difference is an event before the final object.',
    args: [
      { name: 'a', description: 'snapshot: id, its beginning, latest or latest-verified', kind: 'snapshot' },
      { name: 'b', description: 'another snapshot, or live', kind: 'snapshot' },
    ],
    options: [
      { flags: '--platform <name>', description: 'only this platform', kind: 'platform' },
      { flags: '--object <type>', description: 'only this object type', repeat: true },
      { flags: '--key <key>', description: 'only this record', repeat: true },
    ],
    examples: ['runback diff latest-verified live --object contacts'],
    run: diff,
  },
];
