// What changes on the server changes on the open map: an application registered through the form,
// a parcel edited through the features interface.
import assert from 'node:assert/strict';
import { api, at, BASE, idle, open, pageTest, rendered, someParcel, viewOf } from '../helpers.mjs';

const uses = ['industry', 'recreation'];

async function put(parcel, properties) {
  const path = `/collections/parcel/items/${parcel.id}`;
  const now = await fetch(BASE + path, { headers: { accept: 'application/geo+json' } });
  const { area_m2: computed, ...kept } = (await now.json()).properties;
  const etag = now.headers.get('etag');
  assert.ok(computed === undefined || computed > 0);
  const response = await fetch(BASE + path, {
    method: 'PUT',
    headers: { 'content-type': 'application/geo+json', ...(etag ? { 'if-match': etag } : {}) },
    body: JSON.stringify({ type: 'Feature', geometry: parcel.feature.geometry, properties: { ...kept, ...properties } }),
  });
  assert.ok(response.ok, `PUT ${path}: ${response.status} ${await response.text()}`);
}

pageTest('an edited parcel is drawn anew, the view does not move, the card follows', async (page) => {
  const parcel = await someParcel();
  const before = parcel.feature.properties.permitted_use;
  const after = uses.find((use) => use !== before);
  const { layers } = await api('/layers');
  const word = layers.find((l) => l.id === 'parcel').properties
    .find((p) => p.name === 'permitted_use').values.find((v) => v.code === after).ru;
  const opened = page.waitForResponse(/\/changes/);
  await open(page, `?${at(parcel.center)}&f=parcel.${parcel.number}`);
  await opened;
  const view = await viewOf(page);
  try {
    await put(parcel, { permitted_use: after });
    await page.waitForFunction(([id, use]) => window.imgisMap.queryRenderedFeatures({ layers: ['parcel-fill'] })
      .some((f) => f.id === id && f.properties.permitted_use === use), [parcel.id, after]);
    await page.locator('#results dd', { hasText: word }).first().waitFor();
    assert.deepEqual(await viewOf(page), view);
  } finally {
    await put(parcel, { permitted_use: before });
  }
});

pageTest('register an application: form, receipt, list and map', async (page) => {
  const parcel = await someParcel(2);
  const { caller } = await api('/layers');
  assert.equal(caller.writes, true, 'this test needs a caller who may write');
  await open(page, `?${at(parcel.center)}&f=parcel.${parcel.number}`);
  await page.getByRole('button', { name: 'Подать заявление' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText(parcel.number).waitFor();
  await dialog.getByLabel('Услуга').selectOption('draft_project');
  await dialog.getByLabel('Организация').check();
  await dialog.getByLabel('Имя или название').fill('ООО «Проверка карты»');
  await dialog.getByLabel('Что предполагается').fill('Жилой дом');
  await dialog.getByRole('button', { name: 'Зарегистрировать' }).click();
  await dialog.locator('.receipt-number').waitFor();
  const number = (await dialog.locator('.receipt-number').textContent()).trim();
  assert.match(number, /^\d{4}-[A-Z]+-\d{6}$/);
  assert.match(await dialog.textContent(), /\d\d\.\d\d\.\d{4}/);
  assert.match(await dialog.textContent(), new RegExp(parcel.number));
  await dialog.getByRole('button', { name: 'Готово' }).click();
  await page.waitForFunction((wanted) =>
    window.imgisMap.queryRenderedFeatures({ layers: ['application_site-fill'] })
      .some((f) => f.properties.number === wanted), number);
  await idle(page);
  assert.ok((await rendered(page, ['application_site-line'])).some((f) => f.number === number));
  await page.getByRole('button', { name: 'Заявления', exact: true }).click();
  await page.locator('.application', { hasText: number }).click();
  await page.locator('[data-layer="application_site"]', { hasText: number }).waitFor();
});

pageTest('a refused application keeps the typed text and says why', { allowErrors: true }, async (page) => {
  const parcel = await someParcel(3);
  await open(page, `?${at(parcel.center)}&f=parcel.${parcel.number}`);
  await page.route('**/applications', (route) => (route.request().method() === 'POST'
    ? route.fulfill({ status: 422, contentType: 'application/problem+json',
      json: { title: 'Not accepted', status: 422, detail: 'Такой участок снят с учёта', request_id: 'r-17' } })
    : route.continue()));
  await page.getByRole('button', { name: 'Подать заявление' }).click();
  await page.getByLabel('Имя или название').fill('Иванов');
  await page.getByRole('dialog').getByRole('button', { name: 'Зарегистрировать' }).click();
  const fault = page.getByRole('alert');
  await fault.waitFor();
  assert.match(await fault.textContent(), /снят с учёта.*r-17/);
  assert.equal(await page.getByLabel('Имя или название').inputValue(), 'Иванов');
});
