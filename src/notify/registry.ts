import { RunbackError, suggest } from '../lib/index.js';
import type { Channel, ChannelTraits } from './channel.js';
import type { ChannelConfig, ChannelDeps } from './driver.js';

const FOR_PEOPLE = { confirms: true, readByPeople: true, followsLifecycle: true } as const;
const FOR_SERVICES = { media: ['channel'], confirms: true, readByPeople: false, followsLifecycle: true } as const;

/** What is known of every type of channel without loading its driver. */
export const CHANNEL_TRAITS: Readonly<Record<string, ChannelTraits>> = {
  email: { media: ['email', 'channel'], ...FOR_PEOPLE },
  slack: { media: ['channel'], ...FOR_PEOPLE },
  teams: { media: ['channel'], ...FOR_PEOPLE },
  twilio: { media: ['sms', 'voice'], ...FOR_PEOPLE, followsLifecycle: false },
  pagerduty: FOR_SERVICES,
  opsgenie: FOR_SERVICES,
  webhook: FOR_SERVICES,
  command: { ...FOR_SERVICES, confirms: false },
  bell: { media: ['channel'], ...FOR_PEOPLE, confirms: false, followsLifecycle: false },
};

type Driver = (config: ChannelConfig, deps: ChannelDeps) => Channel;

const DRIVERS: Readonly<Record<string, () => Promise<Driver>>> = {
  email: async () => (await import('./drivers/email.js')).emailChannel,
  slack: async () => (await import('./drivers/slack.js')).slackChannel,
  teams: async () => (await import('./drivers/teams.js')).teamsChannel,
  twilio: async () => (await import('./drivers/twilio.js')).twilioChannel,
  pagerduty: async () => (await import('./drivers/pagerduty.js')).pagerdutyChannel,
  opsgenie: async () => (await import('./drivers/opsgenie.js')).opsgenieChannel,
  command: async () => (await import('./drivers/command.js')).commandChannel,
  bell: async () => (await import('./drivers/bell.js')).bellChannel,
  webhook: async () => (await import('./drivers/webhook.js')).webhookChannel,
};

/**
 * Opens one channel; only its own driver is loaded, and nothing is sent. Throws `file-invalid` for an unknown type or
 * settings that do not fit it.
 */
export async function openChannel(config: ChannelConfig, deps: ChannelDeps): Promise<Channel> {
  const driver = Object.hasOwn(DRIVERS, config.type) ? DRIVERS[config.type] : undefined;
  if (driver) return (await driver())(config, deps);
  const near = suggest(config.type, Object.keys(DRIVERS));
  throw new RunbackError('file-invalid', `escalation.yml: channels.${config.name}.type: there is no type of channel "${config.type}"`, {
    why: `Known are ${Object.keys(DRIVERS).join(', ')}.`,
    state: 'Nothing was sent.',
    next: near ? `Did you mean "${near}"?` : 'The types webhook and command work with anything that can be called.',
    data: { channel: config.name },
  });
}
