// What people do that needs the server: ask at a place, open what was found, follow a link,
// register an application. Results go to the signals of state.ts.
import { batch, signal } from '@preact/signals';
import { aborted, newest, Problem, query as withQuery, request } from './api.ts';
import { t, tn } from './i18n.ts';
import { asked as sent, readQuery } from './query.ts';
import { flyTo, inScale, uncover, zoomNow } from './map.ts';
import {
  announce, applicationsVersion, asked, catalogue, isPhone, layerById, layerStates, notify, panel,
  results, resultsOpen, selected, setLayer,
} from './state.ts';
import type {
  ApplicationRow, Found, GeoFeature, Geometry, Box, Group, Hit, Identified, Position, Receipt, Service,
} from './types.ts';
import type { FeatureRef } from './url.ts';

/** Which layer of an answer is opened first; the rest follow from the top of the map down. */
const FIRST = ['application_site', 'application_public', 'parcel', 'building'];
export const services = signal<Service[] | null>(null);

function fail(error: unknown): void {
  if (aborted(error)) return;
  const problem = error instanceof Problem ? error : new Problem(0, '');
  const message = problem.message || (problem.status ? t('failed') : t('offline'));
  results.value = { state: 'error', message, requestId: problem.requestId };
  announce.value = message;
}

export function showResults(): void {
  resultsOpen.value = true;
  if (isPhone.value) panel.value = null;
}

const shownIds = () => (catalogue.value?.layers ?? [])
  .filter((layer) => layerStates.value[layer.id]?.on && inScale(layer))
  .map((layer) => layer.id);

function preferred(groups: Group[], title?: string): Found | null {
  const named = title && groups.flatMap((g) => g.features).find((f) => f.title === title);
  if (named) return named;
  for (const id of FIRST) {
    const group = groups.find((candidate) => candidate.layer === id);
    if (group) return group.features[0] ?? null;
  }
  return groups.at(-1)?.features[0] ?? null;
}

/** What is at a place; of several, the feature of that `title` is opened first. */
export async function identifyAt(
  [lng, lat]: Position, all = false, title?: string,
): Promise<void> {
  const ids = shownIds();
  showResults();
  results.value = { state: 'loading' };
  const url = withQuery('/identify', {
    lng: lng.toFixed(7), lat: lat.toFixed(7), zoom: zoomNow().toFixed(2),
    layers: all ? undefined : ids.join(','),
  });
  try {
    const answer = await newest<Identified>('identify', url);
    const order = new Map(catalogue.value?.layers.map((layer, i) => [layer.id, i]));
    const groups = answer.groups.map(({ layer, count, features }) =>
      ({ layer, count, features: features.map((feature) => ({ ...feature, layer })) }))
      .sort((a, b) => (order.get(a.layer) ?? -1) - (order.get(b.layer) ?? -1));
    const count = groups.reduce((sum, group) => sum + group.count, 0);
    batch(() => {
      asked.feature = null;
      results.value = { state: 'ok', kind: 'place', at: [lng, lat], inside: answer.inside, all,
        city: answer.city_coordinates, groups };
      selected.value = preferred(groups, title);
    });
    if (count) uncover([lng, lat]);
    announce.value = count ? tn('found', count) : t(answer.inside ? 'nothingHere' : 'outside');
  } catch (error) {
    fail(error);
  }
}

/** Corners of a geometry. */
export function boxOf(geometry: Geometry): Box {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  const walk = (part: unknown): void => {
    if (!Array.isArray(part)) return;
    if (typeof part[0] === 'number') {
      box[0] = Math.min(box[0], part[0]);
      box[1] = Math.min(box[1], part[1]);
      box[2] = Math.max(box[2], part[0]);
      box[3] = Math.max(box[3], part[1]);
    } else part.forEach(walk);
  };
  walk(geometry.coordinates);
  return box;
}

const middle = (box: Box): Position => [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];

function found(layer: string, feature: GeoFeature): Found {
  const name = layerById.value.get(layer)?.title_property;
  const title = name ? String(feature.properties[name] ?? '') : '';
  return { layer, id: Number(feature.id), title, properties: feature.properties,
    geometry: feature.geometry, bbox: boxOf(feature.geometry) };
}

const items = (layer: string) => `/collections/${layer}/items`;

async function fetchRef({ layer, key }: FeatureRef): Promise<Found | null> {
  const name = layerById.value.get(layer)?.title_property;
  if (/^\d{1,18}$/.test(key)) return found(layer, await newest('feature', `${items(layer)}/${key}`));
  const url = withQuery(items(layer), { [name ?? 'name']: key, limit: 1 });
  const answer = await newest<{ features: GeoFeature[] }>('feature', url);
  return answer.features.length ? found(layer, answer.features[0]) : null;
}

