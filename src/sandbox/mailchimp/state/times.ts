/** A time as Mailchimp tells it: whole seconds, `+00:00`; empty where there is none. */
export const timeOf = (ms: number | undefined): string =>
  ms === undefined ? '' : `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}+00:00`;

/** Milliseconds of a time in ISO 8601; undefined where it is none. A time without a zone is UTC. */
export function msOf(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/.test(text)) return undefined;
  const plain = text.replace(' ', 'T');
  const ms = Date.parse(/T/.test(plain) && !/(?:Z|[+-]\d\d:?\d\d)$/.test(plain) ? `${plain}Z` : plain);
  return Number.isNaN(ms) ? undefined : ms;
}
