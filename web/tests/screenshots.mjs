// Pictures of the application for people: writes PNG files into $SHOTS_DIR; with UPDATE_README=1
// also docs/map.png, 1280 x 800. Places come from the server's data; nothing is asserted.
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';

const BASE = (process.env.BASE_URL ?? 'http://127.0.0.1:8080').replace(/\/$/, '');
const dir = process.env.SHOTS_DIR ?? 'test-results';
const only = process.argv.slice(2);
mkdirSync(dir, { recursive: true });

const json = async (path) => (await fetch(BASE + path, { headers: { accept: 'application/json' } })).json();
const { city } = await json('/layers');
const [lng, lat] = city.center;
const hit = async (number) => (await json(`/find?q=${encodeURIComponent(number)}&limit=1`)).hits[0];

/** A parcel near the centre of the city that has an application or a house on it, if any. */
async function sample() {
  const near = [lng - 0.006, lat - 0.003, lng + 0.006, lat + 0.003].join(',');
  const { features } = await json(`/collections/parcel/items?limit=50&bbox=${near}`);
  const list = features.length ? features : (await json('/collections/parcel/items?limit=50')).features;
  const best = list.find((feature) => ['mkd', 'business', 'izhs'].includes(feature.properties.permitted_use)) ?? list[0];
  return hit(best.properties.cadastral_number);
}
const parcel = await sample();
const at = (zoom, [x, y] = [lng, lat]) => `/?at=${zoom}/${y.toFixed(5)}/${x.toFixed(5)}`;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-quic',
    '--disable-background-networking', '--disable-component-update'],
});

async function shot(name, path, { size = [1366, 800], run, file, ...options } = {}) {
  if (only.length && !only.includes(name)) return;
  const [width, height] = size;
  const context = await browser.newContext({
    viewport: { width, height }, locale: 'ru-RU', reducedMotion: 'reduce', ...options,
  });
  const page = await context.newPage();
  const idle = () => page.waitForSelector('html[data-map-idle="1"]', { state: 'attached', timeout: 60_000 });
  await page.goto(BASE + path);
  if (!path.startsWith('/parcels/')) await idle();
  if (run) {
    await run(page);
    await idle();
  }
  await page.screenshot({ path: file ?? `${dir}/${name}.png` });
  console.log(file ?? `${dir}/${name}.png`);
  await context.close();
}

async function clickMiddle(page) {
  const box = await page.locator('#map canvas').boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await page.waitForSelector('#results[aria-busy="false"]');
}
const selected = `&f=parcel.${encodeURIComponent(parcel.title)}`;
const onPhone = { size: [390, 844], isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

await shot('map-z11', at('11.00'));
await shot('map-z14', at('14.00'));
await shot('map-z17', at('17.00', parcel.center));
await shot('map-z14-dark', at('14.00'), { colorScheme: 'dark' });
await shot('identify', at('16.50', parcel.center), { run: clickMiddle });
await shot('dossier', `/parcels/${parcel.title}`, { size: [1100, 1000] });
await shot('phone', `/?${selected.slice(1)}`, { ...onPhone, run: (page) => page.locator('.card').waitFor() });
if (process.env.UPDATE_README === '1') {
  const docs = new URL('../../docs/', import.meta.url).pathname;
  mkdirSync(docs, { recursive: true });
  await shot('readme', at('15.50', parcel.center), {
    size: [1280, 800], run: clickMiddle, file: `${docs}map.png`,
  });
}
await browser.close();
