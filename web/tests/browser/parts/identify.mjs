// What is here: groups and counts as the server answers them, hidden layers, nothing, no coverage.
import assert from 'node:assert/strict';
import { aParcel, catalogue, clickMiddle, idle, json, onPage, param, viewAt, waitParam } from '../kit.mjs';

const atParcel = async () => {
  const parcel = await aParcel();
  return { path: `/?${viewAt(parcel.at)}`, parcel };
};
const groups = (page) => page.locator('#results .result-group')
  .evaluateAll((list) => list.map((group) => [group.dataset.layer, group.querySelector('h3 .count').textContent]));

onPage('a click shows groups by layer, the topmost first', atParcel, async (page, { parcel }) => {
  await idle(page);
  const answer = await clickMiddle(page);
  assert.equal(answer.inside, true);
  assert.ok(answer.groups.some((group) => group.layer === 'parcel'));
  const order = (await catalogue()).layers.map((known) => known.id);
  const wanted = answer.groups.toSorted((a, b) => order.indexOf(b.layer) - order.indexOf(a.layer));
  assert.deepEqual(await groups(page), wanted.map((group) => [group.layer, String(group.count)]));
  const all = answer.groups.reduce((sum, group) => sum + group.count, 0);
  await page.locator('[role=status]', { hasText: String(all) }).first().waitFor({ state: 'attached' });
  const row = page.locator('[data-layer=parcel] .feature', { hasText: parcel.number });
  if (await row.getAttribute('aria-expanded') === 'false') await row.click();
  await page.locator('#results .card', { hasText: parcel.number }).waitFor();
  const dossier = page.locator('#results a', { hasText: 'Карточка участка' });
  assert.equal(await dossier.getAttribute('href'), `/parcels/${parcel.number}`);
  await waitParam(page, 'f', `parcel.${parcel.number}`);
});

onPage('hidden layers are not asked, "all layers" adds them', atParcel, async (page, { parcel }) => {
  await idle(page);
  await page.locator('.layer', { hasText: 'Земельные участки' }).getByRole('checkbox').uncheck();
  const answer = await clickMiddle(page);
  assert.ok(!answer.groups.some((group) => group.layer === 'parcel'));
  await page.getByRole('button', { name: 'Искать во всех слоях' }).click();
  await page.locator('[data-layer=parcel]', { hasText: parcel.number }).waitFor();
});

/** A layer that has nothing at the point, alone on the map. */
const nothingThere = async () => {
  const parcel = await aParcel();
  const [lng, lat] = parcel.at;
  const there = (await json(`/identify?lng=${lng}&lat=${lat}&zoom=17`)).groups.map((group) => group.layer);
  const empty = (await catalogue()).layers.find((known) => !there.includes(known.id)
    && known.zoom.min <= 14 && known.geometry === 'multipolygon');
  return { path: `/?${viewAt(parcel.at)}&l=${empty.id}` };
};

onPage('nothing in the shown layers is one text', nothingThere, async (page) => {
  await idle(page);
  await clickMiddle(page);
  await page.locator('[data-empty=inside]').waitFor();
  await page.getByRole('button', { name: 'Искать во всех слоях' }).click();
  await page.locator('#results .result-group').first().waitFor();
});

const outside = async () => {
  const [west, south] = (await catalogue()).city.bounds;
  return { path: `/?${viewAt([west - 0.05, south - 0.02], 14)}` };
};

onPage('outside of the city is another text', outside, async (page) => {
  await idle(page);
  const answer = await clickMiddle(page);
  assert.equal(answer.inside, false);
  await page.locator('[data-empty=outside]', { hasText: 'за границами города' }).waitFor();
});

onPage('Back restores the former selection, moving adds no step', atParcel, async (page, { parcel }) => {
  await idle(page);
  await clickMiddle(page);
  const rows = page.locator('#results .feature');
  await page.locator('#results .feature[aria-expanded=true]').waitFor();
  await page.waitForFunction(() => new URLSearchParams(location.search).has('f'));
  const first = param(page, 'f');
  const closed = page.locator('#results .feature[aria-expanded=false]');
  assert.ok(await rows.count() > 1, `only one feature at ${parcel.number}`);
  await closed.first().click();
  await page.waitForFunction((was) => new URLSearchParams(location.search).get('f') !== was, first);
  await page.evaluate(() => window.imgisMap.panBy([40, 0], { duration: 0 }));
  await idle(page);
  await page.goBack();
  await page.waitForFunction((was) => new URLSearchParams(location.search).get('f') === was, first);
});
