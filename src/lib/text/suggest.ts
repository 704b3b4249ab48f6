/**
 * The candidate nearest to a mistyped word, or undefined where none is near. Case, `-`, `_`, space and `.` do not
 * count as differences.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(word);
  if (wanted === '' || wanted.length > 100) return undefined;
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const other = plain(candidate);
    const longest = Math.max(wanted.length, other.length);
    const limit = longest <= 3 ? 1 : Math.ceil(longest / 3);
    if (Math.abs(wanted.length - other.length) > limit && !(wanted.length >= 3 && other.startsWith(wanted))) continue;
    const distance = wanted.length >= 3 && other.startsWith(wanted) ? Math.min(limit, 1) : editDistance(wanted, other);
    if (distance <= limit && distance < longest && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `, did you mean "x"?` or nothing: the end of a message about an unknown word. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const nearest = suggest(word, candidates);
  return nearest === undefined ? '' : `, did you mean "${nearest}"?`;
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_\s.]/g, '');
}

/** Insertions, deletions, replacements and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
