// Search and identify: what is found is shown, selected and in the address.
import assert from 'node:assert/strict';
import { api, at, card, clickAt, idle, open, pageTest, someParcel } from '../helpers.mjs';

pageTest('search by cadastral number with keys only: card, address, highlight', async (page) => {
  const parcel = await someParcel();
  await open(page);
  await page.keyboard.press('/');
  await page.keyboard.type(parcel.number);
  await page.getByRole('option', { name: parcel.number }).first().waitFor();
  await page.keyboard.press('ArrowDown');
  assert.equal(await page.getByRole('combobox').getAttribute('aria-activedescendant'), 'hit-0');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: parcel.number, expanded: true }).waitFor();
  await idle(page);
  await page.waitForFunction((number) => location.search.includes(`f=parcel.${number}`), parcel.number);
  assert.equal(await page.getByRole('combobox').getAttribute('aria-activedescendant'), null);
  const drawn = await page.evaluate(() =>
    window.imgisMap.queryRenderedFeatures({ layers: ['imgis-selected-line'] }).length);
  assert.ok(drawn > 0, 'the parcel is outlined');
});

pageTest('other spellings of a number find the same parcel', async (page) => {
  const parcel = await someParcel();
  const [a, b, quarter, n] = parcel.number.split(':');
  await open(page);
  for (const typed of [`${a} ${b} ${quarter} ${n}`, `${a}:${b}:${Number(quarter)}:${n}`, `${a}_${b}_${quarter}_${n}`]) {
    await page.getByRole('combobox').fill(typed);
    await page.getByRole('option', { name: parcel.number }).first().waitFor();
  }
  await page.getByRole('combobox').fill(`${parcel.center[1].toFixed(6)}, ${parcel.center[0].toFixed(6)}`);
  await page.getByRole('option').first().waitFor();
  await page.keyboard.press('Enter');
  await page.locator('[data-layer="parcel"]', { hasText: parcel.number }).waitFor();
});

pageTest('a slow older answer does not replace a newer one', async (page) => {
  const parcel = await someParcel();
  await open(page);
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  await page.route(/\/find\?q=xx/, async (route) => {
    await held;
    await route.fulfill({ json: { hits: [{ kind: 'feature', layer: null, id: null, title: 'OLD', subtitle: null, center: [0, 0], bbox: null }] } }).catch(() => {});
  });
  const asked = page.waitForRequest(/\/find\?q=xx/);
  await page.getByRole('combobox').fill('xx');
  await asked;
  await page.getByRole('combobox').fill(parcel.number);
  await page.getByRole('option', { name: parcel.number }).first().waitFor();
  release();
  assert.equal(await page.getByRole('option', { name: 'OLD' }).count(), 0);
});

pageTest('identify: groups by layer with counts as the server tells, link to the dossier', async (page) => {
  const parcel = await someParcel();
  await open(page, `?${at(parcel.center)}`);
  const answered = page.waitForResponse(/\/identify\?/);
  await clickAt(page, parcel.center);
  const answer = await (await answered).json();
  await card(page).first().waitFor();
  const groups = await page.locator('#results .result-group').evaluateAll((list) =>
    list.map((group) => [group.dataset.layer, group.querySelector('.count').textContent]));
  assert.deepEqual(groups, answer.groups.map((g) => [g.layer, String(g.count)]).reverse());
  const own = page.locator('[data-layer="parcel"]');
  if (!(await own.locator('.card').count())) {
    await own.getByRole('button', { name: parcel.number }).click();
  }
  assert.equal(await own.getByRole('link').getAttribute('href'), `/parcels/${parcel.number}`);
  assert.match(await page.locator('[aria-live="polite"]').textContent(), /\d/);
});

pageTest('a hidden layer is not asked; "all layers" asks it', async (page) => {
  const parcel = await someParcel();
  await open(page, `?${at(parcel.center)}&l=railway`);
  await clickAt(page, parcel.center);
  await page.locator('[data-empty="inside"]').waitFor();
  assert.equal(await page.locator('[data-layer="parcel"]').count(), 0);
  await page.getByRole('button', { name: 'Искать во всех слоях' }).click();
  await page.locator('[data-layer="parcel"]', { hasText: parcel.number }).waitFor();
});

pageTest('outside of the city is told apart from nothing found', async (page) => {
  const { city } = await api('/layers');
  const place = [city.bounds[0] - 0.05, city.bounds[1] - 0.05];
  await open(page, `?${at(place, 14)}`);
  await clickAt(page, place);
  await page.locator('[data-empty="outside"]').waitFor();
  assert.match(await page.locator('#results').textContent(), /границ/);
});

pageTest('Back restores the former selection; moving adds no entry', async (page) => {
  const [one, two] = [await someParcel(0), await someParcel(1)];
  await open(page, `?${at(one.center)}&f=parcel.${one.number}`);
  await page.getByRole('button', { name: one.number, expanded: true }).waitFor();
  const before = await page.evaluate(() => history.length);
  await page.evaluate(() => window.imgisMap.panBy([30, 0], { duration: 0 }));
  await idle(page);
  await page.getByRole('combobox').fill(two.number);
  await page.getByRole('option', { name: two.number }).first().click();
  await page.getByRole('button', { name: two.number, expanded: true }).waitFor();
  assert.equal(await page.evaluate(() => history.length), before + 1);
  await page.goBack();
  await page.getByRole('button', { name: one.number, expanded: true }).waitFor();
});
