// Languages: plural rules, numbers, dates, areas; both dictionaries whole.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { pluralIn, numberIn, dateIn, areaIn } = await load('i18n.ts');
const { ru } = await load('ru.ts');
const { en } = await load('en.ts');
const plain = (text) => text.replaceAll(/[\u00a0\u202f]/g, ' ');

test('Russian counts', () => {
  const say = (n) => pluralIn('ru', n, ru.found);
  assert.equal(say(1), 'Найден 1 объект');
  assert.equal(say(2), 'Найдено 2 объекта');
  assert.equal(say(5), 'Найдено 5 объектов');
  assert.equal(say(11), 'Найдено 11 объектов');
  assert.equal(say(21), 'Найден 21 объект');
  assert.equal(plain(say(1212)), 'Найдено 1 212 объектов');
});

test('English counts', () => {
  assert.equal(pluralIn('en', 1, en.found), '1 feature found');
  assert.equal(pluralIn('en', 1500, en.found), '1,500 features found');
});

test('numbers, dates and areas', () => {
  assert.equal(plain(numberIn('ru', 1234.5)), '1 234,5');
  assert.equal(dateIn('ru', '2020-07-06'), '06.07.2020');
  assert.equal(dateIn('en', '2020-07-06'), '6 Jul 2020');
  assert.equal(dateIn('ru', 'not a date'), 'not a date');
  assert.equal(plain(areaIn('ru', 1234.5)), '1 235 м²');
  assert.equal(plain(areaIn('ru', 12345)), '1,23 га');
  assert.equal(areaIn('en', 12345), '1.23 ha');
});

test('every plural has the forms that its language needs, with the number where it stood', () => {
  for (const [key, value] of Object.entries(ru)) {
    if (typeof value !== 'object' || Array.isArray(value)) continue;
    for (const form of ['one', 'few', 'many', 'other']) assert.ok(value[form], `${key}.${form}`);
    for (const form of ['one', 'other']) assert.ok(en[key][form], `${key}.${form}`);
    assert.equal(value.other.includes('{n}'), en[key].other.includes('{n}'), key);
  }
});
