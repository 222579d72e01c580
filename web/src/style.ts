// The style of the server fitted to this page: which layers are shown and how strongly, the day
// of today for "overdue", and the client's own sources for what is selected. Pure.
import type { GeoJSON } from 'geojson';
import type { StyleSpecification } from 'maplibre-gl';
import type { StyleLayer } from './legend.ts';
import type { Catalogue } from './types.ts';

export type LayerState = { on: boolean; opacity: number };
export type LayerStates = Record<string, LayerState>;
export type Overlay = { selected: GeoJSON; place: GeoJSON };
export const EMPTY: GeoJSON = { type: 'FeatureCollection', features: [] };

type Json = unknown;
const OPACITY: Record<string, string[]> = {
  fill: ['fill-opacity'],
  line: ['line-opacity'],
  circle: ['circle-opacity', 'circle-stroke-opacity'],
  symbol: ['icon-opacity', 'text-opacity'],
};
const EPOCH = '1970-01-01';

/** An opacity multiplied: zoom expressions must stay outermost, so their outputs are scaled. */
export function scaleOpacity(value: Json, factor: number): Json {
  const scale = (part: Json) => scaleOpacity(part, factor);
  if (typeof value === 'number') return +(value * factor).toFixed(4);
  if (!Array.isArray(value)) return factor;
  const [name] = value;
  const first = name === 'interpolate' ? 4 : name === 'step' ? 2 : 0;
  if (first) return value.map((part, i) => (i >= first && i % 2 === 0 ? scale(part) : part));
  return ['*', value, factor];
}

export function opacityPaint(layer: StyleLayer, factor: number): [string, Json][] {
  const names = OPACITY[layer.type] ?? [];
  return names.map((name) => [name, scaleOpacity(layer.paint?.[name] ?? 1, factor)]);
}

const replaceDay = (value: Json, today: string): Json =>
  value === EPOCH ? today
    : Array.isArray(value) ? value.map((part) => replaceDay(part, today)) : value;

export const layerOf = (layer: StyleLayer): string | undefined => layer.metadata?.['imgis:layer'];

/** The smallest zoom at which anything of a layer is drawn. */
export function minZoom(style: StyleLayer[], id: string, declared: number): number {
  const own = style.filter((layer) => layerOf(layer) === id).map((layer) => layer.minzoom ?? 0);
  return own.length ? Math.max(declared, Math.min(...own)) : declared;
}

/** Sources that hold a layer, by the style. */
export function sourcesOf(style: StyleLayer[], id: string): string[] {
  const own = style.filter((layer) => layerOf(layer) === id);
  return [...new Set(own.map((layer) => String((layer as { source?: string }).source)))];
}

/** All that the client draws itself: the place asked about and the selected feature. */
function overlayLayers(accent: string, halo: string): StyleLayer[] {
  const polygon = ['==', ['geometry-type'], 'Polygon'];
  const point = ['==', ['geometry-type'], 'Point'];
  const round = { 'line-join': 'round', 'line-cap': 'round' };
  return [
    { id: 'imgis-selected-fill', type: 'fill', source: 'imgis-selected', filter: polygon,
      paint: { 'fill-color': accent, 'fill-opacity': 0.14 } },
    { id: 'imgis-selected-halo', type: 'line', source: 'imgis-selected', layout: round,
      paint: { 'line-color': halo, 'line-width': 7, 'line-opacity': 0.85 } },
    { id: 'imgis-selected-line', type: 'line', source: 'imgis-selected', layout: round,
      paint: { 'line-color': accent, 'line-width': 3 } },
    { id: 'imgis-selected-point', type: 'circle', source: 'imgis-selected', filter: point,
      paint: { 'circle-radius': 11, 'circle-color': accent, 'circle-opacity': 0.2,
        'circle-stroke-color': accent, 'circle-stroke-width': 3 } },
    { id: 'imgis-place', type: 'circle', source: 'imgis-place',
      paint: { 'circle-radius': 4, 'circle-color': accent, 'circle-stroke-color': halo,
        'circle-stroke-width': 2 } },
  ] as StyleLayer[];
}

export const visibility = (states: LayerStates, id: string) => (states[id]?.on ? 'visible' : 'none');

export function decorate(
  style: StyleSpecification,
  catalogue: Catalogue,
  states: LayerStates,
  overlay: Overlay,
  today: string,
  dark: boolean,
): StyleSpecification {
  const known = new Map(catalogue.layers.map((layer) => [layer.id, layer]));
  const layers: StyleLayer[] = [];
  for (const original of style.layers as StyleLayer[]) {
    const id = layerOf(original);
    const layer = structuredClone(original);
    if (id) {
      if (!known.has(id)) continue;
      const target = layer as { 'source-layer'?: string; filter?: Json };
      if (!known.get(id)!.label_point && target['source-layer']?.endsWith('_label')) {
        target['source-layer'] = id;
      }
      if (layer.metadata?.['imgis:today']) target.filter = replaceDay(target.filter, today);
      layer.layout = { ...layer.layout, visibility: visibility(states, id) };
      const opacity = states[id]?.opacity ?? 1;
      if (opacity < 1) {
        layer.paint = { ...layer.paint, ...Object.fromEntries(opacityPaint(layer, opacity)) };
      }
    }
    layers.push(layer);
  }
  const [accent, halo] = dark ? ['#4fc0c7', '#101417'] : ['#0b6e75', '#ffffff'];
  // Bounds of a TileJSON are those of the data at that moment; live data may grow past them.
  const bounds = catalogue.city.bounds;
  const sources = Object.entries(style.sources).map(([id, source]) =>
    [id, source.type === 'vector' ? { ...source, bounds } : source]);
  return {
    ...style,
    sources: {
      ...Object.fromEntries(sources),
      'imgis-selected': { type: 'geojson', data: overlay.selected },
      'imgis-place': { type: 'geojson', data: overlay.place },
    },
    layers: [...layers, ...overlayLayers(accent, halo)] as StyleSpecification['layers'],
  };
}
