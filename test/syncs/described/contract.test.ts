import { describedContract } from '../../contracts/described.js';
import { airbyte } from '../stubs/airbyte.js';
import { census } from '../stubs/census.js';
import { fivetran } from '../stubs/fivetran.js';
import { hightouch } from '../stubs/hightouch.js';
import { hubspotWorkflow } from '../stubs/hubspot-workflow.js';
import { mailchimpAutomation, mailchimpCampaign } from '../stubs/mailchimp.js';
import { n8n } from '../stubs/n8n.js';
import { nodeRed, nodeRedFlow } from '../stubs/node-red.js';
import { salesforceFlow } from '../stubs/salesforce.js';
import { workato } from '../stubs/workato.js';

for (const vendor of [
  n8n,
  airbyte,
  fivetran,
  hightouch,
  census,
  workato,
  nodeRed,
  nodeRedFlow,
  hubspotWorkflow,
  salesforceFlow,
  mailchimpCampaign,
  mailchimpAutomation,
])
  describedContract(vendor);
