// The MapLibre map: made once, then follows the signals (layers, theme, selection) and writes the
// view back. Asking the server is in actions.ts, refreshing in live.ts, keys in keys.ts.
import { effect } from '@preact/signals';
import { Map as GLMap, setWorkerUrl, type MapMouseEvent, type StyleSpecification } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import 'maplibre-gl/dist/maplibre-gl.css';
import type { Feature, Geometry as GeoGeometry, GeoJSON } from 'geojson';
import { request } from './api.ts';
import { t } from './i18n.ts';
import type { StyleLayer } from './legend.ts';
import {
  asked, baseStyle, catalogue, dark, failing, isPhone, layerStates, mapProblem, mapReady, panel,
  pointer, results, resultsOpen, selected, styleLayers, view,
} from './state.ts';
import { decorate, EMPTY, layerOf, minZoom, opacityPaint, visibility, type Overlay } from './style.ts';
import type { Box, Layer, Position } from './types.ts';

setWorkerUrl(workerUrl);

declare global {
  interface Window { imgisMap?: GLMap }
}

export let map: GLMap | null = null;
const root = document.documentElement;
const calm = matchMedia('(prefers-reduced-motion: reduce)');

export const today = () => new Intl.DateTimeFormat('sv-SE').format(new Date());
export const zoomNow = () => map?.getZoom() ?? view.value?.zoom ?? catalogue.value?.city.zoom ?? 12;
export const style = () => styleLayers.value as StyleLayer[];

export const inScale = (layer: Layer) =>
  (view.value?.zoom ?? 0) >= minZoom(style(), layer.id, layer.zoom.min) - 0.01;

/** Before anything that makes the map draw anew: tests and print wait for the next idle. */
export function busy(): void {
  root.dataset.mapIdle = '0';
  map?.triggerRepaint();
}

const point = (at: Position): GeoGeometry => ({ type: 'Point', coordinates: at });

function overlay(): Overlay {
  const feature = selected.value;
  const shown: GeoJSON = feature
    ? { type: 'Feature', properties: {}, geometry: feature.geometry as unknown as GeoGeometry }
    : EMPTY;
  const place: GeoJSON = results.value.state === 'ok' && results.value.kind === 'place'
    ? { type: 'Feature', properties: {}, geometry: point(results.value.at) } as Feature
    : EMPTY;
  return { selected: shown, place };
}

const loadStyle = (isDark: boolean) => request<StyleSpecification>(`/styles/${isDark ? 'dark' : 'light'}`);

export async function prepareStyle(): Promise<void> {
  baseStyle.value = await loadStyle(dark.peek());
}

const dressed = (base: StyleSpecification) =>
  decorate(base, catalogue.peek()!, layerStates.peek(), overlay(), today(), dark.peek());

function setData(id: string, data: GeoJSON): void {
  const source = map?.getSource(id) as { setData?: (data: GeoJSON) => void } | undefined;
  source?.setData?.(data);
}

function followSignals(glMap: GLMap): void {
  let drawn = dark.peek();
  effect(() => {
    const wanted = dark.value;
    if (wanted === drawn) return;
    drawn = wanted;
    busy();
    void loadStyle(wanted).then((base) => {
      if (dark.peek() !== wanted) return;
      baseStyle.value = base;
      glMap.setStyle(dressed(base), { diff: true });
    }, () => undefined);
  });
  let before = layerStates.peek();
  effect(() => {
    const states = layerStates.value;
    const changed = Object.keys(states).filter((id) => states[id] !== before[id]);
    before = states;
    if (!changed.length) return;
    busy();
    for (const layer of style()) {
      const id = layerOf(layer);
      if (!id || !changed.includes(id) || !glMap.getLayer(layer.id)) continue;
      glMap.setLayoutProperty(layer.id, 'visibility', visibility(states, id));
      for (const [name, value] of opacityPaint(layer, states[id].opacity)) {
        glMap.setPaintProperty(layer.id, name as never, value as never);
      }
    }
  });
  effect(() => {
    const { selected: shown, place } = overlay();
    busy();
    setData('imgis-selected', shown);
    setData('imgis-place', place);
  });
}

function followView(glMap: GLMap): void {
  const read = () => {
    const { lng, lat } = glMap.getCenter();
    view.value = { zoom: glMap.getZoom(), lat, lng };
  };
  read();
  glMap.on('moveend', read);
  glMap.on('movestart', () => { root.dataset.mapIdle = '0'; });
  glMap.on('dataloading', () => { root.dataset.mapIdle = '0'; });
  glMap.on('idle', () => {
    root.dataset.mapIdle = '1';
    if (!mapReady.value) performance.mark('map-idle');
    mapReady.value = true;
  });
  glMap.on('mousemove', (event) => { pointer.value = [event.lngLat.lng, event.lngLat.lat]; });
  glMap.on('mouseout', () => { pointer.value = null; });
}

