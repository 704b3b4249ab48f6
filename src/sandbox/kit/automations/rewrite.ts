import type { Rewriting } from '../../automation.js';

/** A value in another form; the same where it has none of that form. Numbers without a country code are of North America. */
export function rewritten(value: string, as: Rewriting): string {
  if (as === 'trimmed') return value.trim().replaceAll(/ {2,}/gu, ' ');
  if (as === 'capitals') return value.toLowerCase().replaceAll(/(?<![\p{L}\p{N}])\p{L}/gu, (letter) => letter.toUpperCase());
  // An extension, or no number at all.
  if (/\p{L}/u.test(value)) return value;
  const digits = value.replaceAll(/\D/gu, '');
  if (value.trim().startsWith('+') && digits.length >= 8 && digits.length <= 15) return `+${digits}`;
  if (digits.length === 10) return `+1${digits}`;
  return digits.length === 11 && digits.startsWith('1') ? `+${digits}` : value;
}
