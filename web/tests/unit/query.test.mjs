// What a person typed into the search box.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './kit.mjs';

const { asked, cadastralNumber, readQuery } = await load('query.ts');

test('spellings of a cadastral number become one', () => {
  for (const typed of ['16:50:010101:12', '16 50 010101 12', '16_50_010101_12', '16:50:10101:12',
    ' 16 : 50 : 10101 : 12 ']) {
    assert.equal(cadastralNumber(typed), '16:50:010101:12', typed);
  }
});

test('what is no cadastral number stays words', () => {
  for (const typed of ['16:50', '16:50:010101', '1650:010101:12:5', 'улица Баумана, 5', '55.79, 49.10']) {
    assert.equal(cadastralNumber(typed), null, typed);
  }
});

test('kinds are told apart', () => {
  assert.deepEqual(readQuery('у'), { kind: 'short' });
  assert.deepEqual(readQuery('2026-ep-12'), { kind: 'application', number: '2026-EP-000012' });
  assert.deepEqual(readQuery('55.79, 49.10'), { kind: 'coordinates', lat: 55.79, lng: 49.1 });
  assert.deepEqual(readQuery('55,79 49,10'), { kind: 'coordinates', lat: 55.79, lng: 49.1 });
  assert.deepEqual(readQuery('  Баумана   5 '), { kind: 'words', text: 'Баумана 5' });
});

test('what is asked of the server', () => {
  assert.equal(asked(readQuery('16 50 10101 12')), '16:50:010101:12');
  assert.equal(asked(readQuery('55.79 49.10')), '55.79, 49.1');
  assert.equal(asked(readQuery('x')), '');
});
