// The page as it starts: what is drawn, what is asked for, what is logged.
import assert from 'node:assert/strict';
import { api, aParcel, idle, onPage, viewAt } from '../kit.mjs';

const atParcel = async () => {
  const parcel = await aParcel();
  return { path: `/?${viewAt(parcel.at, 16)}`, parcel };
};

onPage('the map becomes idle with parcels drawn', atParcel, async (page, { t }) => {
  await idle(page);
  const drawn = await page.evaluate(() => ({
    parcels: window.imgisMap.queryRenderedFeatures({ layers: ['parcel-line'] }).length,
    ms: Math.round(performance.getEntriesByName('map-idle')[0].startTime),
    kb: Math.round(performance.getEntriesByType('resource').reduce((sum, r) => sum + r.transferSize, 0) / 1024),
  }));
  t.diagnostic(`first idle ${drawn.ms} ms, ${drawn.kb} KB`);
  assert.ok(drawn.parcels > 0);
});

onPage('labels are drawn in the fonts of the server', atParcel, async (page) => {
  await idle(page);
  const faces = await page.evaluate(() => performance.getEntriesByType('resource')
    .filter((entry) => entry.name.includes('/fonts/')).length);
  assert.ok(faces > 0);
  const labels = await page.evaluate(() => window.imgisMap.queryRenderedFeatures()
    .filter((feature) => feature.layer.type === 'symbol').length);
  assert.ok(labels > 0);
});

onPage('the page forbids foreign and inline code', '/', async (page) => {
  await idle(page);
  const policy = (await api('/', { headers: { accept: 'text/html' } })).headers.get('content-security-policy');
  assert.match(policy, /default-src 'self'/);
  assert.doesNotMatch(policy, /unsafe/);
});

for (const colorScheme of ['light', 'dark']) {
  onPage(`the ${colorScheme} theme follows the system and can be switched`, '/', async (page) => {
    await idle(page);
    const theme = () => page.locator('html').getAttribute('data-theme');
    assert.equal(await theme(), colorScheme);
    const other = colorScheme === 'light' ? 'dark' : 'light';
    const style = page.waitForResponse((response) => response.url().endsWith(`/styles/${other}`));
    await page.getByRole('button', { name: 'Светлая или тёмная тема' }).click();
    await style;
    assert.equal(await theme(), other);
    await idle(page);
  }, { colorScheme });
}
