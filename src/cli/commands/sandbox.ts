import { randomUUID } from 'node:crypto';

import { stageBadSync } from '../../drills/index.js';
import { parseDuration } from '../../lib/index.js';
import { leaveToken, leftToken, seedSandbox } from '../../stages/index.js';
import type { CommandSpec, OptionSpec, Outcome, CommandContext } from '../shell/command.js';
import { count, counted } from '../views/text/format.js';
import { dataVerb } from './sandbox-data.js';

/** What the shipped runback.yml expects. */
const SHIPPED = { port: 48_620, syncPort: 48_621 } as const;

const sizesOf = ({ input }: CommandContext) => ({
  contacts: input.integer('contacts') ?? 5000,
  companies: input.integer('companies') ?? 800,
  deals: input.integer('deals') ?? 500,
  seed: input.integer('seed') ?? 7,
});

async function start(context: CommandContext): Promise<Outcome> {
  const { input, live, call, clock, style } = context;
  const sizes = sizesOf(context);
  const wrongAfter = input.text('go-wrong');
  const wrongAfterMs = wrongAfter === undefined ? undefined : parseDuration(wrongAfter);
  // Made anew at each start: whatever runs on this machine can reach the sandbox.
  const token = input.text('token') ?? `pat-na1-${randomUUID()}`;
  const story = await stageBadSync({
    ...sizes,
    fixed: { port: input.port('port') ?? SHIPPED.port, syncPort: input.port('sync-port') ?? SHIPPED.syncPort, token },
  });
  const takeAway = await leaveToken(new URL(story.sandbox.url).port, token);
  try {
    context.event({ type: 'listening', url: story.sandbox.url, sync: story.integration.url, token });
    live.print(`${style.glyph.done} HubSpot sandbox with ${count(sizes.contacts)} contacts at ${story.sandbox.url}`);
    live.print(`${style.glyph.done} A sync that writes to it, controlled at ${story.integration.url}`);
    live.print(
      `\nIn another terminal, with the shipped runback.yml:\n  export HUBSPOT_TOKEN=${token}\n  runback doctor\n  runback snapshot create --platform hubspot\n\nCtrl-C ends it; nothing is kept.`,
    );
    if (wrongAfterMs !== undefined) {
      await untilStopped(clock.sleep(wrongAfterMs, call.signal), call.signal);
      if (!call.signal.aborted) {
        const done = story.goWrong();
        context.event({ type: 'went-wrong', ...done });
        live.print(
          `\n${style.glyph.warning} The sync has gone wrong: ${counted(done.overwritten, 'first names')} overwritten, ${counted(done.emptied, 'phones')} emptied, ${counted(done.duplicates, 'duplicates')}.`,
        );
        live.print('Your turn: runback runbook run mass-overwrite');
      }
    }
    await untilStopped(new Promise(() => {}), call.signal);
    return { data: { stopped: true, requests: story.sandbox.counts().requests }, text: () => 'The sandbox has ended.' };
  } finally {
    await takeAway();
    await story.stop();
  }
}

/** Waits for something, or for Ctrl-C, which is how a sandbox ends. */
async function untilStopped(waiting: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const alive = setInterval(() => {}, 60_000);
  try {
    await Promise.race([
      waiting.catch(() => undefined),
      new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve(), { once: true });
      }),
    ]);
  } finally {
    clearInterval(alive);
  }
}

async function seed(context: CommandContext): Promise<Outcome> {
  const { input, clock, call } = context;
  // Another seed each time: the same one would bring the same e-mail addresses, which are taken.
  const sizes = { ...sizesOf(context), seed: input.integer('seed') ?? clock.now().getTime() % 1_000_000_007 };
  const url = input.text('url') ?? `http://127.0.0.1:${SHIPPED.port}`;
  const port = URL.canParse(url) ? new URL(url).port : '';
  const token = input.text('token') ?? (await leftToken(port)) ?? '';
  await seedSandbox({ url, token }, sizes, clock, call);
  return {
    data: sizes,
    text: (style) =>
      `${style.glyph.done} Added ${count(sizes.contacts)} contacts, ${count(sizes.companies)} companies and ${count(sizes.deals)} deals at ${url}`,
  };
}

const SIZES: readonly OptionSpec[] = [
  { flags: '--contacts <n>', description: 'default 5,000' },
  { flags: '--companies <n>', description: 'default 800' },
  { flags: '--deals <n>', description: 'default 500' },
  { flags: '--seed <n>', description: 'the same number gives the same records' },
];

export const commands: readonly CommandSpec[] = [
  {
    verb: 'start',
    summary: 'Start a HubSpot account on this machine, filled, with a sync that writes',
    details: "It speaks HubSpot's API on loopback only and keeps nothing when it ends. docs/sandbox.md says what it can do.",
    options: [
      ...SIZES,
      { flags: '--token <token>', description: 'what the API asks for; made at the start by default, and printed' },
      { flags: '--port <port>', description: `default ${SHIPPED.port}, which the shipped runback.yml expects` },
      { flags: '--sync-port <port>', description: `of the sync's control API; default ${SHIPPED.syncPort}` },
      { flags: '--go-wrong <duration>', description: 'let the sync go wrong after this time, such as 2m' },
    ],
    examples: ['runback sandbox start --go-wrong 2m'],
    run: start,
  },
  {
    verb: 'seed',
    summary: 'Add invented records to a running sandbox',
    options: [
      ...SIZES,
      { flags: '--token <token>', description: 'what the sandbox printed; by default found by itself' },
      { flags: '--url <url>', description: 'address of the sandbox' },
    ],
    run: seed,
  },
  dataVerb,
];
