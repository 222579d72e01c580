// Tiles as others read them: the decoder of the web, and an archive in the reader of PMTiles.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { classifyRings, VectorTile } from '@mapbox/vector-tile';
import { PbfReader } from 'pbf';
import { BASE, catalogue, json, onPage } from '../kit.mjs';

const place = ([lng, lat], z) => {
  const rad = (lat * Math.PI) / 180;
  const side = 2 ** z;
  return [Math.floor(((lng + 180) / 360) * side),
    Math.floor(((1 - Math.asinh(Math.tan(rad)) / Math.PI) / 2) * side)];
};

test('every layer of a tile is read by the decoder of the web', async () => {
  const { city, layers } = await catalogue();
  const ids = layers.map((layer) => layer.id).join(',');
  for (const z of [10, 12, 14, 16]) {
    const [x, y] = place(city.center, z);
    const path = `/tiles/${ids}/${z}/${x}/${y}`;
    const bytes = Buffer.from(await (await fetch(BASE + path)).arrayBuffer());
    const tile = new VectorTile(new PbfReader(bytes));
    const told = await json(`${path}?explain`);
    for (const { layer, features, gathered } of told.layers) {
      const read = tile.layers[layer]?.length ?? 0;
      assert.equal(read, features + (gathered && read > features ? 1 : 0), `${layer} at z${z}`);
      for (let i = 0; i < read; i++) {
        const feature = tile.layers[layer].feature(i);
        const rings = feature.loadGeometry();
        assert.ok(rings.length > 0, `${layer} at z${z} has a feature without a geometry`);
        if (feature.type === 3) assert.ok(classifyRings(rings).length > 0);
      }
    }
  }
});

const folder = mkdtempSync(join(tmpdir(), 'imgis-archive-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function exported(name) {
  const out = join(folder, name);
  await promisify(execFile)(process.env.IMGIS, ['tiles', 'export', out, '--layers', 'parcel,building', '--zoom', '12-15'],
    { cwd: new URL('../../../../', import.meta.url) });
  return out;
}

const skip = process.env.IMGIS ? false : 'IMGIS does not name the program';

if (!skip) {
  onPage('an archive opens in the reader of PMTiles and holds what the server sends', '/', async (page) => {
    const archive = readFileSync(await exported('city.pmtiles'));
    const reader = readFileSync(new URL('../../../node_modules/pmtiles/dist/pmtiles.js', import.meta.url), 'utf8');
    await page.route(`${BASE}/city.pmtiles`, (route) => {
      const [from, to] = route.request().headers().range.replace('bytes=', '').split('-').map(Number);
      const body = archive.subarray(from, Math.min(to + 1, archive.length));
      return route.fulfill({ status: 206, body, headers: {
        'content-range': `bytes ${from}-${from + body.length - 1}/${archive.length}`, etag: '"a"' } });
    });
    await page.route(`${BASE}/pmtiles.js`, (route) => route.fulfill({ contentType: 'text/javascript', body: reader }));
    await page.addScriptTag({ url: '/pmtiles.js' });
    const { city } = await catalogue();
    const [x, y] = place(city.center, 14);
    const read = await page.evaluate(async ([url, col, row]) => {
      const source = new window.pmtiles.PMTiles(url);
      const header = await source.getHeader();
      const tile = await source.getZxy(14, col, row);
      return { zooms: [header.minZoom, header.maxZoom], meta: await source.getMetadata(),
        bytes: Array.from(new Uint8Array(tile.data)) };
    }, [`${BASE}/city.pmtiles`, x, y]);
    assert.deepEqual(read.zooms, [12, 15]);
    assert.ok(read.meta.vector_layers.some((layer) => layer.id === 'parcel'));
    const sent = new VectorTile(new PbfReader(Buffer.from(await (await fetch(`${BASE}/tiles/parcel,building/14/${x}/${y}`)).arrayBuffer())));
    const kept = new VectorTile(new PbfReader(Uint8Array.from(read.bytes)));
    assert.deepEqual(Object.keys(kept.layers).sort(), Object.keys(sent.layers).sort());
    assert.equal(kept.layers.parcel.length, sent.layers.parcel.length);
  });

  test('an MBTiles archive is written and counts its rows from the south', async () => {
    const archive = readFileSync(await exported('city.mbtiles'));
    assert.equal(archive.subarray(0, 15).toString(), 'SQLite format 3');
    assert.equal(archive.readUInt32BE(68), 0x4d504258);
  });
}
