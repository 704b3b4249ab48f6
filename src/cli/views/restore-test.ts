import type { RestoreDifference, RestoreProof, RestoreTest } from '../../snapshots/index.js';
import { count, counted, facts, span } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';

/** What is known of the restore of a snapshot, in a few words: `restore proven 2026-11-20 in 4 min 10 s`. */
export function proofWords(proof: RestoreProof | undefined): string {
  if (proof === undefined) return 'restore never proven';
  const day = proof.at.slice(0, 10);
  switch (proof.state) {
    case 'proven':
      return `restore proven ${day} in ${span(proof.restoreMs)}`;
    case 'partly':
      return `restore of ${Object.keys(proof.platforms).map(visible).join(', ')} proven ${day} in ${span(proof.restoreMs)}, of the others never`;
    case 'failed':
      return `last restore test failed ${day}`;
    default:
      return proof.state satisfies never;
  }
}

/** What the restore tests of a snapshot came to. */
export function restoreTestText(snapshot: string, tests: readonly { readonly platform: string; readonly test: RestoreTest }[], style: Style): string {
  return [...tests.map(({ platform, test }) => oneText(platform, test, style)), snapshot].join('\n\n');
}

/** Why the restore of one platform is not proven, in one line. */
export function failureWords({ differences, stopped, restoreMs, withinMs }: RestoreTest): string {
  const late = withinMs !== undefined && restoreMs > withinMs ? [`it took ${span(restoreMs)} and may take ${span(withinMs)}`] : [];
  return [...differenceWords(differences), ...(stopped === undefined ? [] : [stopped]), ...late].join('; ');
}

const differenceWords = (differences: RestoreTest['differences']): readonly string[] =>
  Object.entries(differences)
    .filter(([, n]) => n > 0)
    .map(([kind, n]) => `${count(n)} ${DIFFERENCE_WORDS[kind as RestoreDifference['kind']]}`);

function oneText(platform: string, test: RestoreTest, style: Style): string {
  const { passed, restoreMs, withinMs, records, cells, links, differences, stopped, where } = test;
  const name = visible(platform);
  const head = passed ? `${style.glyph.done} Restore of ${name} proven in ${span(restoreMs)}` : `${style.glyph.failed} Restore of ${name} not proven`;
  const wrong = differenceWords(differences);
  const pairs: [string, string][] = [
    ['Restored into', visible(where)],
    ['Compared', `${counted(records, 'records')}, ${counted(cells, 'cells')}, ${counted(links, 'links')}`],
    ['Differences', wrong.length === 0 ? 'none' : wrong.join(', ')],
    [
      'Restore time',
      `${span(restoreMs)}${withinMs === undefined ? '' : `; may take ${span(withinMs)}: ${restoreMs <= withinMs ? 'met' : 'missed'}`}`,
    ],
    ...(stopped === undefined ? [] : [['Stopped', visible(stopped)] as [string, string]]),
    ...apartLines(test).map((line, i): [string, string] => [i === 0 ? 'Not compared' : '', visible(line)]),
    ...test.notTested.map(({ object, why }, i): [string, string] => [i === 0 ? 'Not tested' : '', visible(`${object}: ${why}`)]),
  ];
  const examples = test.examples.map((each) => `  ${visible(exampleWords(each))}`);
  return [head, facts(pairs, style), ...examples].join('\n');
}

/** What was not compared, one line for each reason. */
function apartLines({ apart }: RestoreTest): readonly string[] {
  const lines = new Map<string, string[]>();
  for (const { object, field, why, count: n } of apart) {
    const name = `${object}, ${why}`;
    lines.set(name, [...(lines.get(name) ?? []), field === undefined ? count(n) : `${field} (${count(n)})`]);
  }
  return [...lines].map(
    ([name, parts]) =>
      `${name}: ${parts.slice(0, SHOWN).join(', ')}${parts.length > SHOWN ? ` and ${counted(parts.length - SHOWN, 'more fields')}` : ''}`,
  );
}

const SHOWN = 6;

const DIFFERENCE_WORDS: Readonly<Record<RestoreDifference['kind'], string>> = {
  missing: 'records missing',
  extra: 'records that should not be there',
  wrong: 'wrong cells',
  'missing-link': 'links missing',
  'extra-link': 'links that should not be there',
  unreadable: 'records or links that cannot be read in the snapshot',
};

function exampleWords({ kind, object, key, lastKey, field, to }: RestoreDifference): string {
  switch (kind) {
    case 'missing':
      return `${object} ${key} did not come back`;
    case 'extra':
      return `${object} ${key} should not be there`;
    case 'wrong':
      return `${object} ${key}: ${field ?? ''} is not what the snapshot holds`;
    case 'missing-link':
      return `${object}: ${key} is not linked to ${to ?? ''}`;
    case 'extra-link':
      return `${object}: ${key} should not be linked to ${to ?? ''}`;
    case 'unreadable':
      return `${object} ${key}${lastKey === undefined ? '' : ` to ${lastKey}`} cannot be read in the snapshot`;
    default:
      return kind satisfies never;
  }
}
