// Start of the page, its address, languages, faults of the network.
import assert from 'node:assert/strict';
import { api, at, BASE, idle, open, pageTest, rendered, someParcel, viewOf } from '../helpers.mjs';

pageTest('the first map is drawn with parcels, and the policy has no unsafe word', async (page, t) => {
  const response = await page.goto(`${BASE}/map`);
  await idle(page);
  const policy = response.headers()['content-security-policy'] ?? '';
  assert.match(policy, /default-src 'self'/);
  assert.doesNotMatch(policy, /unsafe/);
  assert.ok((await rendered(page, ['parcel-fill'])).length > 0, 'parcels are drawn');
  const times = await page.evaluate(() => ({
    paint: Math.round(performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0),
    idle: Math.round(performance.getEntriesByName('map-idle')[0]?.startTime ?? 0),
    kB: Math.round(performance.getEntriesByType('resource').reduce((sum, r) => sum + r.transferSize, 0) / 1024),
  }));
  t.diagnostic(`first paint ${times.paint} ms, map idle ${times.idle} ms, ${times.kB} kB`);
});

pageTest('an address round trip keeps view, layers, opacity, selection and language', async (page) => {
  const parcel = await someParcel();
  const search = `?${at(parcel.center, 16.5)}&f=parcel.${parcel.number}&l=building@0.5,parcel&lang=en`;
  await open(page, search);
  await page.getByRole('button', { name: parcel.number }).waitFor();
  await idle(page);
  await page.waitForFunction((wanted) => location.search === wanted, search);
  await page.reload();
  await idle(page);
  await page.getByRole('button', { name: parcel.number, expanded: true }).waitFor();
  assert.equal(await page.evaluate(() => location.search), search);
  const [lng, lat, zoom] = await viewOf(page);
  assert.ok(Math.abs(lng - parcel.center[0]) < 1e-4 && Math.abs(lat - parcel.center[1]) < 1e-4);
  assert.ok(Math.abs(zoom - 16.5) < 0.01);
  assert.equal(await page.getByRole('checkbox', { name: 'Parcels', exact: true }).isChecked(), true);
  const opacity = await page.evaluate(() => window.imgisMap.getPaintProperty('building-line', 'line-opacity'));
  assert.match(JSON.stringify(opacity), /0\.5/);
});

pageTest('a hostile address leaves a working page and a notice', async (page) => {
  const bad = '?at=99/999/x&l=parcel,no_such_layer,%3Cscript%3E&f=parcel.%3Cimg%20src=x%20onerror=alert(1)%3E'
    + '&lang=xx&q=%3Cscript%3Ealert(1)%3C/script%3E&zzz=1';
  page.on('dialog', () => assert.fail('a script ran'));
  await open(page, bad);
  await page.locator('.notice', { hasText: 'пропущена' }).waitFor();
  await page.locator('.notice', { hasText: 'no_such_layer' }).waitFor();
  assert.equal(await page.locator('#app script, #app img[src="x"]').count(), 0);
  assert.equal(await page.getByRole('combobox').inputValue(), '<script>alert(1)</script>');
  await open(page, `?q=${'x'.repeat(5000)}`);
  await page.locator('.notice', { hasText: 'пропущена' }).waitFor();
});

pageTest('a link to a feature that is not there says so', { allowErrors: true }, async (page) => {
  await open(page, '?f=parcel.99:99:999999:999999');
  await page.locator('.notice', { hasText: 'не найден' }).waitFor();
});

pageTest('language: words, title, <html lang>, and none of the keys left', async (page) => {
  await open(page);
  await page.getByRole('button', { name: 'English' }).click();
  await page.waitForFunction(() => document.documentElement.lang === 'en');
  assert.match(await page.title(), /IMGIS/);
  await page.getByRole('heading', { name: 'Layers' }).waitFor();
  const { layers } = await api('/layers');
  const parcel = layers.find((layer) => layer.id === 'parcel');
  await page.getByText(parcel.title.en, { exact: true }).first().waitFor();
  assert.match(await page.evaluate(() => location.search), /lang=en|^$/);
  await page.getByRole('button', { name: 'Русский' }).click();
  await page.getByText(parcel.title.ru, { exact: true }).first().waitFor();
});

pageTest('tiles that fail are named, and Retry brings them back', { allowErrors: true }, async (page) => {
  const parcel = await someParcel();
  let broken = true;
  await page.route(/\/tiles\/[^?]*parcel[^?]*\/\d+\/\d+\/\d+/, (route) =>
    (broken ? route.fulfill({ status: 503, body: 'no' }) : route.continue()));
  await page.goto(`${BASE}/map?${at(parcel.center)}`);
  await page.locator('.notice.warn').waitFor();
  broken = false;
  await page.locator('.notice.warn').getByRole('button').click();
  await page.waitForFunction(() =>
    window.imgisMap.queryRenderedFeatures({ layers: ['parcel-fill'] }).length > 0);
  await page.locator('.notice.warn').waitFor({ state: 'detached' });
});

pageTest('without WebGL the page says so, and search and cards work', { allowErrors: true }, async (page) => {
  await page.addInitScript(() => {
    const own = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
      return kind.startsWith('webgl') ? null : own.call(this, kind, ...rest);
    };
  });
  const parcel = await someParcel();
  await page.goto(`${BASE}/map`);
  await page.locator('.notice.fault', { hasText: 'WebGL' }).waitFor();
  await page.getByRole('combobox').fill(parcel.number);
  await page.getByRole('option').first().waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: parcel.number, expanded: true }).waitFor();
});

pageTest('a phone: no sideways scroll, every panel opens and closes', { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }, async (page) => {
  const parcel = await someParcel();
  await open(page, `?${at(parcel.center)}`);
  const wide = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(await wide() <= 0);
  for (const name of ['Слои', 'Заявления', 'Объекты']) {
    await page.locator('.phone-bar').getByRole('button', { name }).click();
    await page.locator('.panel').waitFor();
    assert.equal(await page.locator('.panel').count(), 1);
    assert.ok(await wide() <= 0, name);
    await page.locator('.panel').getByRole('button', { name: 'Закрыть' }).click();
    await page.locator('.panel').waitFor({ state: 'detached' });
  }
});
