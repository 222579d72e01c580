// The state of the map as an address.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './kit.mjs';

const { formatUrl, parseUrl } = await load('url.ts');
const plain = { at: null, layers: null, feature: null, q: '', lang: 'ru' };

test('the state at first has an empty address', () => {
  assert.equal(formatUrl(plain), '');
  assert.deepEqual(parseUrl(''), { state: plain, dropped: false });
});

test('an address survives the round trip, keys in alphabetical order', () => {
  const text = '?at=16.00/55.79612/49.10642&f=parcel.16:50:011111:12'.replaceAll(':', '%3A')
    + '&l=territorial_zone@0.6,parcel&lang=en&q=%D1%83%D0%BB';
  const { state, dropped } = parseUrl(text);
  assert.equal(dropped, false);
  assert.deepEqual(state.at, { zoom: 16, lat: 55.79612, lng: 49.10642 });
  assert.deepEqual(state.feature, { layer: 'parcel', key: '16:50:011111:12' });
  assert.deepEqual(state.layers, [{ id: 'territorial_zone', opacity: 0.6 }, { id: 'parcel', opacity: 1 }]);
  assert.equal(state.q, 'ул');
  const again = parseUrl(formatUrl(state));
  assert.deepEqual(again.state, state);
  const keys = [...new URLSearchParams(formatUrl(state)).keys()];
  assert.deepEqual(keys, keys.toSorted());
});

test('no layers at all is not the same as layers not named', () => {
  assert.deepEqual(parseUrl('?l=').state.layers, []);
  assert.equal(parseUrl('?at=1/1/1').state.layers, null);
});

for (const hostile of [
  '?at=99/0/0', '?at=10/91/0', '?at=1e3/5/5', '?at=10/55', '?at=NaN/NaN/NaN',
  '?l=../../etc', '?l=parcel@7', '?l=<script>', '?l=parcel@0.5@0.5', '?f=parcel', '?f=.1',
  '?f=parcel.%3Cscript%3E', '?lang=de', '?evil=1', `?q=${'x'.repeat(5000)}`,
]) {
  test(`dropped with a notice: ${hostile.slice(0, 40)}`, () => {
    const { state, dropped } = parseUrl(hostile);
    assert.equal(dropped, true);
    assert.equal(state.at, null);
    assert.equal(state.feature, null);
    assert.equal(state.lang, 'ru');
  });
}

test('good layers of a half-bad list stay', () => {
  const { state, dropped } = parseUrl('?l=parcel,Bad-One,building@0.5,parcel');
  assert.equal(dropped, true);
  assert.deepEqual(state.layers.map((layer) => layer.id), ['parcel', 'building']);
});
