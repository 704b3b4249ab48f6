import { visibleDocument } from '../../lib/index.js';
import { exhausted } from '../engine/exhaustive.js';
import type { Runbook, Step } from './runbook.js';
import type { OnFailure, UndoDocument } from './schema.js';

/**
 * The runbook as Markdown that can be printed and followed by hand, with boxes to tick and lines for who and when.
 * Characters that steer a terminal or reorder text stand in it as signs: a runbook may come from elsewhere.
 */
export function renderRunbook(runbook: Runbook): string {
  const { document } = runbook;
  const lines: string[] = [`# ${document.title}`, ''];
  if (document.summary !== undefined) lines.push(document.summary.trim(), '');
  if (document.symptoms) lines.push('Use it when:', '', ...document.symptoms.map((symptom) => `- ${symptom}`), '');
  if (document.severities) lines.push(`Severities: ${document.severities.join(', ')}`, '');
  lines.push('| | |', '| --- | --- |', '| Incident | |', '| Led by | |', '| Started at (with time zone) | |', '| Ended at | |', '');
  lines.push(...inputLines(runbook), ...limitLines(runbook));
  lines.push('Words in ‹angle brackets› stand for what you wrote down here or at an earlier step.', '');
  for (const step of runbook.steps) lines.push(...stepLines(runbook, step));
  lines.push(
    '## Afterwards',
    '',
    '- [ ] This sheet says what was done, by whom and when. Keep it.',
    '- [ ] Nothing that was running before is still paused.',
    '',
  );
  lines.push(`Runbook \`${document.id}\`, SHA-256 ${runbook.digest}`, '');
  return visibleDocument(lines.join('\n'));
}

function inputLines({ document }: Runbook): string[] {
  const inputs = Object.entries(document.inputs ?? {});
  if (inputs.length === 0) return [];
  const rows = inputs.map(([name, input]) => {
    const usual =
      input.default === undefined ? '' : ` (usually ${typeof input.default === 'string' ? input.default : JSON.stringify(input.default)})`;
    return `| ${name} | ${cell(input.prompt)}${cell(usual)} | |`;
  });
  return ['## Before you begin', '', '| name | question | answer |', '| --- | --- | --- |', ...rows, ''];
}

function limitLines({ document }: Runbook): string[] {
  const { records, percent } = document.limits ?? {};
  const parts = [
    ...(records === undefined ? [] : [`${records.toLocaleString('en-US')} records`]),
    ...(percent === undefined ? [] : [`${percent} % of the records`]),
  ];
  return parts.length === 0 ? [] : [`Above ${parts.join(' or ')}, someone else has to approve.`, ''];
}

function stepLines(runbook: Runbook, step: Step): string[] {
  const { document } = step;
  const lines = [`## ${step.index + 1}. ${document.title}`, '', '- [ ] done   who: ______________   when: ______________', ''];
  if (document.when !== undefined) lines.push(`Only if: ${words(runbook, `\${{ ${document.when} }}`)}`, '');
  if (document.instructions !== undefined) lines.push(words(runbook, document.instructions.trim()), '');
  lines.push(...whatToDo(runbook, step));
  if (step.action && Object.keys(step.action.outputs).length > 0 && step.kind === 'action')
    lines.push(
      `Write down: ${Object.keys(step.action.outputs)
        .map((output) => `${output} ______`)
        .join('   ')}`,
      '',
    );
  if (document.verify !== undefined) lines.push(`It worked if: ${words(runbook, `\${{ ${document.verify} }}`)}`, '');
  lines.push(`If it fails: ${failureWords(runbook, document.on_failure)}`, '');
  const undo = undoWords(runbook, step);
  if (undo !== undefined) lines.push(`To undo it: ${undo}`, '');
  return lines;
}

