// The state of the map as an address: parse (anything may come in) and format (same state, same
// text). Pure; signals and history are in state.ts.
import { isLang } from './i18n.ts';
import type { Lang } from './types.ts';

export type View = { zoom: number; lat: number; lng: number };
export type LayerChoice = { id: string; opacity: number };
export type FeatureRef = { layer: string; key: string };

export type UrlState = {
  at: View | null;
  layers: LayerChoice[] | null;
  feature: FeatureRef | null;
  q: string;
  lang: Lang;
};

const MAX_LENGTH = 2000;
const MAX_QUERY = 200;
const LAYER_ID = /^[a-z][a-z0-9_]{0,62}$/;
const KEY = /^[\p{L}\p{N}:._/-]{1,80}$/u;
export const KNOWN_KEYS = ['at', 'f', 'l', 'lang', 'q'];

function parseView(text: string): View | null {
  const parts = text.split('/');
  if (parts.length !== 3 || parts.some((p) => !/^-?\d{1,3}(\.\d{1,20})?$/.test(p))) return null;
  const [zoom, lat, lng] = parts.map(Number);
  const good = zoom >= 0 && zoom <= 22 && Math.abs(lat) <= 85 && Math.abs(lng) <= 180;
  return good ? { zoom, lat, lng } : null;
}

function parseLayer(text: string): LayerChoice | null {
  const [id, opacity, ...rest] = text.split('@');
  if (!LAYER_ID.test(id) || rest.length) return null;
  if (opacity === undefined) return { id, opacity: 1 };
  const value = Number(opacity);
  return /^\d(\.\d{1,3})?$/.test(opacity) && value <= 1 ? { id, opacity: value } : null;
}

export function parseFeature(text: string): FeatureRef | null {
  const dot = text.indexOf('.');
  const layer = text.slice(0, dot);
  const key = text.slice(dot + 1);
  return dot > 0 && LAYER_ID.test(layer) && KEY.test(key) ? { layer, key } : null;
}

/** The state that an address asks for, and whether something in it was not understood. */
export function parseUrl(search: string): { state: UrlState; dropped: boolean } {
  const state: UrlState = { at: null, layers: null, feature: null, q: '', lang: 'ru' };
  if (search.length > MAX_LENGTH) return { state, dropped: true };
  const params = new URLSearchParams(search);
  let dropped = [...params.keys()].some((key) => !KNOWN_KEYS.includes(key));
  const take = <T>(key: string, parse: (text: string) => T | null): T | null => {
    const text = params.get(key);
    if (text === null) return null;
    const value = parse(text);
    if (value === null) dropped = true;
    return value;
  };
  state.at = take('at', parseView);
  state.feature = take('f', parseFeature);
  state.lang = take('lang', (text) => (isLang(text) ? text : null)) ?? 'ru';
  state.q = take('q', (text) => text.slice(0, MAX_QUERY)) ?? '';
  state.layers = take('l', (text) => {
    const seen = new Map<string, LayerChoice>();
    for (const part of text.split(',').filter(Boolean)) {
      const choice = parseLayer(part);
      if (choice) seen.set(choice.id, choice);
      else dropped = true;
    }
    return [...seen.values()];
  });
  return { state, dropped };
}

const trim = (value: number, digits: number) => String(Number(value.toFixed(digits)));

/** The query of an address, keys in alphabetical order; empty when all is as at first. */
export function formatUrl(state: UrlState): string {
  const parts: string[] = [];
  const put = (key: string, value: string) => {
    const safe = encodeURIComponent(value).replace(/%(2F|2C|40|3A)/g, decodeURIComponent);
    parts.push(`${key}=${safe}`);
  };
  if (state.at) {
    const { zoom, lat, lng } = state.at;
    put('at', `${zoom.toFixed(2)}/${lat.toFixed(5)}/${lng.toFixed(5)}`);
  }
  if (state.feature) put('f', `${state.feature.layer}.${state.feature.key}`);
  if (state.layers) {
    const list = state.layers.map(({ id, opacity }) =>
      opacity < 1 ? `${id}@${trim(opacity, 2)}` : id);
    put('l', list.join(','));
  }
  if (state.lang !== 'ru') put('lang', state.lang);
  if (state.q) put('q', state.q.slice(0, MAX_QUERY));
  return parts.length ? `?${parts.join('&')}` : '';
}
