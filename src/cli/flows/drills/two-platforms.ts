import { rm } from 'node:fs/promises';

import { stageTwoPlatforms, type TwoPlatforms } from '../../../drills/index.js';
import { EXIT, isRunbackError, RunbackError } from '../../../lib/index.js';
import { layWorkspace, type Score } from '../../../stages/index.js';
import { temporaryFolder } from '../../session/temporary.js';
import type { CommandContext, Outcome } from '../../shell/command.js';
import { count, counted, span } from '../../views/text/format.js';
import { wrap } from '../../views/text/width.js';
import { isRepaired, scoreText } from '../restores/rehearsal.js';

const SIZES = { full: { people: 600, firms: 80 }, small: { people: 60, firms: 12 } } as const;
/** Who is at the keyboard unless --as says otherwise. */
const ON_CALL = 'maya';

interface TwoPlatformsResult {
  readonly score: Score;
  readonly base: string;
  readonly set: string;
  readonly seconds: number;
  readonly workspace: string | undefined;
}

/**
 * The story of two platforms whose sync goes round in a loop: found by `investigate`, put back on both sides by one set
 * of plans, and judged by the sandboxes' own records. Every command of it is run as it would be typed.
 */
export async function twoPlatformsDemo(context: CommandContext): Promise<Outcome> {
  const { live, style, clock, input } = context;
  const say = (text: string): void => live.print(wrap(text, style.width).join('\n'));
  const started = clock.monotonicMs();
  const sizes = input.flag('small') ? SIZES.small : SIZES.full;
  const folder = await temporaryFolder('runback-demo-');
  say(
    `A Salesforce sandbox and a HubSpot sandbox start on this machine, with the same ${count(sizes.people)} people at ${count(sizes.firms)} firms, and a sync between them. Nothing leaves this machine.`,
  );
  const story = await stageTwoPlatforms(sizes);
  let repaired = false;
  try {
    await layWorkspaceOf(folder, story);
    const base = await lastNight(context, folder);
    tellDamage(story, say);
    const set = await repair(context, base, story);
    live.stop();
    const score = story.score();
    repaired = isRepaired(score);
    const seconds = (clock.monotonicMs() - started) / 1000;
    const keeps = context.interactive || input.flag('keep');
    const result: TwoPlatformsResult = { score, base, set, seconds, workspace: keeps ? folder : undefined };
    const look = `${folder}\nLook around: runback --workspace ${folder} restore show ${set}`;
    return {
      data: result,
      text: (out) => `\n${scoreText(score, out, [['time', span(seconds * 1000)], ...(keeps ? [['workspace', look] as const] : [])])}`,
      exit: repaired ? EXIT.done : EXIT.differences,
    };
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    throw new RunbackError(error.code, error.code === 'interrupted' ? 'The demo was stopped' : `The demo has ended: ${error.message}`, {
      why: error.why ?? 'Its sandboxes have ended too. With real platforms the same command would continue.',
      state: 'Nothing but a temporary folder was written.',
      next: 'runback demo --story two-platforms',
      cause: error,
    });
  } finally {
    await story.stop();
    if (repaired && !context.interactive && !input.flag('keep')) await rm(folder, { recursive: true, force: true });
  }
}

async function layWorkspaceOf(folder: string, { hubspot, salesforce, integration, writers }: TwoPlatforms): Promise<void> {
  const field = (crm: string, hub: string, authority: 'crm' | 'hub') => ({ crm, hub, authority });
  await layWorkspace(
    folder,
    { runbooks: [], restores: { limits: { percent: 100 } } },
    {
      platforms: {
        hubspot: {
          connector: 'hubspot',
          environment: 'sandbox',
          account: hubspot.account,
          url: hubspot.url,
          credentials: { token: 'file:hubspot.token' },
          objects: ['contacts', 'companies'],
        },
        crm: {
          connector: 'salesforce',
          environment: 'sandbox',
          account: salesforce.account,
          url: salesforce.url,
          credentials: { client_id: 'file:crm.id', client_secret: 'file:crm.secret' },
          objects: ['Account', 'Contact'],
        },
      },
      syncs: {
        'crm-to-marketing': {
          title: 'CRM to marketing platform',
          controller: 'http',
          writes_to: ['hubspot', 'crm'],
          writes_as: writers,
          url: integration.url,
          status: { path: '/sync', paused: 'body.state == "paused"', in_flight: 'body.in_flight' },
          pause: { path: '/sync/pause' },
          resume: { path: '/sync/resume' },
          carries: [
            {
              between: { crm: 'crm/Contact', hub: 'hubspot/contacts' },
              match: [{ crm: 'Email', hub: 'email', as: 'email' }],
              fields: [field('Title', 'jobtitle', 'hub'), field('MailingCity', 'city', 'hub'), field('Phone', 'phone', 'crm')],
            },
          ],
        },
      },
      tokens: { 'hubspot.token': hubspot.token, 'crm.id': salesforce.connectedApp.clientId, 'crm.secret': salesforce.connectedApp.clientSecret },
    },
  );
}

