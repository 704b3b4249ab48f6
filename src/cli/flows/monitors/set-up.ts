import { RunbackError } from '../../../lib/index.js';
import { type Mapping, otherSide, type SideIndex, writtenSides } from '../../../mappings/index.js';
import type { Asker } from '../../prompts/asker.js';
import type { Input } from '../../shell/input.js';

/** What a canary is declared with. */
export interface CanaryChoices {
  readonly id: string;
  readonly mapping: Mapping;
  readonly side: SideIndex;
  readonly key: string;
  readonly field: string;
  readonly knownBy: Readonly<Record<string, string>>;
  readonly holds: Readonly<Record<string, string>>;
  readonly copyKey: string;
  readonly copyField?: string;
  readonly within: string;
}

/** What was not said by a flag is asked for; without a terminal, the flag that is missing is named. */
export async function askCanary(id: string, mapping: Mapping, input: Input, askerFor: (flag: string) => Promise<Asker>): Promise<CanaryChoices> {
  const asked = async (flag: string, message: string, fallback?: string): Promise<string> => {
    const given = input.text(flag);
    if (given !== undefined) return given;
    const asker = await askerFor(`--${flag}`);
    const validate = (value: string): true | string => value.trim() !== '' || 'It is needed.';
    return (await asker.text({ message, validate, ...(fallback !== undefined && { default: fallback }) })).trim();
  };
  const side = await sideOf(mapping, input, askerFor);
  const { name, platform, object } = mapping.sides[side];
  const there = mapping.sides[otherSide(side)];
  const fields = mapping.fields.filter((each) => writtenSides(each).includes(otherSide(side))).map(({ names }) => names[side]);
  const key = await asked('key', `Key of the canary record in ${platform}/${object}`);
  const known = input.list('known-by');
  const knownBy = pairsOf(known.length > 0 ? known : (await asked('known-by', 'How it is known: Field=value, Field=value')).split(','), 'known-by');
  const field = await asked('field', `Text field of ${name} that is written to (mapped: ${fields.slice(0, 6).join(', ')})`);
  const isMapped = fields.includes(field);
  const copyKey = await asked('copy-key', `Key of its copy in ${there.platform}/${there.object}`);
  const copyField =
    isMapped && input.text('copy-field') === undefined ? undefined : await asked('copy-field', `Field of ${there.name} in which it arrives`);
  const within = input.text('within') ?? '5m';
  return {
    id,
    mapping,
    side,
    key,
    field,
    knownBy,
    holds: pairsOf(input.list('holds'), 'holds'),
    copyKey,
    within,
    ...(copyField !== undefined && { copyField }),
  };
}

async function sideOf(mapping: Mapping, input: Input, askerFor: (flag: string) => Promise<Asker>): Promise<SideIndex> {
  const names = mapping.sides.map(({ name }) => name);
  const given = input.text('write');
  if (given !== undefined) {
    const at = names.indexOf(given);
    if (at !== -1) return at === 0 ? 0 : 1;
    throw new RunbackError('usage', `${mapping.id} has no side ${given}`, { why: `It has ${names.join(' and ')}.`, state: 'Nothing was written.' });
  }
  const asker = await askerFor('--write');
  return await asker.choose<SideIndex>({
    message: 'On which side is the text written?',
    choices: mapping.sides.map(({ name, platform, object }, n) => ({ value: n === 0 ? 0 : 1, name: `${name} (${platform}/${object})` })),
  });
}

function pairsOf(words: readonly string[], flag: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=');
      if (at < 1) throw new RunbackError('usage', `--${flag} takes Field=value, not "${word}"`, { state: 'Nothing was written.' });
      return [word.slice(0, at).trim(), word.slice(at + 1).trim()];
    }),
  );
}

const quoted = (text: string): string => JSON.stringify(text);

/** The file of a canary. */
export function canaryText({ id, mapping, side, key, field, knownBy, holds, copyKey, copyField, within }: CanaryChoices): string {
  const map = (pairs: Readonly<Record<string, string>>): string =>
    `{ ${Object.entries(pairs)
      .map(([name, value]) => `${quoted(name)}: ${value === 'true' || value === 'false' ? value : quoted(value)}`)
      .join(', ')} }`;
  const { name, platform, object } = mapping.sides[side];
  return `# The one permanent record of ${mapping.id}. Nothing else of ${platform} is ever written to by monitors.
version: 1
id: ${id}
title: ${quoted(`Canary of ${mapping.id}`)}
mapping: ${mapping.id}
canary:
  write: ${quoted(name)}                 # ${platform}/${object}
  key: ${quoted(key)}
  known_by: ${map(knownBy)}
  field: ${quoted(field)}
${Object.keys(holds).length === 0 ? '' : `  holds: ${map(holds)}\n`}  arrives: { key: ${quoted(copyKey)}${copyField === undefined ? '' : `, field: ${quoted(copyField)}`} }
  within: ${within}
`;
}
