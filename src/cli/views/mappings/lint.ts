import { counted } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { wrapIndented } from '../text/width.js';

/** One line of lint: a finding of a mapping, or a problem of its file. */
interface Shown {
  readonly severity: 'error' | 'warning';
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly next?: string;
  readonly counted?: string;
}

interface LintShown {
  readonly findings: readonly Shown[];
  readonly mappings: number;
  readonly counted: readonly string[];
}

/** What lint found, by file and line, and where values were counted. */
export function lintText({ findings, mappings, counted: sources }: LintShown, style: Style): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const end =
    findings.length === 0
      ? `${style.glyph.done} ${counted(mappings, 'mappings')} in order`
      : `${counted(errors, 'errors')}, ${counted(findings.length - errors, 'warnings')} in ${counted(mappings, 'mappings')}`;
  const where = sources.length === 0 ? [] : wrapIndented(`Values of records: counted in ${sources.join('; ')}.`, 0, style.width);
  return [...findings.map((finding) => findingText(finding, style)), end, ...where].join('\n');
}

function findingText({ severity, rule, file, line, column, message, next, counted: source }: Shown, style: Style): string {
  const mark = severity === 'error' ? `${style.glyph.failed} error` : `${style.glyph.warning} warning`;
  const more = [...(source?.startsWith('not ') === true ? [`The records were ${source}.`] : []), ...(next === undefined ? [] : [`Next: ${next}`])];
  return [
    `${mark}  ${visible(file)}:${line}:${column}  (${rule})`,
    ...[message, ...more].flatMap((text) => wrapIndented(visible(text), 4, style.width)),
  ].join('\n');
}
