import type { Cause } from '../../automation.js';

/** What a field holds; one that holds nothing is not there. Dates and times are texts in Salesforce's own form. */
export type Scalar = string | number | boolean;
export type Values = Readonly<Record<string, Scalar>>;

/** A record, the fields of the platform (`CreatedDate`) among its values. Never changed: it is replaced. */
export interface StoredRecord {
  readonly id: string;
  readonly values: Values;
  /** The number of the deletion that it went with, while it is in the recycle bin. */
  readonly deletion?: number;
}

/** Whoever writes. */
export interface Writer {
  readonly userId: string;
  readonly cause: Cause;
  /** The request that asks for it; absent where nobody asked by the API. */
  readonly request?: string;
  /** What is not for the API to see or write is to this one. */
  readonly isAdmin: boolean;
  /** May set audit fields on create. */
  readonly auditFields: boolean;
  /** Takes duplicates of a rule that only warns. */
  readonly allowsDuplicates: boolean;
}

/** A write that was asked for. */
export interface WriteEntry {
  readonly action: 'create' | 'update' | 'delete' | 'undelete' | 'purge';
  readonly object: string;
  readonly id: string;
  readonly at: number;
  readonly userId: string;
  readonly request?: string;
}

/** A time as Salesforce tells it: whole seconds, UTC. */
export const timeOf = (ms: number): string => `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, -1)}+0000`;
export const msOf = (time: string): number => Date.parse(time.replace(/\+0000$/, 'Z'));
