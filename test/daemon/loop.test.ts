import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { acknowledge } from '../../src/incidents/index.js';
import { makeWorld, type MovableClock, until } from './world.js';

/** A dead man's switch that counts what it hears. */
async function listener(status = 200): Promise<{ readonly url: string; readonly heard: string[] }> {
  const heard: string[] = [];
  const server: Server = createServer((request, response) => {
    heard.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end('OK');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`, heard };
}

describe('the daemon', () => {
  it('escalates by itself: the next level is paged when nobody answers in time', async () => {
    const world = await makeWorld();
    const { id } = await world.open('Wrong first names');
    world.start();
    await until(async () => (await world.incidents.read(id)).pages.every(({ state }) => state === 'accepted'));
    expect((await world.incidents.read(id)).pages.map(({ to }) => to.person ?? to.channel)).toEqual(['maya', 'ops']);
    world.clock.forward(5 * 60_000);
    await until(async () => (await world.incidents.read(id)).pages.some(({ to, state }) => to.person === 'lee' && state === 'accepted'));
  });

  it('sees what another process puts on the agenda within a second or so', async () => {
    const world = await makeWorld();
    const daemon = world.start();
    await daemon.url;
    const { id } = await world.open('Opened by a command, which ended before it sent anything');
    await until(async () => (await world.incidents.read(id)).pages.every(({ state }) => state === 'accepted'));
    expect(world.outbox.sent.map(({ incident }) => incident.id)).toEqual([id, id]);
  });

  it('is one for a workspace: a second one is told who holds it and since when', async () => {
    const world = await makeWorld();
    await world.start().url;
    const second = world.start();
    await expect(second.ended).rejects.toMatchObject({
      code: 'locked',
      exitCode: 11,
      why: expect.stringMatching(/held by maya for the daemon of this workspace \(daemon-\d+\) since \d{4}-/),
    });
  });

  it('ends when its lock is lost, so that there are never two', async () => {
    const world = await makeWorld();
    const first = world.start();
    await first.url;
    await rm(join(world.dir, 'locks', 'daemon.lock'));
    const second = world.start();
    await second.url;
    await expect(first.ended).rejects.toMatchObject({ code: 'fenced', exitCode: 11 });
    const { id } = await world.open('Found by the second one');
    await until(async () => (await world.incidents.read(id)).pages.every(({ state }) => state === 'accepted'));
  });

  it('gives the lock back when it is stopped, after pages under way have ended', async () => {
    const world = await makeWorld();
    let release = (): void => {};
    world.outbox.hold = new Promise((resolve) => (release = resolve));
    const { id } = await world.open('Slow service');
    const daemon = world.start();
    await until(() => world.outbox.ticks > 1);
    const stopped = daemon.stop();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await world.store.lockHolder('daemon')).toBeDefined();
    release();
    await stopped;
    expect(await world.store.lockHolder('daemon')).toBeUndefined();
    // What has ended is on the agenda of the next one.
    await world.start({ once: true }).ended;
    expect((await world.incidents.read(id)).pages.map(({ state }) => state)).toEqual(['accepted', 'accepted']);
  });

  it('does with --once what is due, waits for its pages, writes down how they ended, and ends', async () => {
    const world = await makeWorld();
    const { id } = await world.open('From cron');
    await world.start({ once: true }).ended;
    expect((await world.incidents.read(id)).pages.map(({ state }) => state)).toEqual(['accepted', 'accepted']);
    expect(await world.store.lockHolder('daemon')).toBeUndefined();
  });

  it('lets a failing ticker hold up no other, says so once a minute, and ends --once with its error', async () => {
    const world = await makeWorld();
    const { id } = await world.open('A full disk elsewhere');
    const broken = { name: 'backups', tick: () => Promise.reject(new Error('no room left')) };
    const daemon = world.start({ tickers: [broken] });
    await until(async () => (await world.incidents.read(id)).pages.every(({ state }) => state === 'accepted'));
    await until(() => world.outbox.ticks > 3);
    expect(world.lines.filter((line) => line.includes('no room left'))).toEqual(['What is due for backups cannot be done: no room left']);
    await daemon.stop();
    await expect(world.start({ once: true, tickers: [broken] }).ended).rejects.toThrow('no room left');
  });

  it('says at once what is wrong with a watched file now, also right after something else was', async () => {
    const world = await makeWorld();
    const wrong = ['the file is empty', 'line 9: webhok is no type of channel'];
    const tick = async (): Promise<never> => Promise.reject(new Error(wrong.length > 1 ? wrong.shift() : wrong[0]));
    world.start({ tickers: [{ name: 'escalation.yml', watches: true, tick }] });
    await until(() => world.lines.length === 2 && world.outbox.ticks > 4);
    expect(world.lines).toEqual(['the file is empty', 'line 9: webhok is no type of channel']);
  });

  it('asks a ticker again at once while something was due', async () => {
    const world = await makeWorld();
    let left = 5;
    const slept: number[] = [];
    const clock: MovableClock = {
      ...world.clock,
      sleep: async (ms, signal) => {
        slept.push(left);
        await world.clock.sleep(ms, signal);
      },
    };
    world.start({ clock, tickers: [{ name: 'backups', tick: async () => ({ due: left > 0 ? left-- : 0 }) }] });
    await until(() => slept.length > 0);
    expect(slept[0]).toBe(0);
  });

  it('tells of a damaged incident once, and goes on with the others', async () => {
    const world = await makeWorld();
    const { id: bad } = await world.open('Will be damaged');
    const { writeFile } = await import('node:fs/promises');
    await writeFile(`${world.dir}/incidents/${bad}/journal.ndjson`, 'not a journal\nat all\n');
    const { id: good } = await world.open('Goes on');
    world.start();
    await until(async () => (await world.incidents.read(good)).pages.every(({ state }) => state === 'accepted'));
    await until(() => world.outbox.ticks > 3);
    expect(world.lines.filter((line) => line.includes(bad))).toHaveLength(1);
  });
});

describe("the dead man's ping", () => {
  it('is sent while everything is in order, and never says where in the log', async () => {
    const world = await makeWorld();
    const { url, heard } = await listener();
    world.start({ ping: { url, everyMs: 100 } });
    await until(() => heard.length >= 2);
    expect(heard[0]).toBe('GET /secret-path');
    expect(world.lines.join('\n')).not.toContain('secret-path');
  });

  it('is withheld once everybody was told and nobody has answered, and comes back when somebody has it', async () => {
    const world = await makeWorld();
    const { url, heard } = await listener();
    const { id } = await world.open('Nobody answers');
    await world.incidents.tick();
    for (const _ of [1, 2]) {
      world.clock.forward(6 * 60_000);
      await world.incidents.tick();
    }
    world.start({ ping: { url, everyMs: 100 } });
    await until(() => world.lines.some((line) => line.includes(`No ping is sent: ${id} has waited for someone`)));
    expect(heard).toEqual([]);
    await acknowledge(world.incidents, id, { by: 'lee', source: 'cli' });
    await until(() => heard.length > 0);
  });

  it('is withheld for an hour after a page failed for good, unless somebody dismisses it', async () => {
    const world = await makeWorld();
    const { url, heard } = await listener();
    world.outbox.end = ({ to }) => (to.person === 'maya' ? 'permanent' : 'accepted');
    const { id } = await world.open('Her address is wrong');
    await world.start({ once: true }).ended;
    world.start({ ping: { url, everyMs: 100 } });
    await until(() => world.lines.some((line) => line.includes('failed permanently within the last hour')));
    expect(heard).toEqual([]);
    await world.outbox.dismiss(`${id}.1.0.0.0`);
    await until(() => heard.length > 0);
  });

  it('is withheld while a ticker fails', async () => {
    const world = await makeWorld();
    const { url, heard } = await listener();
    world.start({ ping: { url, everyMs: 100 }, tickers: [{ name: 'backups', tick: () => Promise.reject(new Error('broken')) }] });
    await until(() => world.lines.some((line) => line === 'No ping is sent: backups: broken.'));
    expect(heard).toEqual([]);
  });

  it('follows no redirect, and a service that refuses it holds up nothing', async () => {
    const world = await makeWorld();
    const { url, heard } = await listener(302);
    const { id } = await world.open('Paged all the same');
    world.start({ ping: { url, everyMs: 100 } });
    await until(() => world.lines.includes('The ping did not get through: it answered with status 302.'));
    await until(async () => (await world.incidents.read(id)).pages.every(({ state }) => state === 'accepted'));
    expect(heard.filter((line) => line.includes('elsewhere'))).toEqual([]);
  });

  it('goes out at the end of --once', async () => {
    const world = await makeWorld();
    const { url, heard } = await listener();
    await world.start({ once: true, ping: { url } }).ended;
    expect(heard).toHaveLength(1);
  });

  it('refuses what is no web address, without showing it', async () => {
    const world = await makeWorld();
    const started = world.start({ ping: { url: 'hunter2' } });
    await expect(started.ended).rejects.toMatchObject({ code: 'usage' });
    await expect(started.ended).rejects.not.toThrow('hunter2');
    expect(await world.store.lockHolder('daemon')).toBeUndefined();
  });
});
