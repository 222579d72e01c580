// The address is the state: round trip, and what a hostile one may not do.
import assert from 'node:assert/strict';
import { aParcel, centre, idle, onPage, viewAt, visibilityOf, waitParam } from '../kit.mjs';

const full = async () => {
  const parcel = await aParcel();
  const path = `/?${viewAt(parcel.at, 16.5)}&f=parcel.${encodeURIComponent(parcel.number)}`
    + '&l=water_body,building@0.5,parcel&lang=en&q=abc';
  return { path, parcel };
};

const stateOf = async (page) => ({
  at: await centre(page),
  parcel: await visibilityOf(page, 'parcel-line'),
  zones: await visibilityOf(page, 'territorial_zone-fill'),
  opacity: await page.evaluate(() => JSON.stringify(window.imgisMap.getPaintProperty('building-fill', 'fill-opacity'))),
  lang: await page.locator('html').getAttribute('lang'),
  card: await page.locator('#results .card').textContent(),
  typed: await page.locator('#search').inputValue(),
});

onPage('an address opens the same state again', full, async (page, { parcel, path }) => {
  await page.locator('#results .card', { hasText: parcel.number }).waitFor();
  await idle(page);
  const first = await stateOf(page);
  const wanted = new URLSearchParams(path.slice(2));
  const [zoom, lat, lng] = wanted.get('at').split('/').map(Number);
  assert.ok(Math.abs(first.at.zoom - zoom) < 0.01);
  assert.ok(Math.abs(first.at.lat - lat) < 1e-4 && Math.abs(first.at.lng - lng) < 1e-4);
  assert.deepEqual([first.parcel, first.zones, first.lang, first.typed], ['visible', 'none', 'en', 'abc']);
  await waitParam(page, 'l', 'building@0.5');
  await page.reload();
  await page.locator('#results .card', { hasText: parcel.number }).waitFor();
  await idle(page);
  assert.deepEqual(await stateOf(page), first);
  await waitParam(page, 'f', parcel.number);
});

const evil = '<img src=x onerror="document.title=\'owned\'">';
const hostile = `/?at=99/x/1e9&f=${encodeURIComponent('../../etc/passwd')}&evil=1`
  + `&l=${encodeURIComponent(`parcel,no_such_layer,${evil},building@9`)}&q=${encodeURIComponent(evil)}`;

onPage('a hostile address opens a working page with a notice', hostile, async (page) => {
  await idle(page);
  assert.ok(await page.locator('.notice').count() >= 1);
  await page.locator('.notice', { hasText: 'no_such_layer' }).waitFor();
  assert.equal(await page.locator('img[src=x]').count(), 0);
  assert.notEqual(await page.title(), 'owned');
  assert.equal(await page.locator('#search').inputValue(), evil);
});

onPage('a very long address is not followed', `/?q=${'x'.repeat(5000)}`, async (page) => {
  await idle(page);
  await page.locator('.notice').first().waitFor();
  assert.equal(await page.locator('#search').inputValue(), '');
});

onPage('a feature that is not there is said', '/?f=parcel.99:99:999999:9', async (page) => {
  await page.locator('.notice', { hasText: 'не найден' }).waitFor();
  await idle(page);
}, { faults: true });
