import { z } from 'zod';

import {
  compileExpression,
  compileTemplates,
  defined,
  didYouMean,
  isRunbackError,
  detailsOf,
  mismatchWords,
  parseDuration,
  RunbackError,
  type CelType,
  type Expression,
  type Template,
} from '../../lib/index.js';
import type { PathProblem, YamlPath } from '../../workspace/index.js';
import type { AnyAction } from '../actions/action.js';
import { commandAction, shellProblem } from '../actions/command.js';
import { httpAction } from '../actions/http.js';
import { referencesIn } from '../actions/references.js';
import type { ActionLibrary } from '../actions/registry.js';
import type { StepUndo, Step } from './runbook.js';
import { kindOf, type RunbookDocument, type StepDocument, type UndoDocument } from './schema.js';
import { vocabularyOf } from './vocabulary.js';

type Path = YamlPath;

/** Compiles the steps of a runbook, and finds whatever is wrong with them: see `problems`. */
export class Compiler {
  readonly problems: PathProblem[] = [];
  private vocabulary: Readonly<Record<string, CelType>> = {};

  constructor(
    private readonly document: RunbookDocument,
    private readonly actions: ActionLibrary,
    /** Where a part of the file stands, for messages. */
    private readonly placeOf: (path: Path) => string,
  ) {}

  async compile(): Promise<Step[]> {
    const actions = new Map<string, AnyAction>();
    for (const [index, step] of this.document.steps.entries()) {
      if (this.document.steps.findIndex((other) => other.id === step.id) !== index)
        this.problem(['steps', index, 'id'], `there is a step "${step.id}" already`);
      const action = await this.actionOf(step, ['steps', index]);
      if (action) actions.set(step.id, action);
    }
    this.vocabulary = vocabularyOf(this.document, actions);
    this.inputs();
    const steps: Step[] = [];
    for (const [index, step] of this.document.steps.entries()) steps.push(await this.step(step, index, actions.get(step.id)));
    return steps;
  }

  private problem(path: Path, message: string): void {
    this.problems.push({ path, message });
  }

  private async actionOf(step: Pick<StepDocument, 'action' | 'command' | 'http' | 'effect' | 'env'>, path: Path): Promise<AnyAction | undefined> {
    if (step.command !== undefined) {
      const trouble = shellProblem(step.command);
      if (trouble !== undefined) this.problem([...path, 'command', trouble.index], trouble.message);
      return commandAction(step.effect ?? 'opaque', referencesIn(step.env));
    }
    if (step.http !== undefined) return httpAction(step.effect ?? 'opaque', referencesIn(step.http.headers));
    if (step.action === undefined) return undefined;
    const action = await this.actions.load(step.action);
    if (!action) this.problem([...path, 'action'], `there is no action "${step.action}"${didYouMean(step.action, this.actions.names)}`);
    return action;
  }

  private inputs(): void {
    for (const [name, input] of Object.entries(this.document.inputs ?? {})) {
      const path = ['inputs', name];
      if (input.ask === 'later' && input.default === undefined) this.problem([...path, 'ask'], 'an input that is asked later needs a default');
      if (input.choices && input.type !== 'string') this.problem([...path, 'choices'], 'only inputs of type string have choices');
      if (input.choices && input.default !== undefined && !input.choices.some((choice) => choice === input.default))
        this.problem([...path, 'default'], `the default is not one of the choices${didYouMean(JSON.stringify(input.default), input.choices)}`);
    }
  }

  private async step(document: StepDocument, index: number, action: AnyAction | undefined): Promise<Step> {
    const path: Path = ['steps', index];
    const kind = kindOf(document);
    const values = this.valuesOf(document, path, action);
    const { wait, approve, retry } = document;
    this.targets(document, path);
    const undo = document.undo === undefined ? undefined : await this.undo(document.undo, document.id, [...path, 'undo']);
    return {
      id: document.id,
      index,
      kind,
      document,
      everyMs: wait?.every === undefined ? 10_000 : parseDuration(wait.every),
      retry: {
        attempts: retry?.attempts ?? 1,
        backoffMs: retry?.backoff === undefined ? 1000 : parseDuration(retry.backoff),
        on: retry?.on ?? ['transient', 'limit'],
      },
      ...defined({
        action,
        values,
        undo,
        instructions: document.instructions === undefined ? undefined : this.template(document.instructions, [...path, 'instructions']),
        when: this.condition(document.when, [...path, 'when']),
        verify: this.condition(document.verify, [...path, 'verify']),
        until: this.condition(wait?.until, [...path, 'wait', 'until'], { waited: 'int' }),
        of: approve === undefined ? undefined : this.template(approve.of, [...path, 'approve', 'of']),
        timeoutMs:
          document.timeout !== undefined ? parseDuration(document.timeout) : wait?.timeout === undefined ? undefined : parseDuration(wait.timeout),
      }),
    };
  }

  private valuesOf(
    document: Pick<StepDocument, 'with' | 'command' | 'http' | 'env' | 'action'>,
    path: Path,
    action: AnyAction | undefined,
  ): Template | undefined {
    if (document.command !== undefined) return this.template({ command: document.command, env: document.env ?? {} }, path);
    if (document.http !== undefined) return this.template(document.http, [...path, 'http']);
    if (document.action === undefined || !action) return undefined;
    this.checkInputs(action, document.with ?? {}, path);
    return this.template(document.with ?? {}, [...path, 'with']);
  }

