import type { Connector } from '../../connectors/index.js';
import { type CallOptions, didYouMean } from '../../lib/index.js';
import type { Asker } from '../prompts/asker.js';

/** Names that a comment in runback.yml has at most. */
const MOST_NAMED = 60;

/** Object types that are taken, and what else there is. */
export interface ChosenObjects {
  readonly objects: readonly string[];
  readonly others: readonly string[];
}

/** The names of the object types that there are. Few requests: none is described where the platform can name them without. */
export async function objectTypesIn(connector: Connector, call: CallOptions): Promise<readonly string[]> {
  if (connector.objectTypes !== undefined) return await connector.objectTypes(call);
  const { objects } = await connector.describe(undefined, call);
  return objects.flatMap(({ object, refused }) => (refused === undefined ? [object] : []));
}

/** Asks which object types are taken. `usual`: those that most people take; without any, all that there are. */
export async function askObjects(asker: Asker, there: readonly string[], usual: readonly string[]): Promise<ChosenObjects> {
  const taken = usual.filter((object) => there.includes(object));
  const offered = taken.length > 0 ? taken : there;
  const answer = await asker.text({
    message: `Which of the ${String(there.length)} object types there? With commas between them`,
    default: offered.join(', '),
    validate: (text) => unknownIn(namesIn(text), there),
  });
  const objects = namesIn(answer);
  return { objects, others: there.filter((object) => !objects.includes(object)) };
}

function namesIn(text: string): readonly string[] {
  return [...new Set(text.split(',').map((name) => name.trim()))].filter((name) => name !== '');
}

function unknownIn(names: readonly string[], there: readonly string[]): true | string {
  const unknown = names.find((name) => !there.includes(name));
  if (unknown !== undefined) return `There is no ${unknown}${didYouMean(unknown, there)}`;
  return names.length > 0 || 'Name at least one.';
}

/** Comment lines for runback.yml with what else there is. */
export function otherObjectLines(others: readonly string[]): readonly string[] {
  if (others.length === 0) return [];
  const named = others.slice(0, MOST_NAMED);
  const more = others.length > named.length ? `, and ${String(others.length - named.length)} more` : '';
  const lines: string[] = [];
  let line = '    # also there:';
  for (const [n, name] of named.entries()) {
    const text = ` ${name}${n < named.length - 1 ? ',' : more}`;
    if (line.length + text.length > 120) {
      lines.push(line);
      line = '    #  ';
    }
    line += text;
  }
  return [...lines, line];
}
