import { randomInt } from 'node:crypto';
import { join } from 'node:path';

import type { Drill, DrillFile, Keyboard } from '../../../drills/index.js';
import { RunbackError } from '../../../lib/index.js';
import type { StageProgram } from '../../../stages/index.js';
import { shippedDir } from '../../../workspace/index.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { visible } from '../../views/text/visible.js';
import { wrap } from '../../views/text/width.js';

/** A drill with a person at the terminal. */
export interface Guidance {
  readonly keyboard: Keyboard;
  /** Shows what is being done, until the terminal is theirs. */
  readonly doing: (what: string) => void;
}

/**
 * Lets a person roll back at this terminal: with the very commands that they would use, in the workspace of the stage.
 * `surprise`: they are not told what went wrong. Throws `person-needed` where nobody is at a terminal.
 */
export function guidance(context: CommandContext, drill: Drill, surprise: boolean, program: StageProgram): Guidance {
  const { live, style, interrupts } = context;
  if (!context.interactive)
    throw new RunbackError('person-needed', 'A guided drill needs a person at a terminal', {
      state: 'Nothing was started.',
      next: `Without one: runback drill run ${drill.id}`,
    });
  let theirs = false;
  const say = (text: string): void => live.print(wrap(text, style.width).join('\n'));
  const command = async (stage: Parameters<Keyboard['work']>[0], args: readonly string[]): Promise<void> => {
    const { workThere } = await import('../../../stages/index.js');
    const over = interrupts.leaveToProgram();
    try {
      await workThere(program, { folder: stage.folder, args, as: stage.as, variables: stage.variables, stepped: async () => await stage.stepped() });
    } finally {
      over();
    }
  };
  return {
    doing: (what) => {
      if (!theirs) live.start(surprise ? 'Preparing the stage' : what);
    },
    keyboard: {
      work: async (stage) => {
        theirs = true;
        live.stop();
        const what = surprise ? 'Something is wrong with the records. Find out what, and restore them.' : visible(drill.title);
        say(`\n${style.chalk.bold(what)}`);
        say('You are Maya Ortiz, on call. Nothing here is production, and pages go into a file. A good snapshot was taken before.');
        say(`Your workspace is ${stage.folder}. The clock runs.\n`);
        for (let act = await nextAct(context, stage); act !== 'end'; act = await nextAct(context, stage)) {
          const run = await stage.newestRun();
          if (act === 'look') await command(stage, ['diff', 'latest-verified', 'live']);
          else if (act === 'mend') await stage.mend();
          else if (act === 'resume' && run !== undefined) await command(stage, ['runbook', 'resume', run.id]);
          else await command(stage, ['respond']);
          live.print('');
        }
      },
    },
  };
}

type Act = 'look' | 'respond' | 'resume' | 'mend' | 'end';

/** What is asked of somebody else, in words. */
const ASKED: Readonly<Record<string, string>> = {
  'full-disk': 'Make room on the disk',
  'lost-key': 'Have the second copy of the key brought',
  'expired-token': 'Have the token renewed',
  'missing-permission': 'Have the permission given',
};

async function nextAct(context: CommandContext, stage: Parameters<Keyboard['work']>[0]): Promise<Act> {
  const run = await stage.newestRun();
  const over = run !== undefined && ['succeeded', 'partial', 'undone'].includes(run.state);
  const asker = await context.asker('a terminal');
  return await asker.choose<Act>({
    message: over ? `The run ended: ${run.state}. What now?` : 'What do you want to do?',
    default: over ? 'end' : run === undefined ? 'look' : 'resume',
    choices: [
      { value: 'look', name: 'Look at what differs from the good snapshot', description: 'runback diff latest-verified live' },
      ...(run === undefined || over ? [] : [{ value: 'resume' as const, name: `Continue the run ${run.id}`, description: visible(run.title) }]),
      ...stage
        .broken()
        .map((what) => ({ value: 'mend' as const, name: ASKED[what] ?? what, description: 'As whoever may do so would, once you asked.' })),
      { value: 'respond', name: 'Respond', description: 'From what you see to the end of a runbook: runback respond' },
      { value: 'end', name: 'End the drill', description: 'Then the account is compared with what it should hold.' },
    ],
  });
}

/** The drill that a surprise is made of: any on this machine that has to pass. */
export function surpriseDrill(files: readonly DrillFile[]): Drill {
  const fitting = files.flatMap(({ drill }) =>
    drill === undefined || !('local' in drill.document.where) || drill.document.must_fail || drill.document.expect.stops ? [] : [drill],
  );
  const drill = fitting[randomInt(Math.max(1, fitting.length))];
  if (drill === undefined)
    throw new RunbackError('not-found', 'There is no drill here that could be a surprise', {
      why: 'It has to be staged in a sandbox on this machine, and to end.',
      state: 'Nothing was started.',
      next: 'runback drill list',
    });
  return drill;
}

/** Every runbook that a person may choose from on a stage: those of the workspace, else the shipped ones. */
export async function allRunbooks(session: Session | undefined): Promise<readonly string[]> {
  const { readdir } = await import('node:fs/promises');
  const yaml = async (folder: string): Promise<readonly string[]> =>
    (await readdir(folder).catch(() => [])).filter((name) => /\.ya?ml$/u.test(name)).map((name) => join(folder, name));
  const own = session === undefined ? [] : await yaml(session.workspace.runbooksDir);
  return own.length > 0 ? own : await yaml(join(shippedDir, 'runbooks'));
}
