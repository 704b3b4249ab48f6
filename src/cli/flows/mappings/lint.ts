import type { LintFinding, LintInput, Mapping } from '../../../mappings/index.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { countHeld } from './held.js';
import { readSchemas } from './schemas.js';

/** What was found, and where the values of records were counted. */
export interface Linted {
  readonly findings: readonly LintFinding[];
  /** Where values were counted, each once: `snapshot 01J… of 2026-11-30`. */
  readonly counted: readonly string[];
}

/**
 * Checks mappings against the platforms as they are now: reads the descriptions of both sides, and counts what records hold
 * where that matters. Writes nothing.
 * @param all every mapping of the workspace; @param chosen those to tell about.
 */
export async function lintLive(
  context: CommandContext,
  session: Session,
  { all, chosen, live }: { readonly all: readonly Mapping[]; readonly chosen: readonly Mapping[]; readonly live: boolean },
): Promise<Linted> {
  const { countable, lintMappings } = await import('../../../mappings/index.js');
  const { platforms, syncs } = session.workspace.config;
  const schemas = await readSchemas(context, session, all);
  const only = new Set(chosen.map(({ id }) => id));
  const input: LintInput = {
    mappings: all,
    platforms: Object.keys(platforms),
    syncs: Object.values(syncs),
    schemaOf: (...place) => schemas.schemaOf(...place),
  };
  const needed = lintMappings(input, only).flatMap(({ holder }) => holder ?? []);
  const sources = new Set<string>();
  const heldOf = await countHeld(context, session, schemas, { needed, useful: countable(input, only), live });
  const findings = lintMappings(
    {
      ...input,
      heldOf: (...place) => {
        const held = heldOf(...place);
        if (held !== undefined && 'source' in held) sources.add(held.source);
        return held;
      },
    },
    only,
  );
  return { findings, counted: [...sources].sort() };
}
