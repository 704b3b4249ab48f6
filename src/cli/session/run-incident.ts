import type { Incidents, OpenIncident } from '../../incidents/index.js';
import { defined, ownValue } from '../../lib/index.js';
import type { Runbook } from '../../runbooks/index.js';
import type { CommandContext } from '../shell/command.js';
import { visible } from '../views/text/visible.js';
import { nameOf } from './incidents.js';

/** The incident that a run started by hand belongs to, if any, and what had to be asked to find that out. */
export interface RunIncident {
  readonly id?: string;
  readonly inputs: Readonly<Record<string, string>>;
}

/**
 * Finds the open incident of the platform that a run is about: the only one is taken, and said; where several fit, or
 * where it is not known which platform an incident is about, a person is asked, and with nobody there the run belongs
 * to none, which is said too.
 */
export async function incidentFor(
  context: CommandContext,
  incidents: Incidents,
  runbook: Runbook,
  given: Readonly<Record<string, string>>,
): Promise<RunIncident> {
  const { live, style } = context;
  const open = (await incidents.listOpen()).filter(({ drill }) => drill === undefined);
  if (open.length === 0) return { inputs: given };
  const inputs = await withPlatform(context, runbook, given);
  const platforms = platformInputs(runbook).flatMap((name) => ownValue(inputs, name) ?? []);
  const { incidents: read } = await incidents.readAll(open.map(({ id }) => id));
  const fitting = read.filter((one) => one.platforms.some((name) => platforms.includes(name)));
  const vague = read.filter((one) => one.platforms.length === 0);
  const [only, ...others] = fitting;
  if (only !== undefined && others.length === 0) {
    live.print(`${style.glyph.pending} For the open incident ${nameOf(only)} (${only.id})`);
    return { id: only.id, inputs };
  }
  const possible = [...fitting, ...vague];
  if (possible.length === 0) return { inputs };
  if (!context.interactive) {
    const list = possible.map(({ id }) => id).join(', ');
    live.print(
      `${style.glyph.warning} For no incident: it could be ${list}. Say so with --incident, or later: runback incident link <incident> run <run>`,
    );
    return { inputs };
  }
  const id = await ask(context, possible);
  return { inputs, ...defined({ id }) };
}

async function ask(context: CommandContext, possible: readonly Pick<OpenIncident, 'id' | 'severity' | 'title'>[]): Promise<string | undefined> {
  const asker = await context.asker('--incident <incident>');
  return await asker.choose<string | undefined>({
    message: 'Which incident is this for?',
    choices: [...possible.map((one) => ({ value: one.id, name: nameOf(one), beside: one.id })), { value: undefined, name: 'None of them' }],
  });
}

/**
 * The inputs with the platform in them: a person is asked for it now, as the run would ask; the only one there is needs
 * no question.
 */
async function withPlatform(
  context: CommandContext,
  runbook: Runbook,
  given: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const [name, ...others] = platformInputs(runbook);
  if (name === undefined || others.length > 0 || Object.hasOwn(given, name) || context.input.text('answers') !== undefined) return given;
  const platforms = Object.values((await context.session()).workspace.config.platforms);
  if (!context.interactive) return given;
  const asker = await context.asker(`--input ${name}=…`);
  const chosen = await asker.choose({
    message: visible(runbook.document.inputs?.[name]?.prompt ?? name),
    choices: platforms.map((one) => ({ value: one.name, name: `${visible(one.name)} (${visible(one.connector)}, ${one.environment})` })),
  });
  return { ...given, [name]: chosen };
}

function platformInputs({ document }: Runbook): readonly string[] {
  return Object.entries(document.inputs ?? {}).flatMap(([name, { type }]) => (type === 'platform' ? [name] : []));
}