/** The backup of the night before: one snapshot of both platforms, every byte of it read again. */
async function lastNight(context: CommandContext, folder: string): Promise<string> {
  const { live, call, style } = context;
  const opened = await context.session(folder, ON_CALL);
  live.start("Taking last night's snapshot of both");
  const platforms = [await opened.openPlatform('hubspot', call), await opened.openPlatform('crm', call)];
  const catalog = await opened.catalog();
  const { id, rows } = await catalog.create({ platforms, by: 'nightly', note: 'nightly backup of both' }, call);
  await catalog.verify(id, call);
  live.stop();
  live.print(`${style.glyph.done} Last night's snapshot of both: ${count(rows)} records and links, verified`);
  return id;
}

function tellDamage(story: TwoPlatforms, say: (text: string) => void): void {
  const edits = story.peopleWork(1);
  const done = story.goWrong();
  say(
    `\nThis morning people make ${counted(edits, 'edits')} on both sides. Then the sync goes round in a loop, ${counted(done.rounds, 'times')}: each side takes what the other one held before for newer. Of ${counted(done.overwritten, 'people')} it writes older titles and cities over both sides, ${count(done.newer)} newer values among them, and puts one more "+1" before their phone numbers each time. It moves ${counted(done.moved, 'people')} to another firm, and deletes ${count(done.deleted)}.`,
  );
}

/** What somebody on call types, one command after the other; gives the last set of plans. */
async function repair(context: CommandContext, base: string, story: TwoPlatforms): Promise<string> {
  const run = async (why: string, ...words: readonly string[]): Promise<Readonly<Record<string, unknown>>> => await type(context, words, why);
  const confirmed = (confirm: unknown): readonly string[] => (context.interactive ? [] : ['--confirm', String(confirm)]);
  const both = ['--platform', 'hubspot', '--platform', 'crm'];
  const evidence = String((await run('First the evidence: both sides as they are now.', 'snapshot', 'create', ...both))['id']);
  const edits = story.peopleWork(3);
  context.live.print(
    wrap(`\nPeople who do not know about it make ${counted(edits, 'more edits')}, some on damaged records.`, context.style.width).join('\n'),
  );
  const between = ['--base', base, '--damaged', evidence];
  await run('What happened on the one side?', 'investigate', '--platform', 'hubspot', ...between);
  await run('And on the other?', 'investigate', '--platform', 'crm', ...between);

  const suspects = story.writers.flatMap((writer) => ['--suspect', writer]);
  const values = await run(
    'The same sync damaged both. One set of plans puts back what it wrote, on both sides to the same state. The sync is paused from here on.',
    'restore',
    'plan',
    '--set',
    base,
    '--damaged',
    evidence,
    ...suspects,
  );
  await run('Nothing is written before this.', 'restore', 'apply', String(values['id']), ...confirmed(values['confirm']));
  const rest = await run(
    'HubSpot keeps no history of links, and does not tell who deleted a record: these you decide. All of them were this sync.',
    'restore',
    'plan',
    '--set',
    base,
    '--damaged',
    evidence,
    '--only',
    'deleted',
    '--only',
    'links',
    '--unattributed',
    'include',
  );
  const set = String(rest['id']);
  await run('And these, too.', 'restore', 'apply', set, ...confirmed(rest['confirm']));
  const proof = await run('Prove it: each side against its plan, and both against each other.', 'restore', 'verify', set);
  for (const pause of [values['pauseId'], proof['pauseId']]) await run('The sync was corrected: start it again.', 'sync', 'resume', String(pause));
  return set;
}

/** Runs a command as it would be typed, once the person at the terminal wants it; gives its data. */
async function type(context: CommandContext, words: readonly string[], why: string): Promise<Readonly<Record<string, unknown>>> {
  const { live, style } = context;
  const command = `runback ${words.join(' ')}`;
  live.stop();
  live.print(`\n${wrap(why, style.width).join('\n')}\n\n  ${style.chalk.bold(command)}\n`);
  if (context.interactive) {
    const asker = await context.asker('--no-input');
    if (!(await asker.confirm({ message: 'Run it?', default: true })))
      throw new RunbackError('interrupted', 'The demo was ended', { state: 'Nothing but a temporary folder was written.' });
  }
  // What it only tells has no questions here: what is to be written has, as on the day.
  const outcome = await context.also(words, { asks: words[1] === 'apply' });
  live.stop();
  if (outcome.error !== undefined) throw outcome.error;
  live.print(outcome.text(style));
  return outcome.data as Readonly<Record<string, unknown>>;
}
