import { describe, test } from 'vitest';

import { expectTests, told } from './support.js';

/**
 * "Salesforce, Mailchimp, any REST platform; sync controllers": what it must show, as far as it is there. RUNBACK_TEST_DIRECTUS
 * names a folder with Directus in it (`npm run test:engines -- directus` makes one).
 */
describe('issue 12', () => {
  const shows: readonly (readonly [string, string])[] = [
    ['a platform told about by a file passes the contract, one that nobody here wrote too', 'test/connectors/rest/postbird test/engines'],
    [
      'a description that lies is found by the probe, or stopped with the request, the kind of the answer and the line',
      'test/connectors/rest/probe test/connectors/rest/lists',
    ],
    [
      'its writes are done once, and told as what they are; its credentials are renewed and shown nowhere',
      'test/connectors/rest/writes test/connectors/rest/auth',
    ],
    ['the way of a rollback on it: probe, snapshot, plan, apply, proof, undo', 'test/journeys/described'],
    ['Salesforce passes the contract; the way of a rollback on it, with who deleted what', 'test/connectors/salesforce test/journeys/salesforce'],
    ['Mailchimp passes the contract; nobody who opted out ends up mailable', 'test/connectors/mailchimp test/journeys/mailchimp'],
    [
      'a wrong merge of consent on Mailchimp and HubSpot: nobody who opted out ends up mailable, nobody is opted in unasked',
      'test/journeys/mailchimp-hubspot',
    ],
    [
      'kill -9 at every write, lost answers, rings of addresses on Mailchimp: right in the end, nobody twice',
      'test/journeys/mailchimp-killed test/journeys/mailchimp-attacks',
    ],
    ['backup, increment, restore test, investigation and rehearsal on Mailchimp', 'test/journeys/mailchimp-backups'],
    ['the drills on Mailchimp pass, one for each runbook that applies', 'test/drills/mailchimp'],
    ['a drill on Salesforce for each runbook; that they pass is among what drill mode must show', 'test/drills/shipped'],
    ["jsforce and Mailchimp's own client run their ordinary calls against the sandboxes", 'test/sandbox/salesforce test/sandbox/mailchimp'],
    ['each controller of a sync: pause, drain, failed answer, back to the earlier state', 'test/syncs'],
    ['an automation left on: apply refuses with 6', 'test/cli/automations'],
    ['Salesforce: kill -9 at every write of a whole run, then resume', 'test/journeys/crash-sweep-salesforce'],
    ['a described platform: kill -9 at every write of a whole run, then resume', 'test/journeys/crash-sweep-described'],
    ['attacks on the data of a restore: nothing is made twice, on HubSpot, Salesforce and a described platform', 'test/restores/attacks'],
    ['Salesforce: backup, increment, restore test, investigation, rehearsal and a drill on own data', 'test/stages/salesforce'],
    [
      'init finds object types, flows and syncs; doctor tells what is not allowed, and its bundle holds no value',
      'test/cli/init-found test/cli/doctor test/syncs/described/lists',
    ],
    ['the demo of two platforms: 0 damaged cells left on both sides, unattended and in a terminal', 'test/cli/demo-two-platforms'],
  ];
  test.each(shows)('%s', async (line, files) => {
    const { passed, skipped } = await expectTests(files);
    told(line, `${passed} tests passed, ${skipped.length} skipped`);
  });
});
