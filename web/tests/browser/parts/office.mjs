// Work of the office on the map: an application from form to map, live changes, the dossier.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, aParcel, catalogue, centre, idle, json, layer, onPage, open, viewAt } from '../kit.mjs';

const chosen = async () => {
  const parcel = await aParcel();
  return { path: `/?${viewAt(parcel.at)}&f=parcel.${encodeURIComponent(parcel.number)}`, parcel };
};
const { caller } = await catalogue();
const name = `Тестов ${Date.now()}`;

if (caller.writes) {
  onPage('an application by the form: receipt, list, map', chosen, async (page, { parcel }) => {
    await idle(page);
    await page.getByRole('button', { name: 'Подать заявление' }).click();
    const dialog = page.locator('dialog[open]');
    await dialog.getByText(parcel.number).waitFor();
    await dialog.locator('select option').first().waitFor({ state: 'attached' });
    await dialog.getByLabel('Имя или название').fill(name);
    await dialog.getByLabel('Что предполагается').fill('Жилой дом');
    await dialog.getByRole('button', { name: 'Зарегистрировать' }).click();
    const number = await dialog.locator('.receipt-number').textContent();
    assert.match(number, /^\d{4}-[A-Z]+-\d{6}$/);
    await dialog.getByText('Контрольный срок').waitFor();
    const kept = await json(`/applications?limit=50`);
    const row = kept.applications.find((application) => application.number === number);
    assert.ok(row, 'the list of the server has it');
    await page.waitForFunction((wanted) => window.imgisMap
      .queryRenderedFeatures({ layers: ['application_site-fill'] })
      .some((feature) => feature.properties.number === wanted), number);
    await dialog.getByRole('button', { name: 'Готово' }).click();
    await page.getByRole('button', { name: 'Заявления', exact: true }).first().click();
    await page.locator('.application', { hasText: number }).click();
    await page.locator('[data-layer=application_site]', { hasText: number }).waitFor();
  });

  onPage('a refused application keeps the typed text', chosen, async (page) => {
    await page.getByRole('button', { name: 'Подать заявление' }).click();
    const dialog = page.locator('dialog[open]');
    await dialog.locator('select option').first().waitFor({ state: 'attached' });
    await dialog.getByLabel('Имя или название').fill(name);
    await page.route('**/applications', (route) => route.fulfill({
      status: 422, contentType: 'application/problem+json',
      body: JSON.stringify({ title: 'Refused', status: 422, detail: 'Нельзя', request_id: 'r-18' }),
    }));
    await dialog.getByRole('button', { name: 'Зарегистрировать' }).click();
    await dialog.locator('[role=alert]', { hasText: 'Нельзя' }).waitFor();
    assert.equal(await dialog.getByLabel('Имя или название').inputValue(), name);
  }, { faults: true });
}

const houses = await layer('address_point');
const put = async (id, properties, geometry) => {
  const read = await api(`/collections/address_point/items/${id}`);
  const headers = { 'content-type': 'application/geo+json' };
  if (read.headers.get('etag')) headers['if-match'] = read.headers.get('etag');
  const body = JSON.stringify({ type: 'Feature', geometry, properties });
  await api(`/collections/address_point/items/${id}`, { method: 'PUT', headers, body });
};

const aHouse = async () => {
  const [house] = (await json('/collections/address_point/items?limit=1')).features;
  return { path: `/?${viewAt(house.geometry.coordinates, 18)}`, house };
};

if (houses?.editable) {
  onPage('an edit by somebody else appears, the view does not move', aHouse, async (page, { house, t }) => {
    await idle(page);
    const known = new Set(houses.properties.map((property) => property.name));
    const own = Object.fromEntries(Object.entries(house.properties).filter(([key]) => known.has(key)));
    t.after(() => put(house.id, own, house.geometry));
    const before = await centre(page);
    const fresh = `9${Date.now() % 1000}`;
    await put(house.id, { ...own, house: fresh }, house.geometry);
    await page.waitForFunction((wanted) => window.imgisMap
      .querySourceFeatures('base', { sourceLayer: 'address_point' })
      .some((feature) => feature.properties.house === wanted), fresh);
    assert.deepEqual(await centre(page), before);
  });
}

test('the dossier of a parcel is readable without JavaScript', { timeout: 60_000 }, async () => {
  const parcel = await aParcel();
  const { page, seen, context } = await open(`/parcels/${parcel.number}`, { javaScriptEnabled: false });
  try {
    assert.match(await page.locator('h1').textContent(), new RegExp(parcel.number));
    assert.ok((await page.locator('main').innerText()).length > 200);
    assert.ok(await page.locator('main table, main dl').count() > 0);
    assert.match(await page.locator('link[rel=stylesheet]').first().getAttribute('href'), /page\.css$/);
    assert.deepEqual(seen, { errors: [], outside: [] });
  } finally {
    await context.close();
  }
});