function whatToDo(runbook: Runbook, step: Step): string[] {
  const { document } = step;
  switch (step.kind) {
    case 'action':
      return ['By hand:', '', ...(step.action?.manual(valuesOf(runbook, document.with ?? {})) ?? []).map((line) => `- ${line}`), ''];
    case 'command':
      return ['Run:', '', '```', (document.command ?? []).map((word) => quoted(words(runbook, word))).join(' '), '```', ''];
    case 'http':
      return [
        'Send:',
        '',
        '```',
        words(runbook, `${document.http?.method ?? ''} ${document.http?.url ?? ''}`),
        ...(document.http?.body === undefined ? [] : [words(runbook, JSON.stringify(document.http.body, undefined, 2))]),
        '```',
        '',
      ];
    case 'manual':
      return [`- [ ] ${words(runbook, document.manual ?? '')}`, ''];
    case 'decide':
      return [...Object.entries(document.decide ?? {}).map(([choice, effect]) => `- [ ] **${choice}**: ${decideWords(runbook, effect)}`), ''];
    case 'approve':
      return [
        `- [ ] approved by someone who may ${document.approve?.authority ?? ''}: ______________   what: ${words(runbook, document.approve?.of ?? '')}`,
        '',
      ];
    case 'wait':
      return [
        `Wait until ${words(runbook, `\${{ ${document.wait?.until ?? ''} }}`)}; check every ${document.wait?.every ?? '10s'}${document.wait?.timeout === undefined ? '' : `, for ${document.wait.timeout} at most`}.`,
        '',
      ];
  }
  return exhausted(step.kind);
}

function decideWords(runbook: Runbook, effect: NonNullable<Step['document']['decide']>[string]): string {
  if (typeof effect === 'object') {
    const asked = effect.ask === undefined ? '' : `, after changing ${effect.ask.join(', ')}`;
    return `go back to step ${runbook.step(effect.go_to).index + 1}${asked}`;
  }
  return {
    continue: 'continue',
    stop: 'stop here, and call the person who leads the incident',
    undo: 'undo everything, from the last step to the first',
  }[effect];
}

function failureWords(runbook: Runbook, rule: OnFailure | undefined): string {
  if (typeof rule === 'object') return `go to step ${runbook.step(rule.go_to).index + 1}.`;
  return {
    stop: 'stop, find out why, and do the step again.',
    ask: 'decide: do it again, skip it, undo everything, or stop.',
    undo: 'undo everything, from the last step to the first.',
    continue: 'note it and continue.',
  }[rule ?? 'stop'];
}

function undoWords(runbook: Runbook, step: Step): string | undefined {
  const { undo } = step.document;
  if (undo) return ownUndoWords(runbook, undo);
  const builtIn = step.action?.undo;
  if (!builtIn) return undefined;
  return 'none' in builtIn ? `nothing to do: ${builtIn.none}.` : `${builtIn.summary}.`;
}

function ownUndoWords(runbook: Runbook, undo: UndoDocument): string {
  if (undo.manual !== undefined) return words(runbook, undo.manual.trim());
  if (undo.none !== undefined) return `nothing to do: ${words(runbook, undo.none.trim())}.`;
  if (undo.command !== undefined) return `run \`${undo.command.map((word) => quoted(words(runbook, word))).join(' ')}\`.`;
  if (undo.http !== undefined) return `send \`${words(runbook, `${undo.http.method} ${undo.http.url}`)}\`.`;
  return `${undo.action ?? ''} with ${Object.values(valuesOf(runbook, undo.with ?? {})).join(', ')}.`;
}

function valuesOf(runbook: Runbook, values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      words(runbook, Array.isArray(value) ? value.map(String).join(', ') : typeof value === 'string' ? value : JSON.stringify(value)),
    ]),
  );
}

/** `${{ steps.evidence.snapshot }}` as `‹snapshot of step 2›`. */
function words(runbook: Runbook, text: string): string {
  return text.replaceAll(/\$\{\{\s*(.*?)\s*\}\}/gs, (_, source: string) => {
    const plain = source
      .replaceAll(/\bsteps\.([a-z0-9_]+)\.([a-z0-9_]+)/g, (whole, id: string, output: string) => {
        const step = runbook.steps.find((one) => one.id === id);
        return step ? `‹${output} of step ${step.index + 1}›` : whole;
      })
      .replaceAll(/\b(?:inputs|limits)\.([a-z0-9_]+)/g, (_whole, name: string) => `‹${name}›`);
    return plain;
  });
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');
const quoted = (word: string): string => (/^[\w@%+=:,./‹›-]+( of step \d+›)?$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`);
