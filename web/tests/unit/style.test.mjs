// The style file, its palette and what the page derives from them: legend, opacity, scale.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { load } from './kit.mjs';

const file = (path) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const style = JSON.parse(file('styles/map.json'));
const sprite = JSON.parse(file('styles/sprites/map.json'));
const palette = new Map([...file('styles/palette.toml')
  .matchAll(/^(\w+) = \{ light = "(#[0-9a-f]{6})", dark = "(#[0-9a-f]{6})" \}$/gm)]
  .map(([, name, light, dark]) => [name, { light, dark }]));
const { evaluate, legendOf, signOf } = await load('legend.ts');
const { decorate, minZoom, scaleOpacity, sourcesOf } = await load('style.ts');

const strings = (value) => typeof value === 'string' ? [value]
  : value && typeof value === 'object' ? Object.values(value).flatMap(strings) : [];

test('every colour is a token of the palette, every token is used', () => {
  const used = new Set(strings(style.layers).filter((text) => text.startsWith('$')).map((text) => text.slice(1)));
  assert.deepEqual([...used].filter((name) => !palette.has(name)), []);
  assert.deepEqual([...palette.keys()].filter((name) => !used.has(name)), []);
  const bare = strings(style.layers.map((layer) => layer.paint)).filter((text) => /^#|^rgb/.test(text));
  assert.deepEqual(bare, []);
});

test('every style layer but the background says whose it is and reads its own source', () => {
  for (const layer of style.layers.filter((l) => l.type !== 'background')) {
    const id = layer.metadata?.['imgis:layer'];
    assert.ok(id, layer.id);
    assert.ok([id, `${id}_label`].includes(layer['source-layer']), layer.id);
    assert.ok(style.sources[layer.source].url.slice('/tiles/'.length, -'.json'.length).split(',').includes(id), layer.id);
  }
});

test('every layer of the sources is drawn, every image is in the sprite', () => {
  const held = Object.values(style.sources).flatMap((s) => s.url.slice('/tiles/'.length, -'.json'.length).split(','));
  const drawn = new Set(style.layers.map((layer) => layer.metadata?.['imgis:layer']));
  assert.deepEqual(held.filter((id) => !drawn.has(id)), []);
  const images = strings(style.layers).filter((text) => /^(hatch|badge)-/.test(text));
  assert.deepEqual(images.filter((name) => !sprite[name]), []);
});

const zones = {
  id: 'zone', title_property: 'code', properties: [
    { name: 'code', values: [{ code: 'a', ru: 'А', en: 'Aye' }, { code: 'b', ru: 'Б', en: 'Bee' }, { code: 'c', ru: 'В', en: 'Sea' }] },
  ],
};
const painted = [{
  id: 'zone-fill', type: 'fill', source: 's', minzoom: 11, metadata: { 'imgis:layer': 'zone' },
  paint: { 'fill-color': ['match', ['get', 'code'], 'a', '#111111', 'b', '#222222', '#333333'], 'fill-opacity': 0.5 },
}];

test('the legend is what the style tells apart, the rest is "other"', () => {
  const rows = legendOf(painted, zones, { ru: 'Прочее', en: 'Other' });
  assert.deepEqual(rows.map((row) => [row.label.en, row.swatch.fill]),
    [['Aye', '#111111'], ['Bee', '#222222'], ['Other', '#333333']]);
  assert.equal(signOf(rows, { code: 'b' }).fill, '#222222');
});

test('steps become ranges', () => {
  const stepped = [{ ...painted[0], paint: { 'fill-color': ['step', ['get', 'floors'], '#111111', 5, '#222222'] } }];
  const rows = legendOf(stepped, { ...zones, properties: [] }, { ru: 'Прочее', en: 'Other' });
  assert.deepEqual(rows.map((row) => row.label.en), ['less than 5', '5 and more']);
});

test('what stands in for a missing value is no range', () => {
  const step = ['step', ['coalesce', ['get', 'floors'], 999], '#111111', 5, '#222222', 999, '#333333'];
  const none = { ...painted[0].metadata, 'imgis:none': { ru: 'нет', en: 'unknown' } };
  const labels = (metadata) => legendOf([{ ...painted[0], metadata, paint: { 'fill-color': step } }],
    { ...zones, properties: [] }, { ru: 'Прочее', en: 'Other' }).map((row) => [row.label.en, row.swatch.fill]);
  assert.deepEqual(labels(none), [['less than 5', '#111111'], ['5 and more', '#222222'], ['unknown', '#333333']]);
  assert.deepEqual(labels(painted[0].metadata), [['less than 5', '#111111'], ['5 and more', '#222222']]);
});

test('expressions are evaluated for a code', () => {
  const env = { property: 'code', code: 'b' };
  assert.equal(evaluate(['coalesce', ['get', 'x'], 7], env), 7);
  assert.equal(evaluate(['interpolate', ['linear'], ['zoom'], 10, 1, 14, 3, 18, 9], env), 3);
});

test('opacity goes inside zoom expressions', () => {
  assert.equal(scaleOpacity(0.5, 0.5), 0.25);
  assert.deepEqual(scaleOpacity(['interpolate', ['linear'], ['zoom'], 10, 1, 14, 0.5], 0.5),
    ['interpolate', ['linear'], ['zoom'], 10, 0.5, 14, 0.25]);
  assert.deepEqual(scaleOpacity(['get', 'o'], 0.5), ['*', ['get', 'o'], 0.5]);
});

test('layers that the caller has not are not in the map; hidden ones are hidden', () => {
  const catalogue = { city: { bounds: [0, 0, 1, 1] }, layers: [{ id: 'parcel', label_point: true }] };
  const out = decorate(style, catalogue, { parcel: { on: false, opacity: 1 } },
    { selected: {}, place: {} }, '2026-11-24', false);
  const own = out.layers.filter((layer) => layer.metadata?.['imgis:layer']);
  assert.deepEqual([...new Set(own.map((layer) => layer.metadata['imgis:layer']))], ['parcel']);
  assert.ok(own.every((layer) => layer.layout.visibility === 'none'));
});

test('scale and sources of a layer come from the style', () => {
  assert.equal(minZoom(painted, 'zone', 9), 11);
  assert.equal(minZoom(painted, 'nothing', 9), 9);
  assert.deepEqual(sourcesOf(painted, 'zone'), ['s']);
});

/** Contrast of two colours as WCAG counts it. */
function contrast(a, b) {
  const light = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const [high, low] = [light(a), light(b)].toSorted((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

test('labels are readable on their halo in both themes', () => {
  for (const [name, colours] of palette) {
    if (!name.startsWith('label')) continue;
    for (const theme of ['light', 'dark']) {
      const ratio = contrast(colours[theme], palette.get('halo')[theme]);
      assert.ok(ratio >= 4.5, `${name} ${theme} ${ratio.toFixed(2)}`);
    }
  }
});
