import { compileExpression } from '../../lib/index.js';
import type { ControllerDescription } from '../descriptions/form.js';
import { variablesOf } from '../descriptions/words.js';
import type { Programs } from '../drivers/programs.js';
import type { Port, Values } from './port.js';

/** Calls of a description that are programs. */
export function programPort(says: ControllerDescription, programs: Programs): Port {
  const readsExit = compileExpression(says.status.paused, variablesOf(says)).references.includes('exit');
  return {
    status: async ({ run = [] }, given, options) => ({ ...(await programs.look(filled(run, given), readsExit, options)) }),
    // Expressions see its exit status beside what it said.
    read: async ({ run = [] }, given, options) => await programs.look(filled(run, given), true, options),
    async change({ run = [] }, given, input, options) {
      await programs.change(filled(run, given), input, options);
      return 'sent';
    },
  };
}

function filled(argv: readonly string[], given: Values): string[] {
  return argv.map((word) => word.replaceAll(/\{(\w+)\}/gu, (_, name: string) => textOf(given[name])));
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
