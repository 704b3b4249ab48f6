import { RunbackError } from '../../../lib/index.js';
import { type MappingChoices, PHONE_COUNTRIES, proposePairs, type ProposedPair, type ProposedSide, SURE } from '../../../mappings/index.js';
import type { Asker } from '../../prompts/asker.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { visible } from '../../views/text/visible.js';

/** Throws `usage` or `not-found` where a side of a mapping to be is no object type of a platform of runback.yml. */
export function requirePlaces(session: Session, places: readonly string[]): void {
  for (const { platform } of places.map(placeOf)) session.platformConfig(platform);
}

/** Reads what both sides of a mapping to be are made of. `places`: `hubspot/contacts`. Throws what reading throws, and `usage`. */
export async function readSides(
  { live, call }: CommandContext,
  session: Session,
  places: readonly [string, string],
): Promise<MappingChoices['sides']> {
  const named = places.map(placeOf);
  const [left, right] = await Promise.all(
    named.map(async ({ platform, object }, index): Promise<ProposedSide> => {
      live.start(`Reading the fields of ${named.map((one) => one.platform).join(' and ')}`);
      const { connector } = await session.openPlatform(platform, call);
      const { objects } = await connector.describe([object], call);
      const schema = objects.find((one) => one.object === object) ?? objects[0];
      if (schema === undefined) throw new RunbackError('object-unsupported', `${platform} has no object type "${object}"`);
      const labels = await connector.optionLabels?.(object, call);
      return { name: nameOf(platform, index, named), platform, schema, ...(labels === undefined ? {} : { labels }) };
    }),
  );
  live.stop();
  if (left === undefined || right === undefined) throw new RunbackError('bug', 'a mapping has two sides');
  return [left, right];
}

interface Place {
  readonly platform: string;
  readonly object: string;
}

function placeOf(text: string): Place {
  const cut = text.indexOf('/');
  if (cut > 0 && cut < text.length - 1) return { platform: text.slice(0, cut), object: text.slice(cut + 1) };
  throw new RunbackError('usage', `"${text}" names no object type of a platform`, {
    why: 'A side of a mapping is a platform of runback.yml, a slash, and an object type of it.',
    state: 'Nothing was started.',
    next: 'runback mapping init salesforce/Contact hubspot/contacts',
  });
}

/** Sides are called after their platforms; of one platform, by their place. */
function nameOf(platform: string, index: number, places: readonly Place[]): string {
  return places.every((one) => one.platform === platform) ? (index === 0 ? 'first' : 'second') : platform;
}

/** What seems to belong together, or `usage` where nothing does. */
export function pairsOf([left, right]: MappingChoices['sides']): readonly ProposedPair[] {
  const pairs = proposePairs(left, right);
  if (pairs.length > 0) return pairs;
  throw new RunbackError('usage', `No field of ${left.platform} and ${right.platform} seems to hold the same`, {
    why: 'Neither names nor labels of their fields are alike.',
    state: 'Nothing was written.',
    next: 'Write the mapping by hand: docs/mappings.md says how.',
  });
}

/** What a person chooses of a proposal: which pairs, which side counts, and the country of phone numbers. */
export async function askChoices(asker: Asker, sides: MappingChoices['sides'], pairs: readonly ProposedPair[], id: string): Promise<MappingChoices> {
  const [left, right] = sides;
  const chosen = await asker.several({
    message: `Which fields of ${left.name} and ${right.name} hold the same?`,
    choices: pairs.map((pair) => ({ value: pair, name: pairText(pair), ...(pair.score >= SURE ? { checked: true as const } : {}) })),
  });
  if (chosen.length === 0)
    throw new RunbackError('person-needed', 'No field was chosen', { state: 'Nothing was written.', next: 'Run it again, and choose at least one.' });
  const authority = await asker.choose({
    message: 'Whose values count? The file says it for each field; change it there.',
    choices: [
      { value: 0 as const, name: `${left.name}: its values are written to ${right.name}` },
      { value: 1 as const, name: `${right.name}: its values are written to ${left.name}` },
    ],
  });
  if (!chosen.some(({ as }) => as === 'phone')) return { id, sides, pairs: chosen, authority };
  const country = await asker.text({
    message: 'Country of phone numbers without a country code, as US; none to leave it open',
    default: 'none',
    validate: (text) =>
      text === 'none' || Object.hasOwn(PHONE_COUNTRIES, text.toUpperCase()) || `one of none, ${Object.keys(PHONE_COUNTRIES).join(', ')}`,
  });
  return { id, sides, pairs: chosen, authority, ...(country === 'none' ? {} : { country: country.toUpperCase() }) };
}

function pairText({ fields, as, options }: ProposedPair): string {
  const [one, other] = fields.map(({ name }) => visible(name));
  const more = [...(as === undefined ? [] : [as]), ...(options === undefined ? [] : [`${Math.round(options.shared * 100)} % of the options`])];
  return `${one} = ${other}${more.length === 0 ? '' : ` (${more.join(', ')})`}`;
}
