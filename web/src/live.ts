// Live data: the server tells which layer changed, the sources that hold it are read anew. The
// view never moves by itself.
import { refreshOpen } from './actions.ts';
import { busy, map, style } from './map.ts';
import { layerStates } from './state.ts';
import { sourcesOf } from './style.ts';
import type { Change } from './types.ts';

const GATHER_MS = 250;
let waiting = new Set<string>();
let timer = 0;

function refresh(): void {
  const layers = waiting;
  waiting = new Set();
  if (!map) return;
  const sources = new Set([...layers].filter((id) => layerStates.value[id]?.on)
    .flatMap((id) => sourcesOf(style(), id)));
  if (!sources.size) return;
  busy();
  for (const source of sources) {
    if (map.getSource(source)) map.refreshTiles(source);
  }
}

function later(layers: string[]): void {
  for (const layer of layers) waiting.add(layer);
  clearTimeout(timer);
  timer = window.setTimeout(refresh, GATHER_MS);
}

export function followChanges(): void {
  const events = new EventSource('/changes');
  let broken = false;
  events.addEventListener('change', (event) => {
    const change = JSON.parse((event as MessageEvent<string>).data) as Change;
    later([change.layer]);
    void refreshOpen(change.layer, change.ids);
  });
  events.addEventListener('reset', () => later(Object.keys(layerStates.value)));
  events.addEventListener('error', () => { broken = true; });
  events.addEventListener('open', () => {
    if (broken) later(Object.keys(layerStates.value));
    broken = false;
  });
}
