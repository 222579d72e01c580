// Languages: the same keys in both, plurals, numbers, dates, areas, values of features.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './kit.mjs';

const { areaIn, dateIn, numberIn, pluralIn } = await load('i18n.ts');
const { ru } = await load('ru.ts');
const { en } = await load('en.ts');
const { formatValue, rowsOf, titleOf } = await load('format.ts');
const { roundScale, scaleOf } = await load('scale.ts');
const plain = (text) => text.replace(/[\u00a0\u202f]/g, ' ');

test('both dictionaries have the same keys and no empty word', () => {
  assert.deepEqual(Object.keys(en).toSorted(), Object.keys(ru).toSorted());
  for (const [key, value] of [...Object.entries(ru), ...Object.entries(en)]) assert.ok(value, key);
});

test('Russian plurals of 1, 2, 5, 11, 21', () => {
  const word = (n) => plain(pluralIn('ru', n, ru.found));
  assert.deepEqual([1, 2, 5, 11, 21].map(word), ['Найден 1 объект', 'Найдено 2 объекта',
    'Найдено 5 объектов', 'Найдено 11 объектов', 'Найден 21 объект']);
});

test('numbers, dates and areas as people of the language write them', () => {
  assert.equal(plain(numberIn('ru', 1234.5)), '1 234,5');
  assert.equal(numberIn('en', 1234.5), '1,234.5');
  assert.equal(dateIn('ru', '2020-07-06'), '06.07.2020');
  assert.equal(dateIn('en', '2020-07-06'), '6 Jul 2020');
  assert.equal(dateIn('ru', 'not a date'), 'not a date');
  assert.equal(plain(areaIn('ru', 1234.5)), '1 235 м²');
  assert.equal(plain(areaIn('ru', 12_345)), '1,23 га');
});

const layer = {
  id: 'parcel', title_property: 'cadastral_number',
  properties: [
    { name: 'cadastral_number', type: 'cadastral_number', label: { ru: 'Номер', en: 'Number' }, unit: null, values: null },
    { name: 'use', type: 'text', label: { ru: 'Вид', en: 'Use' }, unit: null,
      values: [{ code: 'izhs', ru: 'ИЖС', en: 'House' }, { code: 'Ж-1', ru: 'Жилая', en: 'Housing' }] },
    { name: 'note', type: 'text', label: { ru: 'Заметка', en: 'Note' }, unit: null, values: null },
  ],
};

test('a card has words for codes, no empty rows, the area last', () => {
  const feature = { id: 5, title: '', properties: { cadastral_number: '16:50:010101:1', use: 'izhs', note: null, area_m2: 600 } };
  const rows = rowsOf(layer, feature);
  assert.deepEqual(rows.map((row) => row.name), ['cadastral_number', 'use', 'area_m2']);
  assert.equal(rows[1].text, 'ИЖС');
  assert.equal(titleOf(layer, feature), '16:50:010101:1');
});

test('codes that people write stand before their words; lists are joined', () => {
  assert.equal(formatValue(layer.properties[1], 'Ж-1'), 'Ж-1 — Жилая');
  assert.equal(formatValue(layer.properties[1], ['izhs', 'x']), 'ИЖС; x');
});

test('the scale at a latitude', () => {
  assert.equal(roundScale(81_234), 81_000);
  const near = scaleOf(16, 55.8) / scaleOf(17, 55.8);
  assert.ok(Math.abs(near - 2) < 1e-9);
  assert.ok(scaleOf(16, 0) > scaleOf(16, 55.8));
});