function showOne(feature: Found, at?: Position): void {
  const place = at ?? middle(feature.bbox ?? boxOf(feature.geometry));
  if (!layerStates.value[feature.layer]?.on) setLayer(feature.layer, { on: true });
  batch(() => {
    asked.feature = null;
    results.value = { state: 'ok', kind: 'feature', at: place, inside: true, all: false, city: null,
      groups: [{ layer: feature.layer, count: 1, features: [feature] }] };
    selected.value = feature;
    showResults();
  });
}

/** Opens what an address names; `move` when the view was not named too. */
export async function openRef(ref: FeatureRef, move: boolean): Promise<void> {
  try {
    if (!layerById.value.has(ref.layer)) throw new Problem(404, '');
    const feature = await fetchRef(ref);
    if (!feature) throw new Problem(404, '');
    showOne(feature);
    const box = feature.bbox ?? (feature.geometry && boxOf(feature.geometry));
    if (box && move) flyTo(middle(box), box);
    else if (box) uncover(middle(box));
  } catch (error) {
    if (aborted(error)) return;
    asked.feature = null;
    selected.value = null;
    notify(t('unknownFeature'));
  }
}

export async function openHit(hit: Hit): Promise<void> {
  const { center } = hit;
  if (center) {
    flyTo(center, hit.bbox);
    if (hit.kind === 'coordinates' || hit.kind === 'address') return identifyAt(center);
  }
  if (!hit.layer || hit.id === null) return;
  results.value = { state: 'loading' };
  showResults();
  try {
    const url = `${items(hit.layer)}/${hit.id}`;
    const feature = found(hit.layer, await newest<GeoFeature>('feature', url));
    showOne(feature, center ?? undefined);
    announce.value = feature.title || hit.title;
  } catch (error) {
    fail(error);
  }
}

/** Goes to an application of the list and opens it among what else is there. */
export function openApplication({ number, center }: ApplicationRow): void {
  if (!center) return;
  const layer = ['application_site', 'application_public'].find((id) => layerById.value.has(id));
  if (layer && !layerStates.value[layer].on) setLayer(layer, { on: true });
  flyTo(center, null);
  void identifyAt(center, false, number);
}

/** An address that only names a text: what is called exactly so, or the one hit, is opened. */
export async function openQuery(text: string): Promise<void> {
  const q = sent(readQuery(text));
  if (!q) return;
  try {
    const { hits } = await newest<{ hits: Hit[] }>('find', withQuery('/find', { q, limit: 10 }));
    const hit = hits.length === 1 ? hits[0] : hits.find((candidate) => candidate.title === q);
    if (hit) await openHit(hit);
    else if (!hits.length) notify(`${t('searchNone')}: ${text}`);
  } catch (error) {
    fail(error);
  }
}

export const zoomTo = (feature: Found) => {
  const box = feature.bbox ?? boxOf(feature.geometry);
  flyTo(middle(box), box);
};

export function clearResults(): void {
  batch(() => {
    asked.feature = null;
    results.value = { state: 'idle' };
    selected.value = null;
    resultsOpen.value = false;
  });
}

/** Next or previous feature of the results, in the order of the panel. */
export function stepResult(step: 1 | -1): void {
  if (results.value.state !== 'ok') return;
  const list = results.value.groups.flatMap((group) => group.features);
  const at = list.findIndex((f) => f.id === selected.value?.id && f.layer === selected.value?.layer);
  if (list.length) selected.value = list[(at + step + list.length) % list.length];
}

/** The server told that a layer changed: what is open is read again, in place. */
export async function refreshOpen(layer: string, ids: number[] | null): Promise<void> {
  if (layer.startsWith('application_')) applicationsVersion.value += 1;
  const open = selected.value;
  if (!open || open.layer !== layer || (ids && !ids.includes(open.id))) return;
  try {
    const fresh = found(layer, await request<GeoFeature>(`${items(layer)}/${open.id}`));
    if (results.value.state !== 'ok' || selected.value?.id !== open.id) return;
    const groups = results.value.groups.map((group) => group.layer !== layer ? group
      : { ...group, features: group.features.map((f) => (f.id === open.id ? fresh : f)) });
    batch(() => {
      if (results.value.state === 'ok') results.value = { ...results.value, groups };
      selected.value = fresh;
    });
  } catch { /* it is gone or closed: what was read stays readable */ }
}

export async function loadServices(): Promise<void> {
  services.value ??= await request<Service[]>('/services');
}

export type Draft = {
  service: string;
  applicant: { kind: string; name: string; email?: string; phone?: string };
  subject?: string;
  site: { cadastral_numbers: string[] };
};

export const register = (draft: Draft, key: string) => request<Receipt>('/applications', {
  method: 'POST',
  headers: { 'content-type': 'application/json', 'idempotency-key': key },
  body: JSON.stringify(draft),
});
