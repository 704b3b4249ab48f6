/**
 * Rows of a CSV text as jobs give it: commas, quotes doubled inside of quotes, line ends of either kind; each a list of its cells. Pure.
 * Throws a SyntaxError where a quote is not closed.
 */
export function* rowsOfCsv(text: string): Generator<readonly string[]> {
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/uy;
  let row: string[] = [];
  while (cell.lastIndex < text.length || row.length > 0) {
    const match = cell.exec(text);
    if (match === null) throw new SyntaxError('a quote of a CSV text is not closed');
    const [, quoted, plain = '', end = ''] = match;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    yield row;
    row = [];
    if (end === '') return;
  }
}
