// Live data: the server tells which layer changed and where, the tiles that show it are read anew.
// The view never moves by itself.
import { refreshOpen } from './actions.ts';
import { busy, map, style } from './map.ts';
import { layerStates } from './state.ts';
import { sourcesOf } from './style.ts';
import type { Change, Tile } from './types.ts';

/** Tiles of a zoom from the middle of the view to its edge, at most. */
const REACH = 8;

const GATHER_MS = 250;
/** Tiles to read anew by layer; `null`: all of them. */
let waiting = new Map<string, Tile[] | null>();
let timer = 0;

/** The tiles of the zooms that the map may be showing which hold, or lie in, one of these. */
function around(tiles: Tile[]): { z: number; x: number; y: number }[] {
  const deepest = Math.ceil(map?.getZoom() ?? 0) + 1;
  const found = new Map<string, { z: number; x: number; y: number }>();
  const add = (z: number, x: number, y: number) => found.set(`${z}/${x}/${y}`, { z, x, y });
  for (const [z, x, y] of tiles) {
    for (let up = 0; up <= z; up++) add(z - up, x >> up, y >> up);
    const { lng, lat } = map!.getCenter();
    for (let down = 1; z + down <= deepest; down++) {
      // Deeper tiles are many: those near the middle of the view are on the screen.
      const side = 2 ** (z + down);
      const cx = Math.floor(((lng + 180) / 360) * side);
      const rad = (lat * Math.PI) / 180;
      const cy = Math.floor(((1 - Math.asinh(Math.tan(rad)) / Math.PI) / 2) * side);
      for (let col = cx - REACH; col <= cx + REACH; col++) {
        for (let row = cy - REACH; row <= cy + REACH; row++) {
          if (col >> down === x && row >> down === y) add(z + down, col, row);
        }
      }
    }
  }
  return [...found.values()];
}

function refresh(): void {
  const changed = waiting;
  waiting = new Map();
  if (!map) return;
  const sources = new Map<string, Tile[] | null>();
  for (const [layer, tiles] of changed) {
    if (!layerStates.value[layer]?.on) continue;
    for (const source of sourcesOf(style(), layer)) {
      const before = sources.get(source);
      sources.set(source, tiles === null || before === null ? null : [...before ?? [], ...tiles]);
    }
  }
  if (!sources.size) return;
  busy();
  for (const [source, tiles] of sources) {
    if (map.getSource(source)) map.refreshTiles(source, tiles ? around(tiles) : undefined);
  }
}

function later(layer: string, tiles: Tile[] | null): void {
  const before = waiting.get(layer);
  waiting.set(layer, tiles === null || before === null ? null : [...before ?? [], ...tiles]);
  clearTimeout(timer);
  timer = window.setTimeout(refresh, GATHER_MS);
}

function allLater(): void {
  for (const layer of Object.keys(layerStates.value)) later(layer, null);
}

export function followChanges(): void {
  const events = new EventSource('/changes');
  let broken = false;
  events.addEventListener('change', (event) => {
    const change = JSON.parse((event as MessageEvent<string>).data) as Change;
    later(change.layer, change.tiles);
    void refreshOpen(change.layer, change.ids);
  });
  events.addEventListener('reset', allLater);
  events.addEventListener('error', () => { broken = true; });
  events.addEventListener('open', () => {
    if (broken) allLater();
    broken = false;
  });
}
