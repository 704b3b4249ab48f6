const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The text of the first element of a name in the flat XML that S3 answers with; undefined where there is none. */
export function textIn(xml: string, name: string): string | undefined {
  return textsIn(xml, name)[0];
}

/** The texts, or the XML within, of all elements of a name, in their order. */
export function textsIn(xml: string, name: string): readonly string[] {
  const found = xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([^]*?)</${name}>`, 'gu'));
  return Array.from(found, ([, text = '']) => (text.includes('<') ? text : decoded(text)));
}

function decoded(text: string): string {
  return text.replaceAll(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/giu, (whole, hex?: string, number?: string, name = '') => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return number === undefined ? (ENTITIES[name] ?? whole) : String.fromCodePoint(Number(number));
  });
}
