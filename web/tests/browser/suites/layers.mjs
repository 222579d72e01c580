// The layer tree: groups of three states, what is drawn, opacity, scale, legend, filter.
import assert from 'node:assert/strict';
import { api, at, idle, open, pageTest, rendered, someParcel } from '../helpers.mjs';

const box = (page, name) => page.getByRole('checkbox', { name, exact: true });

pageTest('switching a layer off and on changes the map; the group follows', async (page) => {
  const parcel = await someParcel();
  const { layers, groups } = await api('/layers');
  const own = layers.find((layer) => layer.id === 'parcel');
  const group = groups.find((g) => g.id === own.group).title.ru;
  await open(page, `?${at(parcel.center)}&l=parcel`);
  assert.equal(await box(page, group).evaluate((input) => input.indeterminate), true);
  await box(page, own.title.ru).uncheck();
  await idle(page);
  assert.equal((await rendered(page, ['parcel-fill'])).length, 0);
  assert.equal(await box(page, group).evaluate((input) => input.indeterminate || input.checked), false);
  await box(page, own.title.ru).check();
  await idle(page);
  assert.ok((await rendered(page, ['parcel-fill'])).length > 0);
  await box(page, group).click();
  await page.waitForFunction(() => /[?&]l=(&|$)/.test(location.search));
  await box(page, group).click();
  await page.waitForFunction(() => /[?&]l=parcel(&|$)/.test(location.search));
});

pageTest('opacity on demand, legend as the style, reset', async (page) => {
  const parcel = await someParcel();
  const { layers } = await api('/layers');
  const own = layers.find((layer) => layer.id === 'parcel');
  await open(page, `?${at(parcel.center)}`);
  await page.getByRole('button', { name: `: ${own.title.ru}`, exact: false }).click();
  const legend = page.locator('.layer-more .legend');
  const style = await api('/styles/light');
  const arms = style.layers.find((l) => l.id === 'parcel-fill').paint['fill-color'].slice(2);
  assert.ok(await legend.locator('li').count() >= Math.floor(arms.length / 2));
  const first = own.properties.find((p) => p.name === 'permitted_use').values.find((v) => v.code === arms[0]);
  await legend.getByText(first.ru).waitFor();
  assert.equal(await legend.locator('rect').first().getAttribute('fill'), arms[1]);
  await page.getByRole('slider').fill('0.5');
  await page.waitForFunction(() => /parcel@0\.5/.test(location.search));
  await idle(page);
  assert.match(JSON.stringify(await page.evaluate(() =>
    window.imgisMap.getPaintProperty('parcel-fill', 'fill-opacity'))), /0\.\d/);
  await page.getByRole('button', { name: 'Как при открытии' }).click();
  await page.waitForFunction(() => !/[?&]l=/.test(location.search));
});

pageTest('a layer out of scale is greyed and says from which scale', async (page) => {
  const parcel = await someParcel();
  const { layers } = await api('/layers');
  const title = layers.find((layer) => layer.id === 'address_point').title.ru;
  await open(page, `?${at(parcel.center, 12)}`);
  const row = page.locator('.layer', { hasText: title });
  await row.locator('small').waitFor();
  assert.match(await row.locator('small').textContent(), /с 1 : [\d\s]+000/);
  assert.match(await row.getAttribute('class'), /far/);
  await open(page, `?${at(parcel.center, 17)}`);
  assert.equal(await page.locator('.layer', { hasText: title }).locator('small').count(), 0);
});

pageTest('the filter finds layers by title, id or owner, and says when there are none', async (page) => {
  await open(page);
  const filter = page.getByRole('searchbox');
  await filter.fill('special_zone');
  assert.equal(await page.locator('.layer').count(), 1);
  await filter.fill('ъъъ');
  await page.getByText('Такого слоя нет').waitFor();
});

pageTest('dark and light: the style changes, view and selection stay', async (page) => {
  const parcel = await someParcel();
  await open(page, `?${at(parcel.center)}&f=parcel.${parcel.number}`);
  await page.getByRole('button', { name: parcel.number, expanded: true }).waitFor();
  await idle(page);
  const paper = () => page.evaluate(() => window.imgisMap.getPaintProperty('background', 'background-color'));
  const light = await paper();
  await page.getByRole('button', { name: 'Светлая или тёмная тема' }).click();
  await page.waitForFunction((before) =>
    window.imgisMap.getPaintProperty('background', 'background-color') !== before, light);
  await idle(page);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  assert.ok((await rendered(page, ['imgis-selected-line'])).length > 0);
  assert.ok((await rendered(page, ['parcel-fill'])).length > 0);
});
