// The layer tree and the languages.
import assert from 'node:assert/strict';
import { aParcel, catalogue, idle, onPage, viewAt, visibilityOf, waitParam } from '../kit.mjs';

const atParcel = async () => {
  const parcel = await aParcel();
  return { path: `/?${viewAt(parcel.at, 16)}`, parcel };
};
const row = (page, title) => page.locator('.layer', { hasText: title });

onPage('a checkbox hides a layer and the address says so', atParcel, async (page) => {
  await idle(page);
  const box = row(page, 'Территориальные зоны').getByRole('checkbox');
  assert.ok(await box.isChecked());
  await box.uncheck();
  assert.equal(await visibilityOf(page, 'territorial_zone-fill'), 'none');
  await page.waitForFunction(() => {
    const list = new URLSearchParams(location.search).get('l');
    return list !== null && !list.includes('territorial_zone');
  });
  await box.check();
  await waitParam(page, 'l', 'territorial_zone');
  assert.equal(await visibilityOf(page, 'territorial_zone-fill'), 'visible');
  await page.getByRole('button', { name: 'Как при открытии' }).click();
  await waitParam(page, 'l', null);
});

onPage('a group has three states and remembers its layers', atParcel, async (page) => {
  await idle(page);
  const group = page.locator('[data-group=planning]');
  const box = group.locator('.group-row input');
  const partly = () => box.evaluate((input) => input.indeterminate);
  const shown = () => group.locator('.layer input[type=checkbox]:checked').count();
  const before = await shown();
  assert.ok(await partly());
  await box.click();
  await page.waitForFunction(() => !document.querySelector('[data-group=planning] .layer input:checked'));
  assert.deepEqual([await partly(), await box.isChecked()], [false, false]);
  await box.click();
  await page.waitForFunction(() => document.querySelector('[data-group=planning] .group-row input').indeterminate);
  assert.equal(await shown(), before);
});

onPage('the legend has a row with words for each code', atParcel, async (page) => {
  await idle(page);
  const zones = row(page, 'Территориальные зоны');
  await zones.getByRole('button', { expanded: false }).click();
  const known = (await catalogue()).layers.find((layer) => layer.id === 'territorial_zone')
    .properties.find((property) => property.name === 'zone_code').values;
  const text = await zones.locator('.legend').textContent();
  for (const value of known) assert.ok(text.includes(value.ru), value.code);
});

onPage('opacity reaches the map', atParcel, async (page) => {
  await idle(page);
  const zones = row(page, 'Территориальные зоны');
  await zones.getByRole('button', { expanded: false }).click();
  const paint = () => page.evaluate(() =>
    JSON.stringify(window.imgisMap.getPaintProperty('territorial_zone-fill', 'fill-opacity')));
  const before = await paint();
  await zones.getByRole('slider').fill('0.5');
  await waitParam(page, 'l', 'territorial_zone@0.5');
  assert.notEqual(await paint(), before);
});

onPage('a layer out of scale is greyed and says from where', '/?at=10/55.79/49.12', async (page) => {
  await idle(page);
  const houses = row(page, 'Здания');
  assert.match(await houses.getAttribute('class'), /far/);
  assert.match(await houses.locator('small').textContent(), /^с 1 : \d/);
});

onPage('the filter narrows the tree', '/', async (page) => {
  await page.getByRole('searchbox', { name: 'Найти слой' }).fill('красные');
  await row(page, 'Красные линии').waitFor();
  assert.equal(await page.locator('.layer').count(), 1);
  await page.getByRole('searchbox', { name: 'Найти слой' }).fill('ъъъ');
  await page.getByText('Такого слоя нет').waitFor();
});

onPage('the language changes everywhere and back', '/', async (page) => {
  await idle(page);
  const ru = await page.title();
  await page.getByRole('button', { name: 'English' }).click();
  await page.waitForFunction(() => document.documentElement.lang === 'en');
  const { city, layers } = await catalogue();
  await page.locator('.brand-city', { hasText: city.title.en }).waitFor();
  await row(page, layers.find((layer) => layer.id === 'parcel').title.en).waitFor();
  assert.notEqual(await page.title(), ru);
  await waitParam(page, 'lang', 'en');
  const chrome = await page.evaluate(() => document.querySelector('.topbar').innerText);
  assert.doesNotMatch(chrome, /[А-Яа-я]/);
  await page.getByRole('button', { name: 'Русский' }).click();
  await page.waitForFunction(() => document.documentElement.lang === 'ru');
  await waitParam(page, 'lang', null);
});
