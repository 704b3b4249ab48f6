import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { parseController } from '../../../src/syncs/descriptions/load.js';
import { openController } from '../../../src/syncs/registry.js';
import { startStub } from '../stubs/kit.js';
import { depsOf } from '../stubs/workspace.js';

const GOOD = `version: 1
name: Loader
settings: { id: Which one. }
auth: { kind: header, before: 'Token ', credential: key }
status: { get: '/jobs/{id}', paused: body.off, in_flight: size(busy), in_flight_is: Its loads. }
reads:
  busy: { get: '/jobs/{id}/loads', query: { after: '{cursor}' }, items: loads, next: more }
pause: { put: '/jobs/{id}', body: { off: true } }
resume: { put: '/jobs/{id}', body: { off: false } }
`;

// A user would lose an evening: a description that is wrong has to say where, before anything is paused by it.
describe('a description that is wrong says where', () => {
  it.each([
    ['a word that means nothing', GOOD.replace("'/jobs/{id}/loads'", "'/jobs/{ident}/loads'"), 'own.yml:7:16', '{ident} means nothing here'],
    ['an expression over what is not there', GOOD.replace('body.off,', 'bodyy.off,'), 'own.yml:5', 'nothing is named "bodyy"'],
    ['an expression that cannot be read', GOOD.replace('body.off,', "'body.off ==',"), 'own.yml:5', 'cannot be used'],
    ['two requests in one', GOOD.replace('pause: { put:', 'pause: { post: /x, put:'), 'own.yml:8', 'pause needs one request, and has 2'],
    ['none', GOOD.replace("resume: { put: '/jobs/{id}', ", 'resume: { '), 'own.yml:9', 'resume needs one request, and has 0'],
    ['a status that writes', GOOD.replace('status: { get:', 'status: { delete:'), 'own.yml:5', 'status only reads'],
    ['a program among requests', GOOD.replace("pause: { put: '/jobs/{id}', ", 'pause: { run: [x], '), 'own.yml:8', 'pause needs one request'],
    ['a name twice', GOOD.replace('  busy:', '  body:').replace('size(busy)', '0'), 'own.yml:7', '"body" has another meaning already'],
    ['pages of no list', GOOD.replace('items: loads, ', ''), 'own.yml:7', 'pages are of a list'],
    [
      'basic without a user',
      GOOD.replace("kind: header, before: 'Token ', credential: key", 'kind: basic, password: key'),
      'own.yml:4',
      'basic needs one user',
    ],
    ['a word that is misspelt', GOOD.replace('in_flight_is', 'in_flight_iss'), 'own.yml:5', 'in_flight_is'],
    [
      'a path to another server',
      GOOD.replace("put: '/jobs/{id}', body: { off: true }", "put: '//other.example.com/x'"),
      'own.yml:8',
      'a path that begins with one /',
    ],
  ])('%s', (_, text, place, words) => {
    let message = '';
    try {
      parseController(text, 'own.yml');
    } catch (error) {
      expect(error).toMatchObject({ code: 'file-invalid', next: expect.stringContaining('Correct the file') as string });
      message = (error as Error).message;
    }
    expect(message).toContain(place);
    expect(message).toContain(words);
  });

  it('whatever it holds instead of a description', () => {
    for (const text of [
      '',
      '[]',
      'x',
      'version: 1',
      'version: 2\nname: x',
      'status: []\nreads: x\npause: 1\nkeep: [1]',
      'status: { run: 1, paused: [x], warn: 1 }',
    ])
      expect(() => parseController(text, 'own.yml')).toThrowError(expect.objectContaining({ code: 'file-invalid' }));
  });
});

