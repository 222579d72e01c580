// The state of the page as signals, and its address. What changes the map reads from here
// (map.ts); what asks the server writes here (actions.ts).
import { computed, effect, signal } from '@preact/signals';
import type { StyleSpecification } from 'maplibre-gl';
import { lang } from './i18n.ts';
import { cadastralKey } from './format.ts';
import type { LayerStates } from './style.ts';
import type { Catalogue, Found, Group, Layer, Position } from './types.ts';
import { formatUrl, parseUrl, type FeatureRef, type View } from './url.ts';

export type Results =
  | { state: 'idle' }
  | { state: 'loading' }
  | { state: 'error'; message: string; requestId: string | null }
  | { state: 'ok'; kind: 'place' | 'feature'; at: Position; inside: boolean; all: boolean;
      city: Position | null; groups: Group[] };

export type Notice = { id: number; text: string };
export type Panel = 'layers' | 'applications' | null;

const first = parseUrl(location.search);
lang.value = first.state.lang;

export const asked = { view: first.state.at, feature: first.state.feature, layers: first.state.layers };
export const catalogue = signal<Catalogue | null>(null);
export const startError = signal<string | null>(null);
export const baseStyle = signal<StyleSpecification | null>(null);
export const layerStates = signal<LayerStates>({});
export const layersChosen = signal(first.state.layers !== null);
export const view = signal<View | null>(first.state.at);
export const pointer = signal<Position | null>(null);
export const results = signal<Results>({ state: 'idle' });
export const selected = signal<Found | null>(null);
export const query = signal(first.state.q);
export const announce = signal('');
export const notices = signal<Notice[]>([]);
export const failing = signal<string[]>([]);
export const mapProblem = signal<'webgl' | 'lost' | null>(null);
export const mapReady = signal(false);
export const dialog = signal<'keys' | 'register' | null>(null);
export const applicationsVersion = signal(0);

const phone = matchMedia('(max-width: 699px)');
export const isPhone = signal(phone.matches);
phone.addEventListener('change', () => { isPhone.value = phone.matches; });

const remembered = (key: string) => {
  try { return localStorage.getItem(key); } catch { return null; }
};
const remember = (key: string, value: string | null) => {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch { /* storage is closed: nothing is remembered */ }
};

const savedPanel = remembered('imgis.panel');
export const panel = signal<Panel>(
  phone.matches || savedPanel === 'none' ? null : savedPanel === 'applications' ? 'applications' : 'layers',
);
export const resultsOpen = signal(false);
effect(() => { if (!isPhone.value) remember('imgis.panel', panel.value ?? 'none'); });

const system = matchMedia('(prefers-color-scheme: dark)');
const systemDark = signal(system.matches);
system.addEventListener('change', () => { systemDark.value = system.matches; });
export const themeChoice = signal(remembered('imgis.theme'));
export const dark = computed(() =>
  themeChoice.value === 'dark' || (themeChoice.value !== 'light' && systemDark.value));
effect(() => {
  remember('imgis.theme', themeChoice.value);
  document.documentElement.dataset.theme = dark.value ? 'dark' : 'light';
});
export const toggleTheme = () => { themeChoice.value = dark.value ? 'light' : 'dark'; };

export const layerById = computed(() =>
  new Map<string, Layer>(catalogue.value?.layers.map((layer) => [layer.id, layer])));
export const styleLayers = computed(() => baseStyle.value?.layers ?? []);

let noticeId = 0;
export function notify(text: string): void {
  if (notices.value.some((notice) => notice.text === text)) return;
  notices.value = [...notices.value, { id: ++noticeId, text }];
}
export const dismiss = (id: number) => {
  notices.value = notices.value.filter((notice) => notice.id !== id);
};

export function setLayer(id: string, change: Partial<LayerStates[string]>): void {
  layersChosen.value = true;
  layerStates.value = { ...layerStates.value, [id]: { ...layerStates.value[id], ...change } };
}

/** Layers at first: as the address asks, else as the catalogue says. Returns unknown ids. */
export function initLayers(list: Layer[]): string[] {
  const wanted = asked.layers && new Map(asked.layers.map((choice) => [choice.id, choice.opacity]));
  layerStates.value = Object.fromEntries(list.map(({ id, visible }) =>
    [id, wanted ? { on: wanted.has(id), opacity: wanted.get(id) ?? 1 } : { on: visible, opacity: 1 }]));
  return wanted ? [...wanted.keys()].filter((id) => !list.some((layer) => layer.id === id)) : [];
}

export function resetLayers(): void {
  asked.layers = null;
  initLayers(catalogue.value?.layers ?? []);
  layersChosen.value = false;
}

/** How an address names a feature: a parcel by its number, others by their id. */
export function refOf(feature: Found): FeatureRef {
  const layer = layerById.value.get(feature.layer);
  return { layer: feature.layer, key: (layer && cadastralKey(layer, feature)) ?? String(feature.id) };
}

export const address = computed(() => formatUrl({
  at: view.value,
  feature: selected.value ? refOf(selected.value) : asked.feature,
  layers: layersChosen.value
    ? (catalogue.value?.layers ?? []).filter(({ id }) => layerStates.value[id]?.on)
        .map(({ id }) => ({ id, opacity: layerStates.value[id].opacity }))
    : null,
  q: query.value,
  lang: lang.value,
}));

/** Keeps the address in step: a new selection is a new history entry, all else replaces. */
export function followAddress(onBack: (feature: FeatureRef | null) => Promise<void>): void {
  let timer = 0;
  let last = selected.peek();
  let restoring = false;
  effect(() => {
    const next = location.pathname + address.value;
    const now = selected.value;
    const moved = now && (now.id !== last?.id || now.layer !== last?.layer);
    last = now;
    clearTimeout(timer);
    if (moved && !restoring) history.pushState(null, '', next);
    else timer = window.setTimeout(() => history.replaceState(null, '', next), 150);
  });
  addEventListener('popstate', async () => {
    const back = parseUrl(location.search).state;
    restoring = true;
    lang.value = back.lang;
    query.value = back.q;
    await onBack(back.feature).finally(() => { restoring = false; });
  });
}

export const droppedAtFirst = first.dropped;
