const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [OPEN, CLOSE] = [0x7b, 0x7d];
const [ZERO, NINE] = [0x30, 0x39];
const MOST_DIGITS = 9;

/**
 * The number of a change by its line in a plan, found without making a value of the line: of a change that nothing else
 * follows from. Undefined for everything else: conflicts, undeletes (their fields come later), interim values (another
 * change follows them), and what it cannot tell. Goes along the members in the order in which plans are written, with
 * their names sorted.
 */
export function plainChangeOf(line: string): number | undefined {
  if (!line.startsWith('{"action":') || line.startsWith('"undelete"', 10)) return undefined;
  let depth = 0;
  let isChange = false;
  for (let at = 0; at < line.length; at += 1) {
    const unit = line.charCodeAt(at);
    if (unit === OPEN) depth += 1;
    else if (unit === CLOSE) depth -= 1;
    if (unit !== QUOTE) continue;
    const end = endOfText(line, at);
    if (depth === 1 && line.startsWith(':', end + 1)) {
      if (line.startsWith('"interim"', at)) return undefined;
      if (line.startsWith('"kind":', at)) isChange = line.startsWith('"change"', end + 2);
      if (line.startsWith('"n":', at)) return isChange ? wholeAt(line, end + 2) : undefined;
    }
    at = end;
  }
  return undefined;
}

/** Where the text that begins at `start` ends: at its closing quote. */
function endOfText(line: string, start: number): number {
  for (let end = line.indexOf('"', start + 1); end !== -1; end = line.indexOf('"', end + 1)) {
    let escapes = 0;
    while (line.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return end;
  }
  return line.length;
}

function wholeAt(line: string, start: number): number | undefined {
  let n = 0;
  for (let at = start; at <= start + MOST_DIGITS; at += 1) {
    const digit = line.charCodeAt(at);
    if (digit < ZERO || digit > NINE) return at > start && (line.startsWith(',', at) || line.startsWith('}', at)) ? n : undefined;
    n = 10 * n + digit - ZERO;
  }
  return undefined;
}