interface Canonical { z: number; x: number; y: number }

/** Tiles that failed since they were last asked for, by source; `null` is its description. */
const missing = new Map<string, (Canonical | null)[]>();
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

interface OfTile { sourceId?: string; tile?: { tileID: { canonical: Canonical } } }

function nameFaults(): void {
  const now = [...missing.keys()];
  if (now.join() !== failing.peek().join()) failing.value = now;
}

function followFaults(glMap: GLMap): void {
  let wait = FIRST_WAIT_MS;
  let timer = 0;
  glMap.on('error', (event) => {
    const { sourceId, tile } = event as OfTile;
    if (!sourceId) {
      console.warn(event.error);
      return;
    }
    missing.set(sourceId, [...missing.get(sourceId) ?? [], tile?.tileID.canonical ?? null]);
    nameFaults();
    timer ||= window.setTimeout(() => {
      timer = 0;
      retryTiles();
    }, wait);
  });
  glMap.on('idle', () => {
    for (const [id, tiles] of missing) if (!tiles.length) missing.delete(id);
    nameFaults();
    wait = missing.size ? Math.min(wait * 2, LONGEST_WAIT_MS) : FIRST_WAIT_MS;
  });
  glMap.getCanvas().addEventListener('webglcontextlost', () => { mapProblem.value = 'lost'; });
  glMap.getCanvas().addEventListener('webglcontextrestored', () => { mapProblem.value = null; });
}

/** Asks again for what failed; the sources stay named until their tiles have come. */
export function retryTiles(): void {
  busy();
  for (const [id, failed] of missing) {
    missing.set(id, []);
    const tiles = failed.filter((tile) => tile !== null);
    // A source whose description itself failed has no tiles to ask for: it is made anew.
    if (tiles.length === failed.length) map?.refreshTiles(id, tiles);
    else if (baseStyle.value) map?.setStyle(dressed(baseStyle.value), { diff: false });
  }
}

/** Makes the map in `element`; without WebGL 2 the page goes on without the picture. */
export function startMap(element: HTMLElement, onClick: (at: Position) => void): void {
  const city = catalogue.peek()!.city;
  // What an address names may have been found before there was a map.
  const at = asked.view ?? view.peek();
  const [west, south, east, north] = city.bounds;
  const [dx, dy] = [(east - west) * 0.75, (north - south) * 0.75];
  try {
    map = new GLMap({
      container: element,
      style: dressed(baseStyle.peek()!),
      center: at ? [at.lng, at.lat] : city.center,
      zoom: at ? at.zoom : city.zoom,
      maxBounds: [west - dx, south - dy, east + dx, north + dy],
      minZoom: 7,
      maxZoom: 20,
      fadeDuration: 0,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      renderWorldCopies: false,
      refreshExpiredTiles: false,
      locale: { 'Map.Title': t('map') },
    });
  } catch {
    mapProblem.value = 'webgl';
    root.dataset.mapIdle = '1';
    return;
  }
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  window.imgisMap = map;
  const canvas = map.getCanvas();
  canvas.setAttribute('aria-describedby', 'map-hint');
  followView(map);
  followFaults(map);
  map.on('click', (event: MapMouseEvent) => onClick([event.lngLat.lng, event.lngLat.lat]));
  map.once('load', () => { if (map) followSignals(map); });
}

/** Room that panels take from the map. */
function padding() {
  if (isPhone.value) return { top: 70, left: 20, right: 20, bottom: innerHeight * 0.5 };
  return { top: 80, bottom: 60, left: panel.value ? 330 : 30, right: resultsOpen.value ? 400 : 60 };
}

export function flyTo(center: Position, box: Box | null): void {
  if (!map) {
    view.value = { lng: center[0], lat: center[1], zoom: 17 };
    return;
  }
  busy();
  const duration = calm.matches ? 0 : 500;
  const isArea = box && box[2] > box[0] && box[3] > box[1];
  if (isArea) map.fitBounds(box, { padding: padding(), maxZoom: 18, duration });
  else map.easeTo({ center, zoom: Math.max(map.getZoom(), 17), duration });
}

/** On a phone the sheet covers the lower half: a place under it moves up into sight. */
export function uncover(at: Position): void {
  if (!map || !isPhone.value) return;
  const { clientHeight } = map.getContainer();
  if (map.project(at).y < clientHeight * 0.4) return;
  map.easeTo({ center: at, offset: [0, -clientHeight * 0.26], duration: calm.matches ? 0 : 300 });
}

export function wholeCity(): void {
  const city = catalogue.value?.city;
  if (city) map?.fitBounds(city.bounds, { padding: padding(), duration: calm.matches ? 0 : 500 });
}
