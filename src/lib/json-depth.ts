const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = [0x5b, 0x7b];

/**
 * True where JSON text nests arrays and objects deeper than `limit`. To be asked before text that anybody may have
 * written is parsed: what it gives would end the first function that walks down it. Looks at every byte once and builds
 * nothing; broken JSON gives any answer.
 */
export function nestedDeeper(json: Uint8Array, limit: number): boolean {
  if (!hasMore(json, limit)) return false;
  let depth = 0;
  let inText = false;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at];
    if (inText) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      if (depth > limit) return true;
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1;
  }
  return false;
}

/** True where more arrays and objects than that can begin: found by far faster than where each of them ends. */
function hasMore(json: Uint8Array, limit: number): boolean {
  let found = 0;
  for (const byte of OPENING)
    for (let at = json.indexOf(byte); at !== -1; at = json.indexOf(byte, at + 1)) {
      found += 1;
      if (found > limit) return true;
    }
  return false;
}
