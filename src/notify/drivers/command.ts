import { z } from 'zod';

import { type ProgramEnd, runProgram, shortEnvironment } from '../../lib/index.js';
import type { Channel, Delivery } from '../channel.js';
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

/** `EX_TEMPFAIL` of sysexits.h. */
const TRY_AGAIN = 75;
const SAID = 400;

/** A program on this machine. Exit status 0: accepted; 75: try again; anything else: failed for good. */
export function commandChannel(config: ChannelConfig, deps: ChannelDeps): Channel {
  const options = optionsOf(config, optionsSchema);
  return channelOf(config, deps, {
    async send(page, { signal, attempt }) {
      const own: Record<string, string> = {};
      for (const [name, value] of Object.entries(options.env)) own[name] = await valueOf(value, deps);
      Object.assign(own, { RUNBACK_PAGE_KEY: page.key, RUNBACK_PAGE_ATTEMPT: String(attempt) });
      const end = await runProgram(options.run, {
        cwd: deps.root,
        env: shortEnvironment(deps.environment, own),
        input: `${JSON.stringify({ ...page, attempt })}\n`,
        timeoutMs: options.timeout_seconds * 1000,
        // What it prints is not looked at.
        maxOutputBytes: 0,
        signal,
      });
      return deliveryOf(options.run[0] ?? '', options.timeout_seconds, end, deps);
    },
  });
}

function deliveryOf(program: string, seconds: number, end: ProgramEnd, deps: ChannelDeps): Delivery {
  switch (end.state) {
    case 'not-started':
      return { state: 'permanent', why: `${program} could not be started: ${end.why}` };
    case 'timed-out':
      return { state: 'transient', why: `${program} did not end within ${seconds} s` };
    case 'aborted':
      return { state: 'transient', why: `${program} was stopped before it was done` };
    case 'signalled':
      return { state: 'transient', why: `${program} was ended by ${end.signal}` };
    case 'exited':
      break;
  }
  if (end.status === 0) return { state: 'accepted', receipt: { exit: '0' } };
  const said = oneLine(deps.redact(end.stderr)).slice(-SAID);
  return {
    state: end.status === TRY_AGAIN ? 'transient' : 'permanent',
    why: `${program} ended with exit status ${end.status}${said === '' ? '' : `: ${said}`}`,
  };
}
