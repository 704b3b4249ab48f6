import { identifyPlatform, openPlatform } from '../../connectors/index.js';
import { defined, isRunbackError, Redactor } from '../../lib/index.js';
import { ENVIRONMENTS, type Environment, type PlatformConfig, resolveSecret } from '../../workspace/index.js';
import type { Asker } from '../prompts/asker.js';
import type { CommandContext } from '../shell/command.js';
import { entryLines, nameFor } from '../views/field-proposals.js';
import { visible } from '../views/text/visible.js';
import { isAddress, isReference } from './initial-answers.js';
import { askObjects, type ChosenObjects, objectTypesIn, otherObjectLines } from './initial-objects.js';
import { BEGINNINGS, type Connectable, type Reached, reachedLines } from './initial-platforms.js';
import { askSyncs, type FoundOf, syncEntryLines } from './initial-syncs.js';
import { askWriter } from './initial-writer.js';
import { proposedLines, proposeMonitors } from './monitors/proposals.js';

/** What a new workspace is made with. */
export interface Initial extends Reached {
  readonly connector: Connectable;
  readonly environment: Environment;
  readonly account?: string;
  /** How the platform's history names what writes to it. */
  readonly writer?: string;
  /** Name of the sync that it is, and what it is there to write. */
  readonly sync?: string;
  readonly fields?: readonly string[];
  /** What else there is. */
  readonly others?: readonly string[];
  /** What the platform proposes to say of it, as sentences. */
  readonly advice?: readonly string[];
  /** What its tools have. */
  readonly found?: readonly FoundOf[];
}

/** What is written where nobody was asked. */
export const UNASKED: Initial = { connector: 'hubspot', environment: 'sandbox', secret: BEGINNINGS.hubspot.ref };

/**
 * Asks for platform, token, account and who writes. The account is looked up on the platform where the token is there
 * already.
 */
export async function askInitial(context: CommandContext, asker: Asker, root: string): Promise<Initial> {
  const connector = await asker.choose<Initial['connector']>({
    message: 'Where are the records?',
    choices: (['hubspot', 'mailchimp', 'postgres', 'salesforce'] as const).map((value) => ({ value, name: BEGINNINGS[value].name })),
  });
  const environment = await asker.choose<Environment>({
    message: 'Which one is it?',
    choices: ENVIRONMENTS.map((value) => ({ value, name: value, beside: MEANS[value] })),
  });
  const { ref, what, asks } = BEGINNINGS[connector];
  const where = asks && {
    address: await asker.text({ message: 'What is its address?', default: asks.address, validate: isAddress }),
  };
  context.live.print(
    `  It needs ${what}. The secret itself is never written here, only where it is: env:NAME, file:PATH, command:PROGRAM or keychain:NAME.`,
  );
  const secret = await asker.text({ message: 'Where is it?', default: ref, validate: isReference });
  const client = asks && (await asker.text({ message: 'Where is the consumer key that goes with it?', default: asks.client, validate: isReference }));
  const reached = { secret: secret.trim(), ...where, ...defined({ client }) };
  const found = await accountOf(context, { connector, environment, ...reached }, root);
  const account = await asker.text({
    message: found === undefined ? 'Its account (Enter if you do not know it; runback doctor finds it)' : 'Is this the account?',
    ...defined({ default: found }),
  });
  const known = { connector, environment, ...reached, ...(account.trim() === '' ? {} : { account: account.trim() }) };
  if (found === undefined) return { ...known, ...(await typedWriter(asker)) };
  const deps = driverDeps(context, root);
  const chosen = await objectsOf(context, asker, configOf(known), deps);
  const wider = { ...known, ...defined({ objects: chosen?.objects, others: chosen?.others, advice: chosen?.advice }) };
  const tools = await askSyncs(context, asker, configOf(wider), async (ref) => await deps.secret(ref));
  const seen = await askWriter(context, asker, configOf(wider), deps);
  return { ...wider, found: tools, ...(seen ?? (await typedWriter(asker))) };
}

async function typedWriter(asker: Asker): Promise<Pick<Initial, 'writer'>> {
  const writer = await asker.text({
    message: 'Which integration writes to it, as its history names it, such as INTEGRATION:48621 (Enter if you do not know it)',
  });
  return writer.trim() === '' ? {} : { writer: writer.trim() };
}

/** The object types that are there, and which of them are taken; undefined where they cannot be seen, which is told. */
async function objectsOf(
  { live, style, call }: CommandContext,
  asker: Asker,
  config: PlatformConfig,
  deps: Omit<Parameters<typeof openPlatform>[1], 'writes'>,
): Promise<(ChosenObjects & { readonly advice: readonly string[] }) | undefined> {
  live.start('Looking which object types there are');
  try {
    const platform = await openPlatform(config, { ...deps, writes: 'never' }, call);
    let there: readonly string[];
    let advice: readonly string[] = [];
    try {
      there = await objectTypesIn(platform.connector, call);
      advice = (await platform.connector.advice?.(call)) ?? [];
    } finally {
      await platform.close();
      live.stop();
    }
    return there.length === 0 ? undefined : { ...(await askObjects(asker, there, config.objects ?? [])), advice };
  } catch (error) {
    live.stop();
    if (!isRunbackError(error) || error.code === 'interrupted') throw error;
    live.print(`  ${style.glyph.warning} Its object types could not be seen: ${visible(error.message)}`);
    return undefined;
  }
}