  /** Names, and values that are already known, against what the action takes. */
  private checkInputs(action: AnyAction, values: Readonly<Record<string, unknown>>, path: Path): void {
    const { input } = action;
    if (!(input instanceof z.ZodObject)) return;
    const fields = input.shape as Readonly<Record<string, z.ZodType>>;
    for (const [name, value] of Object.entries(values)) {
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (!field) {
        this.problem(
          [...path, 'with', name],
          `${action.name} takes no "${name}"${didYouMean(name, Object.keys(fields))} (it takes ${Object.keys(fields).join(', ')})`,
        );
        continue;
      }
      if (JSON.stringify(value).includes('${{')) continue;
      const checked = field.safeParse(value, { error: mismatchWords });
      const [issue] = checked.error?.issues ?? [];
      if (issue) this.problem([...path, 'with', name, ...issue.path], issue.message);
    }
    for (const [name, field] of Object.entries(fields))
      if (!Object.hasOwn(values, name) && !field.safeParse(undefined).success) this.problem(path, `${action.name} needs "${name}" under "with"`);
  }

  private async undo(document: UndoDocument, step: string, path: Path): Promise<StepUndo | undefined> {
    const action = await this.actionOf(document, path);
    if (document.with !== undefined && document.action === undefined) this.problem([...path, 'with'], '"with" belongs to an action');
    const text = document.manual ?? document.none;
    const values =
      text === undefined ? this.valuesOf(document, path, action) : this.template(text, [...path, document.manual === undefined ? 'none' : 'manual']);
    if (!values) return undefined;
    const kind = (['action', 'command', 'http', 'manual', 'none'] as const).find((key) => document[key] !== undefined) ?? 'none';
    return {
      kind,
      values,
      needsOutputs: values.references.some((reference) => `${reference}.`.startsWith(`steps.${step}.`)),
      ...defined({ action }),
    };
  }

  /** Names of steps and inputs that a step leads to. */
  private targets(document: StepDocument, path: Path): void {
    const ids = this.document.steps.map((step) => step.id);
    const inputs = Object.keys(this.document.inputs ?? {});
    const goTo = (target: string, at: Path): void => {
      if (!ids.includes(target)) this.problem(at, `there is no step "${target}"${didYouMean(target, ids)}`);
    };
    if (typeof document.on_failure === 'object') goTo(document.on_failure.go_to, [...path, 'on_failure', 'go_to']);
    for (const [choice, effect] of Object.entries(document.decide ?? {})) {
      if (typeof effect !== 'object') continue;
      goTo(effect.go_to, [...path, 'decide', choice, 'go_to']);
      for (const [index, name] of (effect.ask ?? []).entries())
        if (!inputs.includes(name)) this.problem([...path, 'decide', choice, 'ask', index], `there is no input "${name}"${didYouMean(name, inputs)}`);
    }
  }

  private condition(source: string | undefined, path: Path, more: Readonly<Record<string, CelType>> = {}): Expression | undefined {
    if (source === undefined) return undefined;
    try {
      const expression = compileExpression(source, { ...this.vocabulary, ...more });
      if (expression.type !== 'bool' && expression.type !== 'dyn')
        this.problem(path, `expected a condition (true or false), but ${JSON.stringify(source)} gives ${expression.type}`);
      return { ...expression, evaluate: (values) => this.placed(path, () => expression.evaluate(values)) };
    } catch (error) {
      this.expressionProblem(path, error);
      return undefined;
    }
  }

  private template(value: unknown, path: Path): Template | undefined {
    if (typeof value === 'object' && value !== null) {
      // Compiled leaf by leaf first, so that each problem has its own place.
      for (const [name, item] of Object.entries(value)) this.template(item, [...path, Array.isArray(value) ? Number(name) : name]);
      if (this.problems.length > 0) return undefined;
      return this.placedTemplate(value, path);
    }
    try {
      return this.placedTemplate(value, path);
    } catch (error) {
      this.expressionProblem(path, error);
      return undefined;
    }
  }

  private placedTemplate(value: unknown, path: Path): Template {
    const template = compileTemplates(value, this.vocabulary);
    return { ...template, evaluate: (values) => this.placed(path, () => template.evaluate(values)) };
  }

  /** What is only found when a step runs says where in the file it stands. */
  private placed(path: Path, evaluate: () => unknown): unknown {
    try {
      return evaluate();
    } catch (error) {
      if (!isRunbackError(error, 'expression-invalid') || error.data['place'] !== undefined) throw error;
      const { path: below, ...data } = error.data;
      const place = this.placeOf([...path, ...(Array.isArray(below) ? (below as PropertyKey[]) : [])]);
      const why = error.why === undefined ? `It is in ${place}.` : `${error.why} It is in ${place}.`;
      throw new RunbackError('expression-invalid', error.message, { ...detailsOf(error), why, data: { ...data, place }, cause: error });
    }
  }

  private expressionProblem(path: Path, error: unknown): void {
    if (!isRunbackError(error, 'expression-invalid')) throw error;
    this.problem(path, error.why === undefined ? error.message : `${error.message}${error.message.endsWith('?') ? '' : '.'} ${error.why}`);
  }
}
