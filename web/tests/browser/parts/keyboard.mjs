// Everything without a mouse, and what it must not do to a mouse or to typing.
import assert from 'node:assert/strict';
import { aParcel, centre, idle, onPage, viewAt } from '../kit.mjs';

const atParcel = async () => {
  const parcel = await aParcel();
  return { path: `/?${viewAt(parcel.at, 17)}`, parcel };
};

const moved = (page, before) => page.waitForFunction(([lng, lat, zoom]) => {
  const map = window.imgisMap;
  const now = map.getCenter();
  const same = Math.abs(now.lng - lng) < 1e-9 && Math.abs(now.lat - lat) < 1e-9 && map.getZoom() === zoom;
  return !same && !map.isMoving();
}, [before.lng, before.lat, before.zoom]);

onPage('search, pan, zoom, ask and close by keys only', atParcel, async (page, { parcel }) => {
  await idle(page);
  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'search');
  await page.keyboard.type(parcel.number);
  await page.waitForSelector('[role=option]');
  await page.keyboard.press('Enter');
  await page.locator('#results .card', { hasText: parcel.number }).waitFor();
  await idle(page);
  await page.keyboard.press('Escape');
  const isMap = () => page.evaluate(() => document.activeElement === window.imgisMap.getCanvas());
  for (let i = 0; i < 150 && !await isMap(); i++) await page.keyboard.press('Tab');
  assert.ok(await isMap(), 'Tab reaches the map');
  for (const key of ['ArrowLeft', 'Shift+ArrowUp', '+', '-']) {
    const before = await centre(page);
    await page.keyboard.press(key);
    await moved(page, before);
  }
  await idle(page);
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement?.id === 'results-title');
  await page.keyboard.press('Escape');
  await page.locator('#results').waitFor({ state: 'detached' });
});

onPage('the crosshair is for the keyboard only', atParcel, async (page) => {
  await idle(page);
  const shown = () => page.locator('.crosshair').evaluate((cross) => {
    const style = getComputedStyle(cross);
    return style.display !== 'none' && style.visibility !== 'hidden' && Number(style.opacity) > 0;
  });
  assert.equal(await shown(), false);
  await page.locator('#search').focus();
  const isMap = () => page.evaluate(() => document.activeElement === window.imgisMap.getCanvas());
  for (let i = 0; i < 150 && !await isMap(); i++) await page.keyboard.press('Tab');
  assert.equal(await shown(), true);
  const box = await page.locator('#map canvas').boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await page.waitForSelector('#results[aria-busy="false"]');
});

onPage('typing in the search box does not move the map', atParcel, async (page) => {
  await idle(page);
  const before = await centre(page);
  await page.locator('#search').focus();
  await page.keyboard.type('+-?[]/');
  assert.equal(await page.locator('#search').inputValue(), '+-?[]/');
  assert.equal(await page.locator('dialog').count(), 0);
  assert.deepEqual(await centre(page), before);
});

onPage('? lists the keys, Esc closes and gives the focus back', '/', async (page) => {
  await idle(page);
  await page.getByRole('button', { name: 'Слои' }).first().focus();
  await page.keyboard.press('?');
  await page.locator('dialog[open]', { hasText: 'Ctrl+K' }).waitFor();
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Слои/);
});
