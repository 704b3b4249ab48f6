import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type HubSpotSandbox, integration, seedMessy, startHubSpotSandbox } from '../../../src/sandbox/index.js';
import { secondAfter } from '../../support/later.js';
import { jsonLines } from './child.js';
import { runHere } from './here.js';

/** A workspace on disk with a HubSpot sandbox behind it and one sync that is a file: paused where `paused` exists. */
export interface TestWorkspace {
  readonly dir: string;
  readonly sandbox: HubSpotSandbox;
  readonly contacts: readonly string[];
  /** The sync that writes to the platform is paused now. */
  paused(): boolean;
  /** Writes one job title over those of the first contacts, as the sync would. Gives the titles that were there. */
  damage(count: number, title?: string): Map<string, string | undefined>;
  /** Present job title of a contact, past the API. */
  title(id: string): string | undefined;
  /** A verified snapshot taken by the program itself; gives its id. What is written afterwards is written in a later second. */
  base(): Promise<string>;
  close(): Promise<void>;
}

const RUNBOOK = `version: 1
id: small
title: Undo wrong job titles
symptoms: [One job title appears on many records]
inputs:
  platform: { type: platform, prompt: Which platform holds the damaged records? }
  base: { type: snapshot, prompt: Which snapshot is good?, default: latest-verified }
steps:
  - { id: pause, title: Stop the syncs, action: syncs.pause, with: { writes_to: "\${{ inputs.platform }}" } }
  - { id: evidence, title: Keep the evidence, action: snapshot.create, with: { platforms: ["\${{ inputs.platform }}"] } }
  - id: plan
    title: Work out what was damaged
    action: restore.plan
    with: { platform: "\${{ inputs.platform }}", base: "\${{ inputs.base }}", damaged: "\${{ steps.evidence.snapshot }}", unattributed: unknown }
  - id: review
    title: Does this look like the damage?
    instructions: Look at ten changes.
    decide: { "yes": continue, no: stop }
  - id: apply
    title: Put the good values back
    action: restore.apply
    with: { platform: "\${{ inputs.platform }}", plan: "\${{ steps.plan.plan }}" }
  - { id: verify, title: Prove it, action: restore.verify, with: { plan: "\${{ steps.plan.plan }}" }, verify: steps.verify.remaining == 0 }
  - { id: told, title: Tell the team, manual: The team knows. }
  - { id: resume, title: Start the syncs again, action: syncs.resume, with: { paused_by: "\${{ steps.pause.id }}" } }
`;

/** The entry of a sandbox among the platforms of runback.yml. */
export const hubspotIn = (sandbox: Pick<HubSpotSandbox, 'portalId' | 'url'>): string => `  hubspot:
    connector: hubspot
    environment: sandbox
    account: "${sandbox.portalId}"
    url: ${sandbox.url}
    credentials: { token: file:token }
    objects: [contacts]
    limits: { requests_per_10s: 1000 }
    options: { search_lag: 1s, settle: 0s }`;

const SYNC_WRITER = integration('4471120', 'MarketSync');

/** Makes a workspace with `size` contacts. Close it. */
export async function openWorkspace(size = 60): Promise<TestWorkspace> {
  const dir = await mkdtemp(join(tmpdir(), 'runback-cli-'));
  const sandbox = await startHubSpotSandbox({ seed: 3 });
  const { contacts } = seedMessy(sandbox, { contacts: size, companies: 5, deals: 3, seed: 3 });
  const flag = join(dir, 'paused');
  const script = (body: string): string => JSON.stringify(['sh', '-c', body, 'sh', flag]);
  await mkdir(join(dir, 'runbooks'));
  await writeFile(join(dir, 'runbooks', 'small.yml'), RUNBOOK);
  await writeFile(join(dir, 'token'), sandbox.token, { mode: 0o600 });
  await writeFile(
    join(dir, 'runback.yml'),
    `version: 1
platforms:
${hubspotIn(sandbox)}
syncs:
  market-sync:
    title: Marketing sync
    controller: command
    writes_to: [hubspot]
    writes_as: ["INTEGRATION:4471120"]
    status: { run: ${script('test ! -e "$1" || exit 3')}, paused: "exit == 3" }
    pause: { run: ${script(': >"$1"')} }
    resume: { run: ${script('rm "$1"')} }
backups: { storage: backups }
`,
  );
  const title = (id: string): string | undefined => sandbox.records('contacts').find((record) => record.id === id)?.properties['jobtitle'];
  return {
    dir,
    sandbox,
    contacts,
    title,
    paused: () => existsSync(flag),
    damage: (count, wrong = 'Intern') => {
      const writer = sandbox.writeAs(SYNC_WRITER);
      const before = new Map<string, string | undefined>();
      for (const id of contacts.slice(0, count)) {
        before.set(id, title(id));
        writer.apply({ action: 'update', object: 'contacts', id, properties: { jobtitle: wrong } });
      }
      return before;
    },
    base: async () => {
      const made = jsonLines((await runHere(['snapshot', 'create', '--platform', 'hubspot', '--json'], { cwd: dir })).stdout).at(-1);
      const { id, startedAt } = (made as { data: { id: string; startedAt: string } }).data;
      await runHere(['snapshot', 'verify', id], { cwd: dir });
      await secondAfter(startedAt);
      return id;
    },
    close: async () => {
      await sandbox.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
