import { isAbsolute, join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';

import type { ApprovalBlock } from '../../escalation/index.js';
import { decodeText, EXIT, isRunbackError, messageOf, readTextFile, RunbackError } from '../../lib/index.js';
import type { ApprovalServices, AskedApproval } from '../../runbooks/index.js';
import { findPlan } from '../flows/restores/restore.js';
import { confirmDestructive } from '../session/confirm.js';
import { byPrefix } from '../session/prefix.js';
import type { CommandSpec, Outcome, CommandContext } from '../shell/command.js';
import { approvalsText, type ApprovalsState } from '../views/approvals.js';

async function approve(context: CommandContext): Promise<Outcome> {
  const services = await (await context.session()).approvals();
  if (services === undefined)
    throw new RunbackError('not-found', 'This workspace has no escalation.yml, which says who may approve what', {
      why: 'Without one, the person at the terminal of the run says yes, and the approval is recorded as unauthenticated.',
      state: 'Nothing was approved.',
      next: 'runback runbook resume <run>',
    });
  return approveWith(context, services);
}

/**
 * `runback approve` under a policy. Throws `not-authorised` with the reason, and what confirming and reading a plan
 * throw.
 */
export async function approveWith(context: CommandContext, services: ApprovalServices): Promise<Outcome> {
  const { input } = context;
  const asked = await askedFor(context, input.required('what'));
  if (input.flag('fetch')) return fetched(context, asked, services);
  const file = input.text('import');
  if (file !== undefined) return imported(context, asked, services, file);
  const { addApproval, draftApproval } = await import('../../runbooks/index.js');
  const { store, clock, by, redactor } = await context.session();
  const key = keyPath(context);
  if (key !== undefined) redactor.add(key);
  const payload = await draftApproval(asked, by, key !== undefined, services, { store, clock });
  await confirmed(context, asked);
  const block: ApprovalBlock = key === undefined ? { payload } : { payload, signature: await signature(context, payload, key) };
  const { checkApprovalBlock, formatApprovalBlock } = await import('../../escalation/index.js');
  const check = checkApprovalBlock(services.file, block);
  if (!check.ok)
    throw new RunbackError('not-authorised', `This is not the key of ${by} in escalation.yml`, {
      why: `${check.reason}.`,
      state: 'Nothing was approved.',
      next: 'Sign with the key that is there, or have escalation.yml corrected.',
      data: { by, reason: check.code },
    });
  await addApproval(store, block);
  const text = formatApprovalBlock(block);
  return outcome(context, asked, services, { block: text, by, authenticated: key !== undefined, ...fingerprint(check.fact.fingerprint) }, text);
}

/** The plan or the run that is meant: ids, beginnings of ids, or `latest` for the latest run. */
async function askedFor(context: CommandContext, wanted: string): Promise<AskedApproval> {
  const { approvalAsked, approvalOfPlan } = await import('../../runbooks/index.js');
  const opened = await context.session();
  const runs = await opened.store.journals('runs');
  const plans = await opened.store.ledgers('plans');
  const latest = wanted === 'latest' ? runs.at(-1) : undefined;
  const id = latest ?? byPrefix(wanted, [...runs, ...plans], (one) => one, { what: 'plan or run', list: 'runback runbook runs' });
  return plans.includes(id) ? approvalOfPlan(await findPlan(opened, id)) : approvalAsked(opened.store, id);
}

/** Shows what is approved and has it confirmed. */
async function confirmed(context: CommandContext, { plan, title, case: { of, run } }: AskedApproval): Promise<void> {
  const { confirmationOf } = await import('../../restores/index.js');
  const command = `runback approve ${run?.id ?? plan?.header.id ?? of}`;
  await confirmDestructive(
    context,
    plan === undefined ? of : confirmationOf(plan.header),
    { untouched: 'Nothing was approved.', command },
    async (style) => {
      const print = (text: string): void => context.live.print(text);
      print(style.chalk.bold(title));
      if (plan === undefined) return print(`What is approved: ${of}`);
      const { showPlan } = await import('../prompts/plan-browser.js');
      await showPlan({ summary: plan, lines: () => plan.lines() }, { style, print }, { danger: true });
    },
  );
}

function keyPath({ input, stdio }: CommandContext): string | undefined {
  const given = input.text('key');
  if (given === undefined) return undefined;
  if (!given.startsWith('~/')) return resolve(stdio.cwd, given);
  const home = stdio.env['HOME'] ?? '';
  if (isAbsolute(home)) return join(home, given.slice(2));
  throw new RunbackError('usage', 'The environment has no HOME, so nothing says what ~ is', {
    state: 'Nothing was approved.',
    next: 'Set HOME, or give the whole path: --key /path/to/key',
  });
}

async function signature(context: CommandContext, payload: ApprovalBlock['payload'], key: string): Promise<string> {
  const { approvalText } = await import('../../escalation/index.js');
  const { signWithSsh } = await import('../flows/ssh-sign.js');
  const release = context.live.hold();
  try {
    return await signWithSsh(approvalText(payload), { key, env: context.stdio.env, interactive: context.interactive });
  } finally {
    release();
  }
}

/**
 * Keeps blocks that were made elsewhere. All of them have to count: one that does not is refused with its reason, and
 * none is kept.
 */
async function imported(context: CommandContext, asked: AskedApproval, services: ApprovalServices, file: string): Promise<Outcome> {
  const { addApproval, notCounting, weighApprovals } = await import('../../runbooks/index.js');
  const { checkApprovalBlock, parseApprovalBlocks } = await import('../../escalation/index.js');
  const { store, clock } = await context.session();
  const blocks = parseApprovalBlocks(await textOf(context, file));
  for (const block of blocks) {
    const check = checkApprovalBlock(services.file, block);
    const fact = check.ok ? { ...check.fact, block, journaled: false } : undefined;
    const { verdict } = await weighApprovals(asked.case, services, { store, clock }, fact === undefined ? [] : [fact]);
    if (!check.ok) throw notCounting(block.payload.by, check.code, check.reason, { verdict }, services);
    const refusal = verdict.refused.find((one) => one.approval === fact);
    if (refusal !== undefined && refusal.code !== 'same-person')
      throw notCounting(block.payload.by, refusal.code, refusal.reason, { verdict }, services);
  }
  for (const block of blocks) await addApproval(store, block);
  return outcome(context, asked, services, { imported: blocks.map((block) => block.payload.by) });
}

async function textOf({ stdio }: CommandContext, file: string): Promise<string> {
  if (file === '-') return decodeText(await buffer(stdio.stdin), 'The standard input');
  return readTextFile(resolve(stdio.cwd, file)).catch((error: unknown) => {
    if (isRunbackError(error)) throw error;
    throw new RunbackError('file-unreadable', `Cannot read ${file}`, { why: messageOf(error), state: 'Nothing was approved.', cause: error });
  });
}

/** The approvals that are kept here, to be pasted somewhere else. */
async function fetched(context: CommandContext, asked: AskedApproval, services: ApprovalServices): Promise<Outcome> {
  const { readApprovals } = await import('../../runbooks/index.js');
  const { formatApprovalBlock } = await import('../../escalation/index.js');
  const { store } = await context.session();
  const blocks = (await readApprovals(store, asked.case.of)).map(formatApprovalBlock);
  return { ...(await outcome(context, asked, services, { blocks }, blocks.join('\n\n'))), ...(blocks.length === 0 ? { exit: EXIT.notFound } : {}) };
}

/**
 * How far the approval has come. `out`: what goes to stdout by itself, so that it can be piped; the words then go to
 * stderr.
 */
async function outcome(
  context: CommandContext,
  asked: AskedApproval,
  services: ApprovalServices,
  data: Readonly<Record<string, unknown>>,
  out?: string,
): Promise<Outcome> {
  const { weighApprovals } = await import('../../runbooks/index.js');
  const { store, clock } = await context.session();
  const { verdict, refused } = await weighApprovals(asked.case, services, { store, clock });
  const { of, run, plan } = asked.case;
  const state: ApprovalsState = {
    of,
    ...(plan === undefined ? {} : { plan: plan.id }),
    ...(run === undefined ? {} : { run: run.id }),
    needed: verdict.needed,
    met: verdict.met,
    given: verdict.accepted.map(({ approval, expires }) => ({
      by: approval.by,
      authenticated: approval.authenticated === 'signature',
      method: approval.authenticated,
      expires,
      ...fingerprint(approval.fingerprint),
    })),
    refused,
  };
  if (out !== undefined && !context.globals.json) context.live.print(approvalsText(state, context.style));
  return { data: { ...state, ...data }, text: (style) => out ?? approvalsText(state, style) };
}

const fingerprint = (value: string | undefined): { fingerprint?: string } => (value === undefined ? {} : { fingerprint: value });

export const commands: readonly CommandSpec[] = [
  {
    summary: 'Approve a plan, or what a run waits for, by name and signature',
    details:
      'Shows what is approved and prints an approval that is bound to exactly that: paste it where the run waits, or --import it there. ' +
      'It is kept in this workspace too. Without --key it is unauthenticated, and escalation.yml may forbid that.',
    args: [{ name: 'what', description: 'plan or run: id, its beginning, or latest (run)', kind: 'run' }],
    options: [
      { flags: '--key <file>', description: 'SSH key to sign with; its .pub file where an agent holds it', kind: 'file' },
      { flags: '--confirm <environment:records>', description: 'the confirmation, for use without a terminal' },
      { flags: '--import <file>', description: 'keep approvals made elsewhere; - for stdin', kind: 'file' },
      { flags: '--fetch', description: 'print the approvals that are kept here' },
    ],
    examples: ['runback approve run-20261122-164733-k3vq --as lee --key ~/.ssh/id_ed25519', 'runback approve latest --import - < approval.txt'],
    run: approve,
  },
];
