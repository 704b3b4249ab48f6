/** Characters of an outline at most. */
const MOST = 300;
/** Members of a group and levels that are shown. */
const MEMBERS = 12;
const LEVELS = 3;

/** What an answer is made of, without its values: `{"data": [{"id": number, "name": text}, … 9 more]}`. */
export function outlineOf(answer: unknown): string {
  const text = outline(answer, LEVELS);
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}

function outline(value: unknown, levels: number): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return value === '' ? 'empty text' : 'text';
  if (typeof value !== 'object') return typeof value;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    const more = value.length === 1 ? '' : `, … ${String(value.length - 1)} more`;
    return levels === 0 ? '[…]' : `[${outline(value[0], levels - 1)}${more}]`;
  }
  if (levels === 0) return '{…}';
  const members = Object.entries(value);
  const shown = members.slice(0, MEMBERS).map(([name, one]) => `${JSON.stringify(name)}: ${outline(one, levels - 1)}`);
  return `{${shown.join(', ')}${members.length > MEMBERS ? ', …' : ''}}`;
}
