export * from './channel.js';
export type { Attempt, Outbox, OutboxOptions, PageRecord } from './outbox.js';
