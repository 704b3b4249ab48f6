import { setElements, type FieldSchema } from '../../records/index.js';
import { THRESHOLDS } from '../thresholds.js';
import type { Cell, Label, Write } from '../types.js';
import { isArtefact, isDecoded, sameButForm } from './texts.js';
import { dayOf, isEmpty, numberOf, textOf, timeOf } from './values.js';

const DAY_MS = 86_400_000;

/** A write with what its kind is judged by beside its values. */
export interface Judged extends Write {
  /** Field of the same record whose earlier value was written. */
  readonly movedFrom?: string;
  /** It was written by runback. */
  readonly own?: boolean;
  /** What the cell held before the value that was overwritten. */
  readonly earlier?: readonly Cell[];
}

/**
 * The kind of one write, by the value before it and the value written: what can be seen without looking at others.
 * `untilMs`: when a write without a time had been made at the latest.
 */
export function kindOf(write: Judged, schema: FieldSchema | undefined, sinceMs: number, untilMs: number): Label {
  const { before, after } = write;
  if (write.own === true && write.earlier?.some((value) => textOf(value) === textOf(after)) === true) return 'put-back';
  const consent = consentOf(before, after, schema);
  if (consent !== undefined) return consent;
  if (isEmpty(after)) return 'emptied';
  if (typeof after === 'string' && schema?.type !== 'enum' && isArtefact(after)) return 'artefact';
  if (isStamp(write, sinceMs, untilMs)) return 'stamp';
  if (isEmpty(before)) return 'filled';
  if (schema?.type === 'set') return setKind(before, after);
  if (typeof before !== 'string' || typeof after !== 'string') return 'other';
  if (schema?.type === 'enum' || schema?.type === 'boolean') return 'other';
  if (isDecoded(before, after)) return 'decoded';
  if (isExchanged(before, after)) return 'day-month';
  if (numberOf(before) !== undefined && numberOf(before) === numberOf(after)) return 'form';
  if (sameButForm(before, after) || isDecoded(after, before)) return 'form';
  if (write.movedFrom !== undefined) return 'moved';
  return isShortened(before, after) ? 'shortened' : 'other';
}

function isShortened(before: string, after: string): boolean {
  return numberOf(before) === undefined && after.length >= THRESHOLDS.leastLeft && before.length > after.length && before.startsWith(after);
}

function consentOf(before: Cell, after: Cell, schema: FieldSchema | undefined): 'opted-in' | 'opted-out' | undefined {
  if (schema?.optedOut === undefined) return undefined;
  const isOut = (value: Cell): boolean => schema.optedOut?.some((out) => textOf(out) === textOf(value)) === true;
  if (isOut(before) === isOut(after)) return undefined;
  return isOut(before) ? 'opted-in' : 'opted-out';
}

/** A day or time that says when it was written. */
function isStamp({ after, atMs }: Write, sinceMs: number, untilMs: number): boolean {
  const ms = timeOf(after);
  if (ms === undefined) return false;
  return atMs === undefined ? ms >= sinceMs - DAY_MS && ms <= untilMs : Math.abs(ms - atMs) <= 1.1 * DAY_MS;
}

function setKind(before: Cell, after: Cell): Label {
  const [old, now] = [setElements(before), setElements(after)];
  if (old === undefined || now === undefined) return 'other';
  if (old.every((element) => now.includes(element))) return 'grown';
  return now.length < old.length || !now.some((element) => old.includes(element)) ? 'shrunk' : 'other';
}

/** The same day with day and month exchanged. */
function isExchanged(before: string, after: string): boolean {
  const [a, b] = [dayOf(before), dayOf(after)];
  return a !== undefined && b !== undefined && a.year === b.year && a.month === b.day && a.day === b.month && a.month !== a.day && a.rest === b.rest;
}
