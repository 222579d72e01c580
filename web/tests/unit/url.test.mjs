// The address of a map state: round trip, one form, and whatever people may put into it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { parseUrl, formatUrl, parseFeature } = await load('url.ts');
const EMPTY = { at: null, layers: null, feature: null, q: '', lang: 'ru' };

test('a full state comes back from its address', () => {
  const state = {
    at: { zoom: 16, lat: 55.79612, lng: 49.10642 },
    layers: [{ id: 'territorial_zone', opacity: 0.6 }, { id: 'parcel', opacity: 1 }],
    feature: { layer: 'parcel', key: '16:50:011111:12' },
    q: 'улица Баумана, 5',
    lang: 'en',
  };
  const url = formatUrl(state);
  assert.match(url, /^\?at=16\.00\/55\.79612\/49\.10642&f=parcel\.16:50:011111:12&l=territorial_zone@0\.6,parcel&lang=en&q=/);
  assert.deepEqual(parseUrl(url), { state, dropped: false });
});

test('the same state is the same text, and the first state has none', () => {
  assert.equal(formatUrl(EMPTY), '');
  const shuffled = parseUrl('?q=a&lang=en&at=9/55/49').state;
  assert.equal(formatUrl(shuffled), formatUrl(parseUrl('?at=9.00/55.00000/49.00000&lang=en&q=a').state));
});

test('no layers at all is not the same as layers not named', () => {
  assert.deepEqual(parseUrl('?l=').state.layers, []);
  assert.equal(parseUrl('').state.layers, null);
});

for (const bad of [
  '?at=99/55/49', '?at=16/55', '?at=a/b/c', '?at=16/155/49', '?at=Infinity/55/49', '?at=1e1/55/49',
  '?l=<script>', '?l=parcel@2', '?l=parcel@x', '?l=parcel@1@2', '?l=__proto__',
  '?f=parcel', '?f=.12', '?f=parcel.<img onerror=1>', '?f=Parcel.1', `?f=parcel.${'1'.repeat(81)}`,
  '?lang=xx', '?zzz=1', `?q=${'я'.repeat(3000)}`,
]) {
  test(`not understood and told so: ${bad.slice(0, 40)}`, () => {
    const { state, dropped } = parseUrl(bad);
    assert.equal(dropped, true);
    assert.equal(state.at, null);
    assert.equal(state.feature, null);
    assert.equal(state.lang, 'ru');
    assert.deepEqual(state.layers ?? [], []);
  });
}

test('good parts of a half-bad address are kept', () => {
  const { state, dropped } = parseUrl('?at=14/55.8/49.1&l=parcel,no-such,building@0.5&f=1');
  assert.equal(dropped, true);
  assert.deepEqual(state.at, { zoom: 14, lat: 55.8, lng: 49.1 });
  assert.deepEqual(state.layers, [{ id: 'parcel', opacity: 1 }, { id: 'building', opacity: 0.5 }]);
});

test('feature keys', () => {
  assert.deepEqual(parseFeature('building.17'), { layer: 'building', key: '17' });
  assert.deepEqual(parseFeature('application_site.2026-EP-000123'),
    { layer: 'application_site', key: '2026-EP-000123' });
  assert.equal(parseFeature('a b.1'), null);
});
