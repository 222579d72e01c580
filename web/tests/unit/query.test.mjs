// What the search box understands before it asks the server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { cadastralNumber, readQuery, asked } = await load('query.ts');
const { roundScale, scaleOf } = await load('scale.ts');

test('a cadastral number in its spellings', () => {
  for (const text of ['16:50:010101:12', '16:50:10101:12', '16 50 010101 12', '16_50_010101_12',
    ' 16 : 50 : 010101 : 12 ', '16;50;10101;12']) {
    assert.equal(cadastralNumber(text), '16:50:010101:12', text);
  }
  assert.equal(cadastralNumber('16:50:0101012:1'), '16:50:0101012:1');
});

test('what is not a cadastral number', () => {
  for (const text of ['16:50:010101', '116:50:010101:1', '16:50:1:2', 'улица 16 50 1', '55 79 49 10', '']) {
    assert.equal(cadastralNumber(text), null, text);
  }
});

test('kinds of queries', () => {
  assert.equal(readQuery('а').kind, 'short');
  assert.deepEqual(readQuery('55.79, 49.10'), { kind: 'coordinates', lat: 55.79, lng: 49.1 });
  assert.deepEqual(readQuery('55,79 49,10'), { kind: 'coordinates', lat: 55.79, lng: 49.1 });
  assert.deepEqual(readQuery('2026-ep-123'), { kind: 'application', number: '2026-EP-000123' });
  assert.deepEqual(readQuery('  Баумана   5 '), { kind: 'words', text: 'Баумана 5' });
  assert.equal(readQuery('95.79, 49.10').kind, 'words');
  assert.equal(asked(readQuery('16 50 10101 12')), '16:50:010101:12');
});

test('numeric scale', () => {
  assert.equal(roundScale(4321), 4300);
  assert.equal(roundScale(998), 1000);
  const at = scaleOf(16, 55.8);
  assert.ok(at > 2500 && at < 2600, String(at));
});
