import { randomUUID } from 'node:crypto';

import type { FieldSchema, PlatformRecord } from '../../records/index.js';
import type { TrueValues } from '../../sandbox/index.js';

/** Room that a marker needs, characters. */
export const MARKER_LENGTH = 23;
const GUESSED = 17;
/** Letters and digits of a marker by which it is known again where a platform has cut it off. */
const KNOWN_BY = 16;
/** Hexadecimal digits that stand together in it, whatever became of its hyphens. */
const TOGETHER = 8;

/** A text that nobody could have guessed. */
export const newMarker = (): string => `drill-${randomUUID().slice(0, GUESSED)}`;

/**
 * Whether a text holds a marker: in letters of any case, with or without its hyphens, among other text, and cut off after
 * sixteen of its letters and digits.
 */
export function carries(text: string, marker: string): boolean {
  const low = text.toLowerCase();
  return low.includes(togetherOf(marker)) && bare(low).includes(bare(marker).slice(0, KNOWN_BY));
}

/** Where a record holds one of these markers; undefined where it holds none. */
export function foundIn(
  { key, fields, meta }: PlatformRecord,
  markers: readonly string[],
): { readonly marker: string; readonly field: string } | undefined {
  const all = JSON.stringify([key, fields, meta]).toLowerCase();
  const marker = markers.find((one) => all.includes(togetherOf(one)) && carries(all, one));
  if (marker === undefined) return undefined;
  const [field] = Object.entries({ ...meta, ...fields }).find(([, value]) => carries(JSON.stringify(value), marker)) ?? ['key'];
  return { marker, field };
}

/** The same for what a record holds as texts. */
export const heldBy = (values: TrueValues, marker: string): boolean => Object.values(values).some((value) => carries(value, marker));

const togetherOf = (marker: string): string => marker.slice('drill-'.length, 'drill-'.length + TOGETHER);
const bare = (text: string): string => text.replaceAll(/[^a-z\d]/gu, '');

/** A text that takes any value, and that nothing else hangs on. */
export const takesAnything = ({
  type,
  readOnly,
  unique,
  options,
  group,
  optedOut,
  byHand,
  viaLink,
  setsAlso,
  maxLength = MARKER_LENGTH,
}: FieldSchema): boolean =>
  type === 'string' &&
  !readOnly &&
  unique !== true &&
  maxLength >= MARKER_LENGTH &&
  [options, group, optedOut, byHand, viaLink, setsAlso].every((special) => special === undefined);
