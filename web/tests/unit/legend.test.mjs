// The legend says what the style says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { load } from './load.mjs';

const { legendOf, evaluate, signOf } = await load('legend.ts');
const { scaleOpacity, decorate, minZoom } = await load('style.ts');
const OTHER = { ru: 'Прочее', en: 'Other' };
const map = JSON.parse(readFileSync(new URL('../../../styles/map.json', import.meta.url), 'utf8'));

const layer = (id, properties = []) => ({ id, properties, title_property: null, label_point: true });
const property = (name, ...codes) => ({ name, values: codes.map((code) => ({ code, ru: `«${code}»`, en: code })) });
const own = (...layers) => layers.map((l, i) => ({ id: `t-${i}`, ...l, metadata: { 'imgis:layer': 't', ...l.metadata } }));

test('arms of a match become rows, uncovered codes become one row', () => {
  const style = own(
    { type: 'fill', paint: { 'fill-color': ['match', ['get', 'kind'], 'a', '#111111', ['b', 'c'], '#222222', '#333333'], 'fill-opacity': 0.5 } },
    { type: 'line', paint: { 'line-color': ['match', ['get', 'kind'], 'a', '#aaaaaa', '#bbbbbb'], 'line-width': 2 } },
  );
  const rows = legendOf(style, layer('t', [property('kind', 'a', 'b', 'c', 'd')]), OTHER);
  assert.deepEqual(rows.map((r) => [r.label.ru, r.swatch.fill, r.swatch.line]), [
    ['«a»', '#111111', '#aaaaaa'], ['«b», «c»', '#222222', '#bbbbbb'], ['Прочее', '#333333', '#bbbbbb'],
  ]);
  assert.equal(signOf(rows, { kind: 'c' }).fill, '#222222');
  assert.equal(signOf(rows, { kind: 'zzz' }).fill, '#111111');
});

test('no row for the rest when the style tells all codes apart', () => {
  const style = own({ type: 'fill', paint: { 'fill-color': ['match', ['get', 'kind'], 'a', '#1', '#2'] } });
  assert.equal(legendOf(style, layer('t', [property('kind', 'a')]), OTHER).length, 1);
});

test('steps become ranges', () => {
  const style = own({ type: 'fill', paint: { 'fill-color': ['step', ['coalesce', ['get', 'days_left'], 999], '#r', 0, '#a', 3, '#b', 999, '#c'] } });
  const rows = legendOf(style, layer('t', [{ name: 'days_left', values: null }]), OTHER);
  assert.deepEqual(rows.map((r) => [r.label.en, r.swatch.fill]),
    [['less than 0', '#r'], ['0 to 3', '#a'], ['3 to 999', '#b']]);
});

test('one row without words when nothing is told apart; a label of its own is a row', () => {
  const plain = own({ type: 'line', paint: { 'line-color': '#123456', 'line-width': 1 } });
  assert.deepEqual(legendOf(plain, layer('t'), OTHER).map((r) => r.label), [null]);
  const late = own({ type: 'line', metadata: { 'imgis:label': { ru: 'Срок прошёл', en: 'Overdue' } }, paint: { 'line-color': '#f00' } });
  assert.equal(legendOf([...plain, ...late], layer('t'), OTHER)[1].label.en, 'Overdue');
});

test('zoom expressions are read at a middle zoom', () => {
  const env = { property: null, code: null };
  assert.equal(evaluate(['interpolate', ['linear'], ['zoom'], 10, 1, 14, 2, 18, 3], env), 2);
  assert.equal(evaluate(['step', ['zoom'], 'a', 14, 'b', 16, 'c'], env), 'b');
});

test('every layer of the style has a legend and belongs to a layer file', () => {
  const ids = new Set(map.layers.map((l) => l.metadata?.['imgis:layer']).filter(Boolean));
  assert.equal(ids.size, 30);
  for (const id of ids) {
    assert.ok(legendOf(map.layers, layer(id), OTHER).length > 0, id);
  }
  const without = map.layers.filter((l) => l.type !== 'background' && !l.metadata?.['imgis:layer']);
  assert.deepEqual(without, []);
});

test('colours of the style are all in the palette, and nothing else is', () => {
  const palette = readFileSync(new URL('../../../styles/palette.toml', import.meta.url), 'utf8');
  const named = new Set([...palette.matchAll(/^(\w+) = \{ light = "#[0-9a-f]{6}", dark = "#[0-9a-f]{6}" \}$/gm)].map((m) => m[1]));
  const used = new Set([...JSON.stringify(map).matchAll(/"\$(\w+)"/g)].map((m) => m[1]));
  assert.deepEqual([...used].sort(), [...named].sort());
});

test('images of the style are all in the sprite', () => {
  for (const size of ['', '@2x']) {
    const sprite = JSON.parse(readFileSync(new URL(`../../../styles/sprites/map${size}.json`, import.meta.url), 'utf8'));
    for (const [, name] of JSON.stringify(map).matchAll(/"((?:hatch|badge)-[a-z]+)"/g)) assert.ok(sprite[name], name);
  }
});

test('opacity scales outputs, not stops', () => {
  assert.equal(scaleOpacity(0.8, 0.5), 0.4);
  assert.deepEqual(scaleOpacity(['interpolate', ['linear'], ['zoom'], 10, 1, 14, 0.5], 0.5),
    ['interpolate', ['linear'], ['zoom'], 10, 0.5, 14, 0.25]);
  assert.deepEqual(scaleOpacity(['case', true, 1, 0], 0.5), ['*', ['case', true, 1, 0], 0.5]);
});

test('the style is fitted: hidden layers, labels without label points, the day of today', () => {
  const city = { bounds: [48, 55, 50, 56] };
  const known = { city, layers: [{ ...layer('parcel'), label_point: false }, layer('application_site')] };
  const states = { parcel: { on: false, opacity: 1 }, application_site: { on: true, opacity: 0.5 } };
  const empty = { type: 'FeatureCollection', features: [] };
  const fitted = decorate(map, known, states, { selected: empty, place: empty }, '2026-11-24', false);
  const byId = Object.fromEntries(fitted.layers.map((l) => [l.id, l]));
  assert.equal(byId['building-fill'], undefined);
  assert.equal(byId['parcel-fill'].layout.visibility, 'none');
  assert.equal(byId['parcel-label']['source-layer'], 'parcel');
  assert.ok(JSON.stringify(byId['application_site-overdue'].filter).includes('2026-11-24'));
  assert.equal(byId['application_site-line'].paint['line-opacity'], 0.5);
  assert.deepEqual(fitted.sources.land.bounds, city.bounds);
  assert.equal(minZoom(map.layers, 'parcel', 10), 10);
});
