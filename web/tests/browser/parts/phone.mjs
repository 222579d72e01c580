// Narrow screens: no horizontal scroll in any state, targets for fingers, sheets that close.
import assert from 'node:assert/strict';
import { aParcel, idle, onPage, viewAt } from '../kit.mjs';

const atParcel = async () => {
  const parcel = await aParcel();
  return { path: `/?${viewAt(parcel.at)}`, parcel };
};
const fits = async (page, state) => {
  const [inner, scroll] = await page.evaluate(() => [innerWidth, document.documentElement.scrollWidth]);
  assert.ok(scroll <= inner, `${state}: ${scroll} > ${inner}`);
};

for (const width of [390, 320]) {
  onPage(`nothing scrolls sideways at ${width} pixels`, atParcel, async (page) => {
    await idle(page);
    await fits(page, 'map');
    await page.touchscreen.tap(width / 2, 300);
    await page.waitForSelector('#results[aria-busy="false"]');
    await fits(page, 'results');
    await page.locator('#results').getByRole('button', { name: 'Закрыть' }).click();
    for (const name of ['Слои', 'Заявления']) {
      await page.getByRole('button', { name, exact: true }).click();
      await page.locator('#left-panel').waitFor();
      await fits(page, name);
      await page.locator('#left-panel').getByRole('button', { name: 'Закрыть' }).click();
      await page.locator('#left-panel').waitFor({ state: 'detached' });
    }
  }, { viewport: { width, height: 720 }, isMobile: true, hasTouch: true });
}

onPage('buttons of the phone bar are large enough', '/', async (page) => {
  await idle(page);
  for (const button of await page.locator('.phone-bar button').all()) {
    const box = await button.boundingBox();
    assert.ok(box.height >= 44 && box.width >= 44, `${box.width} x ${box.height}`);
  }
}, { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
