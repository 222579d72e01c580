// When something fails: tiles, the picture itself, the server's answer to a question.
import { aParcel, BASE, clickMiddle, idle, onPage, viewAt } from '../kit.mjs';

const atParcel = async () => {
  const parcel = await aParcel();
  return { path: `/?${viewAt(parcel.at, 16)}`, parcel };
};
const land = (url) => url.href.startsWith(`${BASE}/tiles/`) && url.pathname.includes('parcel')
  && !url.pathname.endsWith('.json');

const landFails = (page) => page.route(land, (route) => route.fulfill({ status: 503 }));
const named = (page) => page.locator('.notice', { hasText: 'Не загружено' });

async function landIsBack(page) {
  await named(page).waitFor({ state: 'detached' });
  await page.waitForFunction(() => window.imgisMap.queryRenderedFeatures({ layers: ['parcel-line'] }).length > 0);
}

onPage('tiles that fail are named and come back without a hand', atParcel, async (page) => {
  await named(page).waitFor();
  // Other layers are drawn meanwhile.
  await page.waitForFunction(() => window.imgisMap.queryRenderedFeatures()
    .some((feature) => feature.source !== 'land'));
  await page.unroute(land);
  await landIsBack(page);
}, { faults: true, prepare: landFails });

/** The page's own waits of a second and more never end: only a hand asks again. */
const noPatience = (page) => page.addInitScript(() => {
  const real = window.setTimeout;
  window.setTimeout = (run, wait, ...rest) => (wait >= 1000 ? 0 : real(run, wait, ...rest));
});

onPage('Retry brings tiles that failed back', atParcel, async (page) => {
  await named(page).waitFor();
  await page.unroute(land);
  await named(page).getByRole('button', { name: 'Повторить' }).click();
  await landIsBack(page);
}, {
  faults: true,
  prepare: async (page) => {
    await noPatience(page);
    await landFails(page);
  },
});

const noPicture = (page) => page.addInitScript(() => {
  HTMLCanvasElement.prototype.getContext = () => null;
});

onPage('without WebGL the page says so and search still works', atParcel, async (page, { parcel }) => {
  await page.locator('.notice', { hasText: 'WebGL' }).waitFor();
  await page.locator('#search').fill(parcel.number);
  await page.keyboard.press('Enter');
  await page.locator('#results .card', { hasText: parcel.number }).waitFor();
}, { faults: true, prepare: noPicture });

onPage('a failed question shows its reason and request id', atParcel, async (page) => {
  await idle(page);
  await page.route(`${BASE}/identify?*`, (route) => route.fulfill({
    status: 503, contentType: 'application/problem+json',
    body: JSON.stringify({ title: 'busy', status: 503, detail: 'Too busy', request_id: 'r-17' }),
  }));
  await clickMiddle(page);
  await page.locator('#results', { hasText: 'Too busy' }).getByText('r-17').waitFor();
}, { faults: true });

onPage('a server that does not answer is said, with Retry', '/', async (page) => {
  await page.locator('[role=alert]', { hasText: 'не отвечает' }).getByRole('button', { name: 'Повторить' }).waitFor();
}, { faults: true, prepare: (page) => page.route(`${BASE}/layers`, (route) => route.abort()) });
