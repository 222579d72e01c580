// Asks a running server for the legend of every layer and compares it with what legend.ts makes of
// the same style. Used by tests/it/legend.rs: node legend.mjs http://127.0.0.1:8080
import assert from 'node:assert/strict';
import { load } from './unit/kit.mjs';

const base = process.argv[2];
const { legendOf } = await load('legend.ts');
const json = async (path) => {
  const response = await fetch(base + path);
  assert.equal(response.status, 200, path);
  return response.json();
};
const { layers } = await json('/layers');
let rows = 0;
for (const theme of ['light', 'dark']) {
  const style = await json(`/styles/${theme}`);
  for (const layer of layers) {
    const told = await json(`/legend/${layer.id}?theme=${theme}`);
    const made = legendOf(style.layers, layer, { ru: 'Прочее', en: 'Other' });
    assert.deepEqual(told.entries, JSON.parse(JSON.stringify(made)), `${layer.id} ${theme}`);
    rows += made.length;
  }
}
console.log(rows);
