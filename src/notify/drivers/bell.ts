import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

import { z } from 'zod';

import type { Channel } from '../channel.js';
import { type ChannelConfig, type ChannelDeps, channelOf, optionsOf } from '../driver.js';
import { fit, oneLine } from '../text.js';
import { subjectOf } from '../wording.js';

const optionsSchema = z.strictObject({});
const LINE = 200;

/**
 * Rings the bell of the terminal this process belongs to, and says in one line why. Proves nothing: nobody may sit
 * there.
 */
export function bellChannel(config: ChannelConfig, deps: ChannelDeps): Channel {
  optionsOf(config, optionsSchema);
  return channelOf(config, deps, {
    async send(page, { attempt }) {
      const line = fit(`${page.incident.severity}  ${subjectOf(page)} (${oneLine(page.incident.id)})${attempt > 1 ? ' (again)' : ''}`, LINE);
      try {
        const terminal = await open(deps.terminal ?? '/dev/tty', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
        try {
          await terminal.write(`\u0007\r\n${line}\r\n`);
        } finally {
          await terminal.close();
        }
      } catch {
        return { state: 'permanent', why: 'no terminal' };
      }
      return { state: 'accepted', receipt: { at: deps.clock.now().toISOString() } };
    },
  });
}
