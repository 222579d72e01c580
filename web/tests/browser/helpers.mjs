// One browser for the run, a context for each test, no sleeps: waits are for the map's idle mark
// or for what a person would see. BASE_URL names the server, CHROMIUM the browser.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

export const BASE = (process.env.BASE_URL ?? 'http://127.0.0.1:8080').replace(/\/$/, '');
const ARGS = ['--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-quic',
  '--disable-background-networking', '--disable-component-update'];
const TIMEOUT = 30_000;

let browser;

export async function launch() {
  browser ??= await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS });
  return browser;
}

export async function quit() {
  await browser?.close();
  browser = undefined;
}

/** JSON of the server, read outside of the browser. */
export async function api(path, init) {
  const response = await fetch(BASE + path, { ...init, headers: { accept: 'application/json', ...init?.headers } });
  const text = await response.text();
  assert.ok(response.ok, `${init?.method ?? 'GET'} ${path}: ${response.status} ${text.slice(0, 300)}`);
  return text ? JSON.parse(text) : null;
}

/** A parcel of the running city with a point inside it. */
export async function someParcel(skip = 0) {
  const list = await api(`/collections/parcel/items?limit=${skip + 1}`);
  const feature = list.features[skip];
  assert.ok(feature, 'the city has no parcel: serve it with demo data');
  const number = feature.properties.cadastral_number;
  const { hits } = await api(`/find?q=${encodeURIComponent(number)}&limit=1`);
  assert.equal(hits[0].title, number);
  return { id: Number(feature.id), number, feature, center: hits[0].center };
}

export const at = ([lng, lat], zoom = 17) => `at=${zoom.toFixed(2)}/${lat.toFixed(5)}/${lng.toFixed(5)}`;

export const idle = (page) =>
  page.waitForSelector('html[data-map-idle="1"]', { state: 'attached', timeout: TIMEOUT });

/** Opens an address of the map and waits until it is drawn. */
export async function open(page, search = '') {
  await page.goto(`${BASE}/map${search}`);
  await idle(page);
}

/** A test with a page of its own that fails on any console error or outside request. */
export function pageTest(name, options, body) {
  if (typeof options === 'function') [options, body] = [{}, options];
  const { allowErrors = false, ...context } = options;
  test(name, { timeout: 120_000 }, async (t) => {
    const own = await (await launch()).newContext({
      viewport: { width: 1366, height: 800 }, locale: 'ru-RU', reducedMotion: 'reduce', ...context,
    });
    own.setDefaultTimeout(TIMEOUT);
    const errors = [];
    const outside = [];
    own.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
    own.on('weberror', (error) => errors.push(String(error.error())));
    own.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(BASE) && !/^(data|blob):/.test(url)) outside.push(url);
    });
    try {
      await body(await own.newPage(), t);
      if (!allowErrors) assert.deepEqual(errors, [], 'no console errors');
      assert.deepEqual(outside, [], 'no request leaves the server');
    } finally {
      await own.close();
    }
  });
}

/** Features that the map draws now, with their properties. */
export const rendered = (page, layers) => page.evaluate((ids) =>
  window.imgisMap.queryRenderedFeatures({ layers: ids.filter((id) => window.imgisMap.getLayer(id)) })
    .map((f) => ({ id: f.id, ...f.properties })), layers);

export const viewOf = (page) => page.evaluate(() => {
  const { lng, lat } = window.imgisMap.getCenter();
  return [lng, lat, window.imgisMap.getZoom()];
});

/** Clicks the map where a place is drawn. */
export async function clickAt(page, [lng, lat]) {
  const [x, y] = await page.evaluate((place) => {
    const point = window.imgisMap.project(place);
    const box = window.imgisMap.getCanvas().getBoundingClientRect();
    return [box.x + point.x, box.y + point.y];
  }, [lng, lat]);
  await page.mouse.click(x, y);
}

export const card = (page) => page.locator('#results .card');
