// A journey without a mouse, and the rules of single keys.
import assert from 'node:assert/strict';
import { at, card, idle, open, pageTest, someParcel, viewOf } from '../helpers.mjs';

pageTest('search → map → pan → Enter → results → dossier link, keys only', async (page) => {
  const parcel = await someParcel();
  await open(page, `?${at(parcel.center)}`);
  await page.keyboard.press('Control+k');
  await page.keyboard.type(parcel.number);
  await page.getByRole('option', { name: parcel.number }).first().waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: parcel.number, expanded: true }).waitFor();
  await idle(page);
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(() => document.activeElement === window.imgisMap.getCanvas())) break;
  }
  assert.equal(await page.locator('.crosshair').isVisible(), true);
  const before = await viewOf(page);
  await page.keyboard.press('Shift+ArrowRight');
  await idle(page);
  const fine = await viewOf(page);
  assert.ok(fine[0] > before[0]);
  await page.keyboard.press('ArrowLeft');
  await page.waitForFunction((lng) => window.imgisMap.getCenter().lng < lng, fine[0]);
  await idle(page);
  await page.keyboard.press('Enter');
  await page.locator('#results .card, #results .empty').first().waitFor();
  await page.waitForFunction(() => document.activeElement?.id === 'results-title');
  await page.keyboard.press('Escape');
  await page.locator('#results').waitFor({ state: 'detached' });
});

pageTest('the crosshair is for keys only; minus in a field does not zoom', async (page) => {
  const parcel = await someParcel();
  await open(page, `?${at(parcel.center)}`);
  await page.locator('#map canvas').click({ position: { x: 640, y: 400 } });
  await page.locator('#results .card, #results .empty').first().waitFor();
  assert.equal(await page.locator('.crosshair').isVisible(), false);
  const [, , zoom] = await viewOf(page);
  await page.getByRole('combobox').focus();
  await page.keyboard.type('--++');
  assert.equal((await viewOf(page))[2], zoom);
  assert.equal(await page.getByRole('combobox').inputValue(), '--++');
});

pageTest('? opens the list of keys, Escape closes it and gives focus back', async (page) => {
  await open(page);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Клавиши' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

pageTest('brackets walk through what was found', async (page) => {
  const parcel = await someParcel();
  await open(page, `?${at(parcel.center)}`);
  await page.locator('#map canvas').focus();
  await page.keyboard.press('Enter');
  await card(page).first().waitFor();
  const title = () => page.locator('.feature[aria-expanded="true"]').textContent();
  const total = await page.locator('.feature').count();
  const first = await title();
  await page.keyboard.press(']');
  if (total > 1) await page.waitForFunction((was) =>
    document.querySelector('.feature[aria-expanded="true"]')?.textContent !== was, first);
  await page.keyboard.press('[');
  await page.waitForFunction((was) =>
    document.querySelector('.feature[aria-expanded="true"]')?.textContent === was, first);
});
