import type { KnownSide } from '../../flows/reconciliations/known-twice.js';
import { tellingField } from '../../flows/reconciliations/tell-apart.js';
import { recordText } from '../restores/record.js';
import { time } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';

/** A record that matches twice, the name before the id. */
export function twiceText(object: string, key: string, { records }: KnownSide): string {
  return recordText(object, key, () => records.get(key)?.look ?? {});
}

/**
 * What tells a record from the others that match as well: one field that is different, who owns it, when it was changed last and by whom.
 * Undefined where nothing of it is known. Not yet redacted.
 */
export function twiceFacts(group: readonly string[], key: string, { records, telling }: KnownSide, style: Style): string | undefined {
  const one = records.get(key);
  if (one === undefined) return undefined;
  const told = tellingField(
    group.map((each) => records.get(each)?.holds ?? {}),
    telling,
  );
  const value = told?.values[group.indexOf(key)];
  const { changed, look } = one;
  const parts = [
    ...(told === undefined ? [] : [`${told.field} ${value ?? '(nothing)'}`]),
    ...(look.owner === undefined ? [] : [`owner ${look.owner}`]),
    ...(changed?.at === undefined ? [] : [`changed ${time(changed.at, style)}${changed.by === undefined ? '' : ` by ${changed.by}`}`]),
  ];
  return parts.length === 0 ? undefined : visible(parts.join('; '));
}
