// The search box: keys only, spellings of a number, coordinates, a slow answer that comes late.
import assert from 'node:assert/strict';
import { aParcel, BASE, centre, idle, onPage, param, waitParam } from '../kit.mjs';

const start = async () => ({ path: '/', parcel: await aParcel() });
const card = (page, number) => page.locator('#results .card', { hasText: number });

onPage('an exact cadastral number by keys opens its card', start, async (page, { parcel }) => {
  await idle(page);
  await page.keyboard.press('Control+k');
  await page.keyboard.type(parcel.number);
  await page.waitForSelector('[role=option]');
  await page.keyboard.press('ArrowDown');
  assert.match(await page.locator('#search').getAttribute('aria-activedescendant'), /^hit-0$/);
  await page.keyboard.press('Enter');
  await card(page, parcel.number).waitFor();
  await waitParam(page, 'f', parcel.number);
  assert.equal(param(page, 'f'), `parcel.${parcel.number}`);
  assert.equal(await page.locator('#search').getAttribute('aria-activedescendant'), null);
  await idle(page);
});

onPage('spaces and missing zeros find the same parcel', start, async (page, { parcel }) => {
  const typed = parcel.number.split(':').map(Number).join(' ');
  await page.locator('#search').fill(typed);
  await page.keyboard.press('Enter');
  await card(page, parcel.number).waitFor();
});

onPage('coordinates move the map there', start, async (page, { parcel }) => {
  await idle(page);
  const [lng, lat] = parcel.at;
  await page.locator('#search').fill(`${lat.toFixed(5)}, ${lng.toFixed(5)}`);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#results[aria-busy="false"]');
  await idle(page);
  const now = await centre(page);
  assert.ok(Math.abs(now.lng - lng) < 1e-3 && Math.abs(now.lat - lat) < 1e-3);
});

onPage('nothing found is said', '/', async (page) => {
  await page.locator('#search').fill('нет такого нигде ъъъ');
  await page.getByText('Ничего не найдено').first().waitFor();
});

onPage('a late answer to an older question is not shown', '/', async (page) => {
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  const hit = (title) => ({ hits: [{ kind: 'coordinates', layer: null, id: null, title, subtitle: null, center: [0, 0], bbox: null }] });
  await page.route(`${BASE}/find?*`, async (route) => {
    const slow = new URL(route.request().url()).searchParams.get('q') === 'slow';
    if (slow) await held;
    await route.fulfill({ json: hit(slow ? 'older' : 'newer') }).catch(() => undefined);
  });
  const asked = page.waitForRequest((request) => request.url().includes('q=slow'));
  await page.locator('#search').fill('slow');
  await asked;
  await page.locator('#search').fill('quick');
  await page.getByRole('option', { name: 'newer' }).waitFor();
  release();
  assert.equal(await page.getByRole('option', { name: 'older' }).count(), 0);
});
