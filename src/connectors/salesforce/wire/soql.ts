/** A text as SOQL quotes it. */
export function quoted(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replaceAll('\b', '\\b')
    .replaceAll('\f', '\\f');
  return `'${escaped}'`;
}

/** A list for IN. */
export function listed(texts: readonly string[]): string {
  return `(${texts.map(quoted).join(',')})`;
}

/** A time as SOQL writes it, without quotes. */
export function timeOf(at: Date): string {
  return at.toISOString();
}

/** Characters of a request's path that Salesforce takes with certainty: addresses over 16,384 are refused with 414 or 431. */
export const LONGEST_PATH = 15_000;

/** A query as part of a path: short, since its length counts. */
export function encoded(soql: string): string {
  return encodeURIComponent(soql).replaceAll('%20', '+').replaceAll('%2C', ',').replaceAll('%3A', ':');
}
