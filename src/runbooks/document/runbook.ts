import type { Expression, Template } from '../../lib/index.js';
import type { YamlPath } from '../../workspace/index.js';
import type { AnyAction } from '../actions/action.js';
import type { ErrorClassName, RunbookDocument, StepDocument, StepKind } from './schema.js';

/** Values that expressions see. */
export type Scope = Readonly<Record<string, unknown>>;

/** An undo that the runbook gives in place of the action's own. */
export interface StepUndo {
  readonly kind: 'action' | 'command' | 'http' | 'manual' | 'none';
  readonly action?: AnyAction;
  /** Values of the action; the text of `manual` and `none`. */
  readonly values: Template;
  /** It reads the step's own outputs, so it is resolved once they are there. */
  readonly needsOutputs: boolean;
}

/** A step with everything compiled. */
export interface Step {
  readonly id: string;
  readonly index: number;
  readonly kind: StepKind;
  readonly document: StepDocument;
  /** What does the work of `action`, `command` and `http` steps. */
  readonly action?: AnyAction;
  readonly values?: Template;
  readonly instructions?: Template;
  readonly when?: Expression;
  readonly verify?: Expression;
  readonly until?: Expression;
  /** What is approved. */
  readonly of?: Template;
  readonly undo?: StepUndo;
  readonly timeoutMs?: number;
  readonly everyMs: number;
  readonly retry: { readonly attempts: number; readonly backoffMs: number; readonly on: readonly ErrorClassName[] };
}

/** A runbook that can be run: its text, checked whole. */
export interface Runbook {
  readonly id: string;
  readonly title: string;
  readonly document: RunbookDocument;
  /**
   * The file's text, its line breaks those of Unix: what a run goes on with even if the file changes (guarantee G7).
   */
  readonly text: string;
  readonly file: string;
  /** SHA-256 of the text. */
  readonly digest: string;
  readonly steps: readonly Step[];
  step(id: string): Step;
  /** Where a part of the file stands, both from 1. */
  at(path: YamlPath): { readonly line: number; readonly column: number };
}
