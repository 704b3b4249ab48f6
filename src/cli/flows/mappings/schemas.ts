import type { Platform } from '../../../connectors/index.js';
import { isRunbackError, type RunbackError } from '../../../lib/index.js';
import type { Mapping, ReadSchema } from '../../../mappings/index.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';

/** What was described of the object types of some mappings. */
export interface ReadSchemas {
  /** By platform and object type. */
  schemaOf(platform: string, object: string): ReadSchema;
  /** A platform that was opened; undefined where it could not be. */
  platformOf(name: string): Platform | undefined;
}

/**
 * Describes every object type that mappings name. What cannot be read is told in the place of its description, and stops
 * nothing but itself; only an interruption is thrown. Writes nothing.
 */
export async function readSchemas({ live, call }: CommandContext, session: Session, mappings: readonly Mapping[]): Promise<ReadSchemas> {
  const wanted = new Map<string, Set<string>>();
  for (const { sides } of mappings)
    for (const { platform, object } of sides) wanted.set(platform, new Set([...(wanted.get(platform) ?? []), object]));
  const read = new Map<string, ReadSchema>();
  const platforms = new Map<string, Platform>();
  for (const [name, objects] of wanted) {
    if (!Object.hasOwn(session.workspace.config.platforms, name)) continue;
    live.start(`Reading the fields of ${name}`);
    const platform = await session.openPlatform(name, call).catch(toldUnlessInterrupted);
    if ('unreadable' in platform) {
      for (const object of objects) read.set(keyOf(name, object), platform);
      continue;
    }
    platforms.set(name, platform);
    for (const object of objects) read.set(keyOf(name, object), await describeOne(platform, object, call));
  }
  live.stop();
  return {
    schemaOf: (platform, object) => read.get(keyOf(platform, object)) ?? { unreadable: 'nobody read it' },
    platformOf: (name) => platforms.get(name),
  };
}

const keyOf = (platform: string, object: string): string => `${platform}/${object}`;

async function describeOne({ connector }: Platform, object: string, call: CommandContext['call']): Promise<ReadSchema> {
  try {
    const { objects } = await connector.describe([object], call);
    const schema = objects.find((one) => one.object === object) ?? objects[0];
    return schema === undefined ? { missing: [] } : { schema };
  } catch (error) {
    if (isRunbackError(error, 'object-unsupported')) return { missing: knownIn(error), said: error.message };
    return toldUnlessInterrupted(error);
  }
}

/** Names of the object types that there are, where the connector names them. */
function knownIn({ data }: RunbackError): readonly string[] {
  const { known } = data;
  return Array.isArray(known) ? known.map(String) : [];
}

/** Why something could not be read. Throws an interruption, and what is a mistake of ours. */
export function toldUnlessInterrupted(error: unknown): { readonly unreadable: string } {
  if (!isRunbackError(error) || isRunbackError(error, 'interrupted') || isRunbackError(error, 'bug')) throw error;
  return { unreadable: wordsOf(error) };
}

function wordsOf({ message, why }: RunbackError): string {
  const told = why === undefined ? message : `${message}: ${why}`;
  return told.replace(/\.$/u, '');
}
