/** Characters that steer a terminal, reorder text or cannot be seen. They come from records, so they must never reach the terminal as they are. */
const STEERING = /[\p{Cc}\u2028\u2029\u200E\u200F\u202A-\u202E\u2066-\u2069\u200B\u2060\uFEFF]|\p{Surrogate}/gu;

/**
 * Text from a platform, a file or a vendor's message made safe to print: control characters become their pictures
 * (`␛`, `␤`), direction overrides and invisible ones their code (`⟨U+202E⟩`). What is printed then cannot move the
 * cursor, change colours, or look like something else.
 */
export function visible(text: string): string {
  return text.replaceAll(STEERING, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    if (code === 0x7f) return '␡';
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
  });
}

/** As {@link visible}, but line breaks stay line breaks: for instructions and messages. */
export function visibleLines(text: string): string {
  return text.replaceAll('\r\n', '\n').split('\n').map(visible).join('\n');
}

/** A record's value for people: text in quotes only where its edges would be lost, and absent, null and empty told apart. */
export function showValue(value: unknown): string {
  if (value === undefined) return '(absent)';
  if (value === null) return '(null)';
  if (value === '') return '(empty)';
  if (typeof value === 'string') return /^\s|\s$/u.test(value) ? `"${visible(value)}"` : visible(value);
  if (Array.isArray(value)) return value.length === 0 ? '(empty set)' : `{${value.map(showValue).join(', ')}}`;
  return visible(JSON.stringify(value));
}

/** Any value as text, not yet made safe to print: texts as they are, the rest as JSON. */
export function plainText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
