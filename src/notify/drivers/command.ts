import { spawn } from 'node:child_process';

import { z } from 'zod';

import { messageOf } from '../../lib/index.js';
import type { Channel, Delivery, Page, SendOptions } from '../channel.js';
import { type ChannelConfig, type ChannelDeps, channelOf, optionsOf, valueOf } from '../driver.js';
import { oneLine } from '../text.js';

const optionsSchema = z.strictObject({
  run: z
    .array(z.string())
    .min(1)
    .describe('Program and arguments, one list item each. Never a shell line. The page comes as JSON on standard input.'),
  env: z.record(z.string(), z.string()).default({}).describe('Variables for the program; values may be references.'),
  timeout_seconds: z.number().int().min(1).max(300).default(20),
});

/** What of the environment a program sees beside its own: enough to find programs, no secrets. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'TZ', 'SystemRoot', 'USERPROFILE', 'TEMP', 'ComSpec'];
/** `EX_TEMPFAIL` of sysexits.h. */
const TRY_AGAIN = 75;
const KILL_AFTER_MS = 2000;
const SAID = 400;

/** A program on this machine. Exit status 0: accepted; 75: try again; anything else: failed for good. */
export function commandChannel(config: ChannelConfig, deps: ChannelDeps): Channel {
  const options = optionsOf(config, optionsSchema);
  return channelOf(config, deps, {
    async send(page, sending) {
      const env: Record<string, string> = { RUNBACK_PAGE_KEY: page.key, RUNBACK_PAGE_ATTEMPT: String(sending.attempt) };
      for (const name of PASSED_ON) {
        const value = deps.environment[name];
        if (value !== undefined) env[name] = value;
      }
      for (const [name, value] of Object.entries(options.env)) env[name] = await valueOf(value, deps);
      return await run(options.run, { cwd: deps.root, env, timeoutMs: options.timeout_seconds * 1000 }, page, sending);
    },
  });
}

interface Running {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

function run(
  [program = '', ...args]: readonly string[],
  { cwd, env, timeoutMs }: Running,
  page: Page,
  { signal, attempt }: SendOptions,
): Promise<Delivery> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env: { ...env }, shell: false, stdio: ['pipe', 'ignore', 'pipe'], windowsHide: true });
    let said = '';
    let late = false;
    let killer: NodeJS.Timeout | undefined;
    const end = (): void => {
      child.kill('SIGTERM');
      killer ??= setTimeout(() => {
        child.kill('SIGKILL');
        // What it started may hold on to its output; it is not waited for.
        child.stderr.destroy();
      }, KILL_AFTER_MS);
    };
    const timer = setTimeout(() => {
      late = true;
      end();
    }, timeoutMs);
    signal.addEventListener('abort', end, { once: true });
    const settle = (delivery: Delivery): void => {
      clearTimeout(timer);
      clearTimeout(killer);
      signal.removeEventListener('abort', end);
      resolve(delivery);
    };
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-SAID)));
    // A program need not read the page.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${JSON.stringify({ ...page, attempt })}\n`);
    child.once('error', (error) => settle({ state: 'permanent', why: `${program} could not be started: ${messageOf(error)}` }));
    child.once('close', (code, killedBy) => {
      const words = oneLine(said) === '' ? '' : `: ${oneLine(said)}`;
      if (late) settle({ state: 'transient', why: `${program} did not end within ${timeoutMs / 1000} s` });
      else if (code === 0) settle({ state: 'accepted', receipt: { exit: '0' } });
      else if (code === null) settle({ state: 'transient', why: `${program} was ended by ${killedBy ?? 'a signal'}` });
      else settle({ state: code === TRY_AGAIN ? 'transient' : 'permanent', why: `${program} ended with exit status ${code}${words}` });
    });
  });
}
