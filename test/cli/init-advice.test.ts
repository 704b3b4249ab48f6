import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { workspaceText } from '../../src/cli/flows/initial.js';

/** A user would lose: the history that the database has, since nobody told them that one line turns it on. */

const ADVICE =
  'audit.log looks like an audit table that someone made, and is not used. If its columns mean this, put under postgres in runback.yml:  audit: { table: "audit.log", by: who }';

test('an audit table that init finds stands in runback.yml as a comment, which becomes a setting without its #', () => {
  const text = workspaceText({ connector: 'postgres', environment: 'sandbox', secret: 'env:URL', advice: [ADVICE, 'There is no index on it.'] });
  expect(text).toContain('    # audit: { table: "audit.log", by: who }\n');
  expect(parse(text)).toMatchObject({ platforms: { postgres: { url: 'env:URL' } } });
  expect(parse(text)).not.toHaveProperty('platforms.postgres.audit');
  expect(parse(text.replace('    # audit:', '    audit:'))).toHaveProperty('platforms.postgres.audit', { table: 'audit.log', by: 'who' });
});
