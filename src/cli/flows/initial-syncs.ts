import { isRunbackError } from '../../lib/index.js';
import { type FoundSync, type ListingTool, listingTools, listSyncs } from '../../syncs/index.js';
import type { PlatformConfig, SecretRef } from '../../workspace/index.js';
import type { Asker } from '../prompts/asker.js';
import type { CommandContext } from '../shell/command.js';
import { nameFor } from '../views/field-proposals.js';
import { counted } from '../views/text/format.js';
import { visible } from '../views/text/visible.js';
import { isAddress, isReference } from './initial-answers.js';

/** How a tool is reached: nothing of it is a secret. */
interface ReachedTool {
  readonly tool: ListingTool;
  readonly url?: string;
  readonly credentials: Readonly<Record<string, SecretRef>>;
}

/** Syncs of one tool that a person chose, and what else it has. */
export interface FoundOf extends ReachedTool {
  readonly chosen: readonly FoundSync[];
  readonly others: readonly FoundSync[];
}

/** What resolves references, as for platforms. */
export type Secrets = (ref: SecretRef) => Promise<string>;

/** Where the secrets of a platform's own automations are: the same that the platform is reached with. */
const SAME_AS: Readonly<Record<string, (platform: PlatformConfig) => Readonly<Record<string, SecretRef | undefined>>>> = {
  hubspot: ({ credentials }) => ({ token: credentials['token'] }),
  salesforce: ({ credentials }) => ({ id: credentials['client_id'], secret: credentials['client_secret'] }),
  mailchimp: ({ credentials }) => ({ key: credentials['token'] }),
};
/** Tools that are a part of a platform, by the beginning of their name. */
const partOf = ({ kind }: ListingTool): string => kind.split('-')[0] ?? kind;

/** Asks which tools write to a platform or are set off by its records, looks at what they have, and asks which of that is taken. Only reads. */
export async function askSyncs(context: CommandContext, asker: Asker, platform: PlatformConfig, secret: Secrets): Promise<readonly FoundOf[]> {
  const tools = (await listingTools()).filter((tool) => !Object.hasOwn(SAME_AS, partOf(tool)) || partOf(tool) === platform.connector);
  const wanted = await asker.several<ListingTool>({
    message: 'Which of these write to it, or are set off by its records? They are asked what they have; nothing is changed',
    choices: tools.map((tool) => ({ value: tool, name: tool.name, ...(partOf(tool) === platform.connector ? { checked: true as const } : {}) })),
  });
  const found: FoundOf[] = [];
  for (const tool of wanted) {
    const reached = await reachedBy(context, asker, tool, platform);
    const listed = await lookAt(context, reached, secret);
    if (listed === undefined || listed.length === 0) continue;
    found.push({ ...reached, ...(await chosenOf(asker, tool, listed)) });
  }
  return found;
}

async function reachedBy(context: CommandContext, asker: Asker, tool: ListingTool, platform: PlatformConfig): Promise<ReachedTool> {
  if (partOf(tool) === platform.connector) {
    const credentials = Object.entries(SAME_AS[platform.connector]?.(platform) ?? {}).flatMap(([name, ref]) =>
      ref === undefined ? [] : [[name, ref]],
    );
    const url = platform.url ?? tool.url;
    return { tool, credentials: Object.fromEntries(credentials) as ReachedTool['credentials'], ...(url === undefined ? {} : { url }) };
  }
  const usual = tool.url ?? `https://${tool.kind.split('-')[0] ?? ''}.example.com`;
  const url = await asker.text({ message: `Where is ${tool.name}?`, default: usual, validate: isAddress });
  const credentials: Record<string, SecretRef> = {};
  for (const name of tool.credentials) {
    const ref = await asker.text({ message: `Where is its ${name}?`, default: `env:${upper(tool.kind)}_${upper(name)}`, validate: isReference });
    credentials[name] = ref.trim() as SecretRef;
  }
  return { tool, credentials, url: url.trim() };
}

const upper = (text: string): string => text.replaceAll('-', '_').toUpperCase();