/** A platform as it would stand in runback.yml. */
function configOf({ connector, environment, account, ...reached }: Initial): PlatformConfig {
  return { name: connector, connector, environment, limits: {}, options: {}, ...BEGINNINGS[connector].config(reached), ...defined({ account }) };
}

function driverDeps({ stdio, clock, call }: CommandContext, root: string): Parameters<typeof identifyPlatform>[1] {
  const redactor = new Redactor();
  return { secret: (ref) => resolveSecret(ref, { env: stdio.env, redactor, root, signal: call.signal }), clock };
}

const MEANS: Readonly<Record<Environment, string>> = {
  production: 'real customers; each write needs a typed confirmation',
  staging: 'a copy of it',
  sandbox: 'for trying things out',
};

/** The account as the platform itself names it; undefined where it cannot be asked yet. Says which. */
async function accountOf(context: CommandContext, initial: Initial, root: string): Promise<string | undefined> {
  const { live, style, call } = context;
  live.start('Checking which account this is');
  try {
    const identity = await identifyPlatform(configOf(initial), driverDeps(context, root), call);
    live.stop();
    live.print(`  ${style.glyph.done} It says that it is ${visible(identity.label)}, account ${visible(identity.account)}`);
    return identity.account;
  } catch (error) {
    live.stop();
    if (!isRunbackError(error) || error.code === 'interrupted') throw error;
    live.print(`  ${style.glyph.warning} It did not answer yet: ${visible(error.message)}`);
    return undefined;
  }
}

/** runback.yml for what was answered. */
export function workspaceText({
  connector,
  environment,
  account,
  writer,
  sync = 'the-sync',
  fields = [],
  others = [],
  advice = [],
  found = [],
  ...reached
}: Initial): string {
  const chosen = found.flatMap((one) => one.chosen);
  return [
    'version: 1',
    '# Platforms that hold records. Secrets are never written here: env:, file:, command: or keychain: say where they are.',
    'platforms:',
    `  ${connector}:`,
    `    connector: ${connector}`,
    `    environment: ${environment.padEnd(27)} # production, staging or sandbox; checked against the platform itself`,
    ...(account === undefined ? ['    # account:        which one it is; runback doctor says it'] : [`    account: ${JSON.stringify(account)}`]),
    ...reachedLines(connector, reached),
    ...otherObjectLines(others),
    ...adviceLines(advice),
    ...(found.some(({ chosen }) => chosen.length > 0)
      ? [
          '# What writes to it, or is set off by its records. Take out what does neither: docs/syncs.md.',
          'syncs:',
          ...syncEntryLines(found, connector, writer),
        ]
      : writer === undefined
        ? ['# Integrations that write to it, by their tool (controller: n8n, fivetran, hubspot-workflow …): docs/syncs.md says how.', 'syncs: {}']
        : syncLines(connector, sync, writer, fields)),
    'backups:',
    '  storage: backups',
    '  jobs: {}',
    ...watchedLines(connector, reached, [...namesOf(chosen), ...(chosen.length === 0 && writer !== undefined ? [sync] : [])]),
    '',
  ].join('\n');
}

/** Names of chosen syncs, as {@link syncEntryLines} gives them. */
function namesOf(chosen: readonly { readonly title: string }[]): readonly string[] {
  const taken: string[] = [];
  for (const { title } of chosen) taken.push(nameFor(title, taken));
  return taken;
}

/** What could be watched, as comments: nothing is measured, and nobody told, before a person wants it. */
function watchedLines(connector: Connectable, reached: Reached, syncs: readonly string[]): readonly string[] {
  const beginning = BEGINNINGS[connector];
  const { objects = [] } = beginning.config(reached);
  const proposed = proposeMonitors(
    { platforms: [{ name: connector, objects, ...beginning.tells }], syncs, jobs: [], mappings: [] },
    undefined,
    new Set(),
  );
  return [
    '# What is measured again and again, and of what people are told: take the # away where you want it. docs/monitors.md says more,',
    '# and runback doctor --monitors proposes more when there are backup jobs and mappings.',
    ...proposedLines(proposed, { before: '# ', alerts: true }),
  ];
}

/** What a platform proposes, as comments: a sentence, and the line to take the # away from. */
function adviceLines(advice: readonly string[]): readonly string[] {
  return advice.flatMap((sentence) => {
    const cut = sentence.indexOf('  audit: ');
    return cut === -1 ? [] : [`    # ${visible(sentence.slice(0, cut))}`, `    # ${visible(sentence.slice(cut).trim())}`];
  });
}

/** What writes, with how it is stopped still to be filled in. */
function syncLines(platform: string, name: string, writer: string, fields: readonly string[]): readonly string[] {
  return [
    '# What writes by itself: fill in how it is paused, and take the # away. docs/syncs.md knows many tools (controller: n8n, fivetran …).',
    '# syncs:',
    ...entryLines(name, platform, [writer], fields),
    'syncs: {}',
  ];
}
