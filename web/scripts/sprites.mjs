// Draws the map's sprite: hatch patterns of zones and badges of point layers, as SVG rendered by
// Chromium at 1x and 2x. Writes styles/sprites/map{,@2x}.{png,json}. Colours suit both themes.
// Not here: what uses an image (styles/map.json).
import { writeFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const out = new URL('../../styles/sprites/', import.meta.url);
const TILE = 24;
const BADGE = 22;

const stroke = (d, colour, width = 1.3, more = '') =>
  `<path d="${d}" fill="none" stroke="${colour}" stroke-width="${width}" ${more}/>`;

/** Lines of 45 degrees that meet at the edges of the tile: `step` divides TILE. */
function diagonal(colour, step, { width = 1.3, back = false, dash = '' } = {}) {
  let d = '';
  for (let i = -TILE; i <= TILE; i += step) {
    d += back ? `M${i} 0l${TILE} ${TILE}` : `M${i} ${TILE}l${TILE} ${-TILE}`;
  }
  return stroke(d, colour, width, dash && `stroke-dasharray="${dash}"`);
}

function rows(colour, step, { upright = false, width = 1.3, dash = '' } = {}) {
  let d = '';
  for (let i = step / 2; i < TILE; i += step) {
    d += upright ? `M${i} 0v${TILE}` : `M0 ${i}h${TILE}`;
  }
  return stroke(d, colour, width, dash && `stroke-dasharray="${dash}"`);
}

function dots(colour, step, radius) {
  let d = '';
  for (let y = step / 2, row = 0; y < TILE; y += step, row++) {
    for (let x = row % 2 ? step : step / 2; x <= TILE; x += step) {
      d += `<circle cx="${x % TILE}" cy="${y}" r="${radius}" fill="${colour}"/>`;
      if (x === TILE) d += `<circle cx="${TILE}" cy="${y}" r="${radius}" fill="${colour}"/>`;
    }
  }
  return d;
}

function waves(colour) {
  let d = '';
  for (const y of [6, 18]) d += `M0 ${y}q3 -4 6 0t6 0t6 0t6 0`;
  return stroke(d, colour);
}

function crosses(colour) {
  let d = '';
  for (const [x, y] of [[6, 6], [18, 18]]) d += `M${x - 3} ${y}h6M${x} ${y - 3}v6`;
  return stroke(d, colour, 1.4);
}

const patterns = {
  'hatch-water': diagonal('#2f7fb8', 12),
  'hatch-coast': diagonal('#1c6aa6', 6, { width: 1.2 }),
  'hatch-power': diagonal('#b7791f', 12, { back: true, dash: '5 3.485' }),
  'hatch-gas': crosses('#c05621'),
  'hatch-sanitary': rows('#7b5e46', 8, { upright: true, width: 1.1 }),
  'hatch-heritage': diagonal('#8a4fa3', 8, { back: true, width: 1.1 }),
  'hatch-railway': rows('#5f6b76', 8, { width: 1.1 }),
  'hatch-airport': dots('#5b6fb5', 12, 1.5),
  'hatch-flood': waves('#2b86a8'),
  'hatch-intake': dots('#1d8f8a', 8, 1.2),
  'hatch-other': diagonal('#84715c', 24),
  'hatch-hazard': diagonal('#c2412d', 12) + diagonal('#c2412d', 12, { back: true }),
  'hatch-project': diagonal('#6a5acd', 24, { back: true, width: 1.1 }),
  'hatch-appearance': rows('#b83280', 12, { dash: '4 4', width: 1.2 }),
  'hatch-reserve': diagonal('#d7261e', 24, { width: 1.1 }),
};

const glyph = (d) =>
  `<path d="${d}" fill="none" stroke="#fff" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"/>`;
const badge = (colour, d) =>
  `<rect x="1" y="1" width="20" height="20" rx="5" fill="${colour}" stroke="#fff" stroke-width="1.5"/>${glyph(d)}`;

const badges = {
  'badge-heritage': badge('#8a4fa3', 'M6 9l5-3.5L16 9zM7.5 11.5v4M11 11.5v4M14.5 11.5v4M6 16.5h10'),
  'badge-advertising': badge('#c05621', 'M5.5 6.5h11v6h-11zM11 12.5v4M8.5 16.5h5'),
  'badge-kiosk': badge('#2f7d5b', 'M5.5 9l1.5-3.5h8L16.5 9zM7 9v7h8V9M9.5 16v-4h3v4'),
  'badge-property': badge('#3d5a80', 'M6.5 16.5v-8l4.5-3 4.5 3v8zM9.5 16.5v-4h3v4'),
};

const images = [
  ...Object.entries(patterns).map(([name, body]) => ({ name, body, size: TILE })),
  ...Object.entries(badges).map(([name, body]) => ({ name, body, size: BADGE })),
];
const COLUMNS = 8;
const CELL = TILE + 2;
const width = COLUMNS * CELL;
const height = Math.ceil(images.length / COLUMNS) * CELL;
const place = (i) => [(i % COLUMNS) * CELL, Math.floor(i / COLUMNS) * CELL];

const sheet = images.map(({ body, size }, i) => {
  const [x, y] = place(i);
  return `<svg x="${x}" y="${y}" width="${size}" height="${size}" viewBox="0 0 ${size} ${size}">${body}</svg>`;
});
const html = `<!doctype html><style>body{margin:0}svg{display:block}</style>
<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${sheet.join('')}</svg>`;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
});
for (const ratio of [1, 2]) {
  const page = await browser.newPage({ viewport: { width, height }, deviceScaleFactor: ratio });
  await page.setContent(html);
  const suffix = ratio === 2 ? '@2x' : '';
  const png = await page.screenshot({ omitBackground: true });
  writeFileSync(new URL(`map${suffix}.png`, out), png);
  const index = Object.fromEntries(images.map(({ name, size }, i) => {
    const [x, y] = place(i).map((v) => v * ratio);
    return [name, { x, y, width: size * ratio, height: size * ratio, pixelRatio: ratio }];
  }));
  writeFileSync(new URL(`map${suffix}.json`, out), JSON.stringify(index, null, 1) + '\n');
  await page.close();
}
await browser.close();
console.log(`${images.length} images, ${width}x${height}`);