describe('a sync that does not fit its description says which setting', () => {
  it.each([
    ['n8n', { url: 'https://n8n.example.com' }, 'syncs.leads.id: it is missing'],
    ['n8n', { url: 'https://n8n.example.com', id: 'a', pth: '/x' }, 'syncs.leads.pth'],
    ['n8n', { id: 'a' }, 'syncs.leads.url: it is missing'],
    ['n8n', { url: 'n8n.example.com', id: 'a' }, 'syncs.leads.url: it is no address'],
    ['n8n', { url: 'http://n8n.example.com', id: 'a' }, 'without encryption'],
    ['n8n', { url: 'https://n8n.example.com', id: ['a'] }, 'syncs.leads.id: it is no text'],
    ['hightouch', { id: 2 ** 60 }, 'too large for a number'],
    ['systemd', { timer: 'a.timer', service: 'a.service', timeout: 3 }, 'syncs.leads.timeout'],
  ])('%s %j', async (kind, options, words) => {
    await expect(openController(kind, depsOf('leads', options))).rejects.toMatchObject({
      code: 'file-invalid',
      message: expect.stringContaining(words) as string,
    });
  });

  it('a name that is misspelt is told with the nearest', async () => {
    await expect(openController('airbite', depsOf('leads', {}))).rejects.toMatchObject({ next: 'Did you mean "airbyte"?' });
    await expect(openController('hubspot', depsOf('leads', {}))).rejects.toMatchObject({ next: 'Did you mean "hubspot-workflow"?' });
  });

  it('a credential that is missing is told before anything is sent', async () => {
    const controller = await openController('n8n', depsOf('leads', { url: 'http://127.0.0.1:9', id: 'a' }));
    await expect(controller.status()).rejects.toMatchObject({
      code: 'file-invalid',
      message: expect.stringContaining('there is no credential "key"') as string,
    });
  });
});

describe('a description of the workspace', () => {
  const folderWith = async (text: string): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'runback-own-'));
    await writeFile(join(folder, 'own.yml'), text);
    return folder;
  };

  it('is taken by its path, and counts as unproven', async () => {
    const folder = await folderWith(GOOD);
    const pages = [{ loads: [1, 2], more: 'x' }, { loads: [3] }];
    const stub = await startStub(({ path, query }) =>
      path.endsWith('/loads') ? { status: 200, body: pages[query.has('after') ? 1 : 0] } : { status: 200, body: { off: true } },
    );
    const controller = await openController('own.yml', depsOf('leads', { url: stub.url, id: 7 }, { key: 'canary-own' }, folder));
    expect(await controller.status()).toMatchObject({ state: 'draining', inFlight: 3 });
    expect(controller.proven).toBe(false);
    await stub.close();
    await rm(folder, { recursive: true });
  });

  it('whose list never ends is stopped', async () => {
    const folder = await folderWith(GOOD);
    const stub = await startStub(({ path }) => ({ status: 200, body: path.endsWith('/loads') ? { loads: [1], more: 'same' } : { off: true } }));
    const controller = await openController('own.yml', depsOf('leads', { url: stub.url, id: 7 }, { key: 'canary-own' }, folder));
    await expect(controller.status()).rejects.toMatchObject({ code: 'sync-failed', why: expect.stringContaining('does not end') as string });
    await stub.close();
    await rm(folder, { recursive: true });
  });

  it('whose list is not there is no list of nothing', async () => {
    const folder = await folderWith(GOOD);
    const stub = await startStub(({ path }) => ({ status: 200, body: path.endsWith('/loads') ? { items: [] } : { off: true } }));
    const controller = await openController('own.yml', depsOf('leads', { url: stub.url, id: 7 }, { key: 'canary-own' }, folder));
    await expect(controller.status()).rejects.toMatchObject({ code: 'sync-failed', why: expect.stringContaining('no list at loads') as string });
    await stub.close();
    await rm(folder, { recursive: true });
  });

  it('that is not there is told with its path', async () => {
    await expect(openController('missing.yml', depsOf('leads', {}))).rejects.toMatchObject({ code: 'file-unreadable' });
  });
});
