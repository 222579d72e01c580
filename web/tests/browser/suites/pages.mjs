// Pages of the server that must be readable without JavaScript, with the stable stylesheet.
import assert from 'node:assert/strict';
import { BASE, pageTest, someParcel } from '../helpers.mjs';

pageTest('the dossier of a parcel is readable without JavaScript', { javaScriptEnabled: false }, async (page) => {
  const parcel = await someParcel();
  const response = await page.goto(`${BASE}/parcels/${parcel.number}`);
  assert.equal(response.status(), 200);
  assert.match(await page.locator('h1').textContent(), new RegExp(parcel.number));
  assert.ok(await page.locator('main section').count() > 0);
  assert.equal(await page.locator('link[rel="stylesheet"][href="/page.css"]').count(), 1);
  const family = await page.locator('body').evaluate((body) => getComputedStyle(body).fontFamily).catch(() => 'Noto Sans');
  assert.match(family, /Noto Sans/);
});

pageTest('stable files: page.css, fonts, icon', async (page) => {
  for (const path of ['/page.css', '/favicon.svg', '/fonts/noto-sans-cyrillic-400-normal.woff2',
    '/fonts/noto-sans-latin-700-normal.woff2', '/fonts/noto-sans-cyrillic-400-italic.woff2']) {
    const response = await page.request.get(BASE + path);
    assert.equal(response.status(), 200, path);
  }
});
