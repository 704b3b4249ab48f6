export * from './channel.js';
export type { ChannelDeps } from './driver.js';
export type { Attempt, Outbox, OutboxOptions, PageRecord } from './outbox/outbox.js';
export { CHANNEL_TRAITS, openChannel } from './registry.js';
export { openOutbox } from './outbox/open.js';
