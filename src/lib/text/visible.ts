/**
 * Characters that steer a terminal, reorder text or cannot be seen. They come from records, so they must never reach a
 * screen or a document as they are.
 */
const STEERING = /[\p{Cc}\u061C\u180E\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]|\p{Surrogate}/gu;
const STEERING_BUT_LAYOUT = new RegExp(`(?![\\n\\t])(?:${STEERING.source})`, 'gu');

/**
 * Text from a platform, a file or a vendor's message made safe to print: control characters become their pictures
 * (`␛`, `␊`), direction overrides and invisible ones their code (`⟨U+202E⟩`). What is printed then cannot move the
 * cursor, change colours, or look like something else.
 */
export function visible(text: string): string {
  return text.replaceAll(STEERING, sign);
}

/** As {@link visible}, but line breaks stay line breaks: for instructions and messages. */
export function visibleLines(text: string): string {
  return text.replaceAll('\r\n', '\n').split('\n').map(visible).join('\n');
}

/** As {@link visibleLines}, but tabs stay as well: for whole documents and screens. */
export function visibleDocument(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll(STEERING_BUT_LAYOUT, sign);
}

/**
 * JSON text that steers no terminal and means the very same value: what {@link visible} would show as a sign is written
 * as `\u…`.
 */
export function escapedJson(json: string): string {
  return json.replaceAll(STEERING, (character) =>
    [...Array(character.length).keys()].map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  );
}

function sign(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '␡';
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}
