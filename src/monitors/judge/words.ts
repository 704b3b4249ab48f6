/** `about 40`, `2`, `0.4`: as exact as it is of use. */
export function numberText(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value >= 10 || Number.isInteger(value) ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
}

/** `1 record`, `40 records`. */
export function counted(value: number, one: string): string {
  const text = numberText(value);
  return `${text} ${one}${text === '1' ? '' : 's'}`;
}

/** A share as people read it: `5 %`, `0.4 %`. */
export function percentText(share: number): string {
  const percent = share * 100;
  return `${percent >= 10 ? Math.round(percent) : Math.round(percent * 10) / 10} %`;
}