/** What a tool has; undefined where it did not answer, which is told. */
async function lookAt(context: CommandContext, { tool, url, credentials }: ReachedTool, secret: Secrets): Promise<readonly FoundSync[] | undefined> {
  const { live, style, call, clock, stdio } = context;
  const known: string[] = [];
  const resolved = async (ref: SecretRef): Promise<string> => {
    const value = await secret(ref);
    known.push(value);
    return value;
  };
  live.start(`Asking ${tool.name} what it has`);
  try {
    const found = await listSyncs(
      tool.kind,
      {
        name: tool.kind,
        options: url === undefined ? {} : { url },
        credentials: async () => {
          const values: Record<string, string> = {};
          for (const [name, ref] of Object.entries(credentials)) values[name] = await resolved(ref);
          return values;
        },
        secret: resolved,
        redact: (text) => known.reduce((clean, one) => clean.replaceAll(one, '[redacted]'), text),
        cwd: stdio.cwd,
        environment: stdio.env,
        clock,
      },
      call,
    );
    live.stop();
    live.print(
      `  ${style.glyph.done} ${tool.name}: ${counted(found.length, 'found', 'found')}, ${String(found.filter(({ runs }) => runs).length)} of them on`,
    );
    return found;
  } catch (error) {
    live.stop();
    if (!isRunbackError(error) || error.code === 'interrupted') throw error;
    live.print(
      `  ${style.glyph.warning} ${tool.name} did not answer: ${visible(error.message)}${error.why === undefined ? '' : ` ${visible(error.why)}`}`,
    );
    return undefined;
  }
}

async function chosenOf(asker: Asker, { name }: ListingTool, found: readonly FoundSync[]): Promise<Pick<FoundOf, 'chosen' | 'others'>> {
  const chosen = await asker.several<FoundSync>({
    message: `Which of them concern this platform? (${name})`,
    choices: found.map((one) => ({
      value: one,
      name: visible(one.title),
      beside: one.runs ? 'on' : 'off',
      ...(one.runs ? { checked: true as const } : {}),
    })),
  });
  return { chosen, others: found.filter((one) => !chosen.includes(one)) };
}

/** Others of a tool that a comment names at most. */
const MOST_NAMED = 20;

/** `syncs:` of runback.yml with what was chosen. `writer`: how the history names who writes, where it is known. */
export function syncEntryLines(found: readonly FoundOf[], platform: string, writer: string | undefined): readonly string[] {
  const taken: string[] = [];
  return found.flatMap(({ tool, url, credentials, chosen, others }) => [
    ...chosen.flatMap((one) => {
      const name = nameFor(one.title, taken);
      taken.push(name);
      const secrets = Object.entries(credentials).map(([key, ref]) => `${key}: ${plain(ref)}`);
      const isAutomation = tool.automationOf !== undefined;
      return [
        `  # ${tool.name}, ${one.runs ? 'on' : 'off'} when this file was made`,
        `  ${name}:`,
        `    title: ${quoted(one.title)}`,
        `    controller: ${tool.kind}`,
        ...(url === undefined || url === tool.url ? [] : [`    url: ${plain(url)}`]),
        `    id: ${quoted(one.id)}`,
        ...(secrets.length === 0 ? [] : [`    credentials: { ${secrets.join(', ')} }`]),
        `    writes_to: [${platform}]`,
        ...(isAutomation
          ? [`    reacts_to: [${platform}]               # a restore there starts only while it is paused, or a person accepts it`]
          : [
              writer === undefined
                ? '    # writes_as: how the history of the platform names it'
                : `    # writes_as: [${JSON.stringify(writer)}], if it is this one`,
            ]),
      ];
    }),
    ...others.slice(0, MOST_NAMED).map((one) => `  # not taken: ${tool.kind} ${quoted(one.id)} ${quoted(one.title)}`),
    ...(others.length > MOST_NAMED ? [`  # and ${String(others.length - MOST_NAMED)} more of ${tool.name}`] : []),
  ]);
}

/** A text of a tool in quotes, with nothing in it that ends a line or turns it around. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(UNSEEN, (one) => `\\u${(one.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}

const UNSEEN = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** A text as YAML: bare where that is one text. */
function plain(text: string): string {
  return /^[\w:./-]+$/u.test(text) ? text : JSON.stringify(text);
}
