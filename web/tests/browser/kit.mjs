// One browser for the run, a context for each test, data from the API of the server under test.
// BASE_URL names the server, CHROMIUM the browser. The parts of the suite are in parts/.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { chromium } from 'playwright-core';

export const BASE = (process.env.BASE_URL ?? 'http://127.0.0.1:8080').replace(/\/$/, '');
export const FLAGS = ['--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-quic',
  '--disable-background-networking', '--disable-component-update'];
const GUARD = 60_000;

let launched = null;
export const browser = () => launched ??= chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS,
});
after(async () => (await launched)?.close());

export async function api(path, init) {
  const response = await fetch(BASE + path, { ...init, headers: { accept: 'application/json', ...init?.headers } });
  assert.ok(response.ok, `${init?.method ?? 'GET'} ${path}: ${response.status} ${response.ok ? '' : await response.text()}`);
  return response;
}
export const json = async (path, init) => (await api(path, init)).json();

let described = null;
export const catalogue = async () => described ??= await json('/layers');
export const layer = async (id) => (await catalogue()).layers.find((known) => known.id === id);

const insideRing = ([x, y], ring) => ring.reduce((inside, [x1, y1], i) => {
  const [x2, y2] = ring.at(i - 1);
  return (y1 > y) !== (y2 > y) && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1 ? !inside : inside;
}, false);

/** A point well within a polygon: the mean of its corners, when that lies inside. */
function within(geometry) {
  const ring = geometry.type === 'Polygon' ? geometry.coordinates[0] : geometry.coordinates[0][0];
  const corners = ring.slice(1);
  const at = [0, 1].map((i) => corners.reduce((sum, corner) => sum + corner[i], 0) / corners.length);
  return insideRing(at, ring) ? at : null;
}

let parcels = null;
/** Some parcel and a point in it; each call another one. */
export async function aParcel() {
  parcels ??= (await json('/collections/parcel/items?limit=100')).features
    .map((feature) => ({ id: feature.id, number: feature.properties.cadastral_number, at: within(feature.geometry) }))
    .filter((parcel) => parcel.at && parcel.number);
  assert.ok(parcels.length > 0, 'the server has no parcels');
  parcels.push(parcels.shift());
  return parcels.at(-1);
}

export const viewAt = ([lng, lat], zoom = 17) => `at=${zoom.toFixed(2)}/${lat.toFixed(5)}/${lng.toFixed(5)}`;

export const idle = (page) =>
  page.waitForSelector('html[data-map-idle="1"]', { state: 'attached', timeout: 30_000 });

/** A page of its own; what it logs and asks outside is kept in `seen`. */
export async function open(path, options = {}) {
  const context = await (await browser()).newContext({
    viewport: { width: 1280, height: 800 }, locale: 'ru-RU', reducedMotion: 'reduce', ...options,
  });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const seen = { errors: [], outside: [] };
  page.on('console', (message) => {
    if (message.type() === 'error') seen.errors.push(message.text().slice(0, 300));
  });
  page.on('pageerror', (error) => seen.errors.push(String(error)));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(BASE) && !/^(data|blob):/.test(url)) seen.outside.push(url);
  });
  if (options.prepare) await options.prepare(page);
  await page.goto(BASE + path);
  return { page, seen, context };
}

/** A test with a page at `path` that must end without an error on the console. */
export function onPage(name, path, run, options = {}) {
  test(name, { timeout: GUARD }, async (t) => {
    const wanted = typeof path === 'function' ? await path() : { path };
    const { page, seen, context } = await open(wanted.path, options);
    try {
      await run(page, { ...wanted, seen, t });
      if (!options.faults) assert.deepEqual(seen.errors, [], 'errors on the console');
      assert.deepEqual(seen.outside, [], 'requests to other servers');
    } finally {
      await context.close();
    }
  });
}

export const param = (page, name) => new URL(page.url()).searchParams.get(name);
export const waitParam = (page, name, value) => page.waitForFunction(([key, wanted]) => {
  const now = new URLSearchParams(location.search).get(key);
  return wanted === null ? now === null : now?.includes(wanted);
}, [name, value]);

export const centre = (page) => page.evaluate(() => {
  const { lng, lat } = window.imgisMap.getCenter();
  return { lng, lat, zoom: window.imgisMap.getZoom() };
});

export const visibilityOf = (page, styleLayer) =>
  page.evaluate((id) => window.imgisMap.getLayoutProperty(id, 'visibility'), styleLayer);

/** Clicks the middle of the map and gives what the server answered. */
export async function clickMiddle(page) {
  const box = await page.locator('#map canvas').boundingBox();
  const answer = page.waitForResponse((response) => response.url().includes('/identify?'));
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  const body = await (await answer).json();
  await page.waitForSelector('#results[aria-busy="false"]');
  return body;
}
