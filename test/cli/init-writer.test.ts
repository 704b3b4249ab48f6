import { expect, test } from 'vitest';

import { askWriter } from '../../src/cli/flows/initial-writer.js';
import { workspaceText } from '../../src/cli/flows/initial.js';
import type { Asker } from '../../src/cli/prompts/asker.js';
import type { CommandContext } from '../../src/cli/shell/command.js';
import { makeStyle } from '../../src/cli/views/text/style.js';
import { systemClock, silentReporter } from '../../src/lib/index.js';
import { integration, seedMessy, startHubSpotSandbox } from '../../src/sandbox/index.js';

/** A user would lose: the setting that tells damage from work, since nobody knows by heart what a sync writes. */

const DAY = 86_400_000;

/** Answers in the order of the questions; what was asked and printed. */
function terminal(answers: readonly (boolean | number)[]): { readonly context: CommandContext; readonly asker: Asker; readonly told: string[] } {
  const told: string[] = [];
  const left = [...answers];
  const next = (message: string): boolean | number => {
    told.push(`? ${message}`);
    const answer = left.shift();
    if (answer === undefined) throw new Error(`nobody answers ${message}`);
    return answer;
  };
  const asker = {
    confirm: async ({ message }: { readonly message: string }) => await Promise.resolve(next(message) === true),
    choose: async <T>({
      message,
      choices,
    }: {
      readonly message: string;
      readonly choices: readonly { readonly value: T; readonly name: string }[];
    }) => {
      for (const { name } of choices) told.push(`  - ${name}`);
      return await Promise.resolve((choices[Number(next(message))] as { readonly value: T }).value);
    },
  } as unknown as Asker;
  const live = { start: () => undefined, stop: () => undefined, print: (text: string) => void told.push(text) };
  const call = { signal: new AbortController().signal, reporter: silentReporter };
  return {
    context: {
      live,
      call,
      style: makeStyle({ columns: 80, level: 0, accessible: false, unicode: true, now: () => new Date('2026-11-28T17:00:00Z') }),
      clock: systemClock,
    } as unknown as CommandContext,
    asker,
    told,
  };
}

test('init looks at who wrote, if asked to, and puts writer and fields into the entry of the sync', async () => {
  const sandbox = await startHubSpotSandbox({ seed: 3 });
  try {
    const { contacts } = seedMessy(sandbox, { contacts: 60, companies: 2, deals: 2, seed: 3 });
    const sync = sandbox.writeAs(integration('48621', 'Points & More'));
    for (let day = 30; day > 0; day -= 1)
      for (const [n, id] of contacts.slice(0, 4).entries())
        sync.update('contacts', id, { loyalty_points: String(day * 10 + n) }, Date.now() - day * DAY);
    sandbox.catchUpSearch();
    const config: unknown = {
      name: 'hubspot',
      connector: 'hubspot',
      environment: 'sandbox' as const,
      url: sandbox.url,
      credentials: { token: 'env:T' as const },
      objects: ['contacts'],
      limits: {},
      options: {},
    };
    const deps = { secret: async () => await Promise.resolve(sandbox.token), clock: systemClock };
    const { context, asker, told } = terminal([true, 0, true]);
    const seen = await askWriter(context, asker, config as Parameters<typeof askWriter>[2], deps);
    expect(seen).toEqual({ writer: 'INTEGRATION:48621', sync: 'points-more', fields: ['contacts.loyalty_points'] });
    expect(told).toContain('  - Points & More, INTEGRATION:48621');
    const text = workspaceText({ connector: 'hubspot', environment: 'sandbox', secret: 'env:T', ...seen });
    // Still to be filled in: how it is paused is not known.
    expect(text).toMatch(/#   points-more:\n[^]*#     writes_as: \["INTEGRATION:48621"\]\n#     fields: .*\n#       - contacts\.loyalty_points\n/u);
    expect(text).toContain('\nsyncs: {}\n');

    const refused = terminal([false]);
    const before = sandbox.counts().requests;
    expect(await askWriter(refused.context, refused.asker, config as Parameters<typeof askWriter>[2], deps)).toBeUndefined();
    expect(sandbox.counts().requests - before).toBeLessThanOrEqual(2);
  } finally {
    await sandbox.stop();
  }
});
