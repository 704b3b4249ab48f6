import { describe, expect, it } from 'vitest';

import { emptyPage, hasBrowser, openBrowser, violationsOf } from '../support/browser.js';
import { freePort } from '../support/ports.js';
import { ackPath, makeWorld, until } from './world.js';

const shots = process.env['RUNBACK_TEST_SCREENSHOTS'];

describe.skipIf(!hasBrowser())('the status page in a real browser', () => {
  /** A workspace on fire in every way that the page knows. */
  async function onFire() {
    const world = await makeWorld();
    world.outbox.end = ({ to }) => (to.person === 'lee' ? 'permanent' : 'accepted');
    const at = new Date(Date.now() - 3_600_000).toISOString();
    const { id: old } = await world.open('Company links dropped by an import');
    await world.incidents.tick();
    for (const _ of [1, 2]) {
      world.clock.forward(6 * 60_000);
      await world.incidents.tick();
    }
    const { id } = await world.open('Wrong first names on 12,480 contacts after the nightly sync');
    await world.open('A report is late', 'sev3');
    const url = await world.start({
      runs: async () => [
        { id: 'run-20261125-1', title: 'Undo a mass overwrite', state: 'waiting', by: 'sam', startedAt: at, waitingFor: 'Look at ten changes' },
      ],
      pauses: async () => [{ id: 'pause-1', by: 'sam', reason: 'wrong names', at, syncs: ['crm-to-marketing', 'webinar-import'] }],
    }).url;
    await until(async () => (await world.incidents.read(id)).pages.every(({ state }) => state !== 'open'));
    return { world, url, id, old, maya: ackPath(world, id, 'maya'), ops: ackPath(world, id, 'ops') };
  }

  it('has nothing that axe objects to, in light and dark, wide and narrow', async () => {
    const { url, id, old, maya, ops } = await onFire();
    const page = await emptyPage(await openBrowser());
    const places = {
      overview: '/',
      incident: `/incidents/${id}`,
      overdue: `/incidents/${old}`,
      person: maya,
      channel: ops,
      nowhere: '/nothing',
    };
    for (const colorScheme of ['light', 'dark'] as const)
      for (const width of [1100, 360]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        for (const [name, path] of Object.entries(places)) {
          await page.goto(`${url}${path}`);
          expect(await violationsOf(page), `${name} ${colorScheme} ${width}`).toEqual([]);
          expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${name} ${width} fits`).toBe(true);
          expect(await page.evaluate('getComputedStyle(document.body).maxWidth'), 'the style sheet is let in').not.toBe('none');
          if (shots !== undefined) await page.screenshot({ path: `${shots}/${name}-${colorScheme}-${width}.png`, fullPage: true });
        }
      }
  });

  it('lets a keyboard alone acknowledge, and only by confirming', async () => {
    const { world, url, id, maya } = await onFire();
    const page = await emptyPage(await openBrowser());
    await page.goto(`${url}${maya}`);
    expect((await world.incidents.read(id)).status).toBe('open');
    const focused = (): Promise<string> => page.evaluate('document.activeElement.textContent.trim()');
    for (let n = 0; n < 10 && (await focused()) !== 'Acknowledge'; n += 1) await page.keyboard.press('Tab');
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/ack\//u);
    await page.getByText('Nobody else is paged in the meantime').waitFor();
    expect(await world.incidents.read(id)).toMatchObject({ status: 'acknowledged', holder: { person: 'maya' } });
    expect(await violationsOf(page)).toEqual([]);
    // Back and again, as people do: still one acknowledgement.
    await page.reload();
    expect((await world.incidents.read(id)).timeline.filter(({ type }) => type === 'incident.acknowledged')).toHaveLength(1);
  });

  it('lets a keyboard choose a name where a channel was paged', async () => {
    const { world, url, id, ops } = await onFire();
    const page = await emptyPage(await openBrowser());
    await page.goto(`${url}${ops}`);
    await page.getByLabel('Who are you?').focus();
    await page.keyboard.type('Lee');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await until(async () => (await world.incidents.read(id)).holder !== undefined);
    expect((await world.incidents.read(id)).holder?.person).toBe('lee');
  });

  it('cannot be made to acknowledge by a page of another site', async () => {
    const { world, url, id, maya } = await onFire();
    const page = await emptyPage(await openBrowser());
    await page.goto(`data:text/html,<form method=post action="${url}${maya}"><button>Win</button></form>`);
    await page.getByText('Win').click();
    await page.getByText('This came from another page').waitFor();
    expect((await world.incidents.read(id)).status).toBe('open');
  });

  it('acknowledges at the press of the button over a public address without TLS, and still not for another page', async () => {
    const world = await makeWorld();
    const { id } = await world.open('Wrong first names');
    const port = await freePort();
    const publicUrl = `http://status.example.test:${port}`;
    world.start({ http: { port, publicUrl } });
    await until(async () => (await world.incidents.read(id)).pages.every(({ state }) => state !== 'open'));
    const maya = ackPath(world, id, 'maya');
    const page = await emptyPage(await openBrowser({ names: ['status.example.test', 'elsewhere.example.test'] }));
    // Over plain http a browser says nothing of where a form comes from but its origin.
    await page.route('http://elsewhere.example.test/**', (route) =>
      route.fulfill({ contentType: 'text/html', body: `<form method=post action="${publicUrl}${maya}"><button>Win</button></form>` }),
    );
    await page.goto('http://elsewhere.example.test/');
    await page.getByText('Win').click();
    await page.getByText('This came from another page').waitFor();
    expect((await world.incidents.read(id)).status).toBe('open');
    await page.goto(`${publicUrl}${maya}`);
    await page.getByRole('button', { name: 'Acknowledge' }).click();
    await page.getByText('Nobody else is paged in the meantime').waitFor();
    expect(await world.incidents.read(id)).toMatchObject({ status: 'acknowledged', holder: { person: 'maya' } });
  });

  it('loads itself again only while it may', async () => {
    const { url } = await onFire();
    const page = await emptyPage(await openBrowser());
    await page.goto(url);
    await page.getByText('Stop that').click();
    await page.getByText('Reload every 30 s').waitFor();
    expect(page.url()).toContain('refresh=off');
  });
});
