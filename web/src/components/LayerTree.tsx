// Layers by theme group: visibility (a group is on, off or partly on and remembers its children),
// legend, opacity on demand, owner and date; layers out of scale are greyed and say from where.
import { computed, useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { date, number, say, t, tn, words } from '../i18n.ts';
import { legendOf, type StyleLayer } from '../legend.ts';
import { minZoom } from '../style.ts';
import {
  catalogue, layersChosen, layerStates, resetLayers, setLayer, styleLayers, view,
} from '../state.ts';
import type { Layer } from '../types.ts';
import { scaleText } from '../scale.ts';
import { Icon } from './Icon.tsx';
import { Swatch } from './Swatch.tsx';

export const legends = computed(() => {
  const list = styleLayers.value as StyleLayer[];
  const other = { ru: 'Прочее', en: 'Other' };
  return new Map(catalogue.value?.layers.map((layer) => [layer.id, legendOf(list, layer, other)]));
});
const firstZoom = computed(() => {
  const list = styleLayers.value as StyleLayer[];
  return new Map(catalogue.value?.layers.map(({ id, zoom }) => [id, minZoom(list, id, zoom.min)]));
});

function LayerDetails({ layer }: { layer: Layer }) {
  const state = layerStates.value[layer.id];
  const entries = legends.value.get(layer.id) ?? [];
  return (
    <div class="layer-more">
      {(entries.length > 1 || entries[0]?.label) && (
        <ul class="legend">
          {entries.map((entry) => (
            <li key={entry.codes.join() + (entry.label?.ru ?? '')}>
              <Swatch sign={entry.swatch} />
              <span>{entry.label && say(entry.label)}</span>
            </li>
          ))}
        </ul>
      )}
      <label class="opacity">
        <span>{t('opacity')}</span>
        <input type="range" min="0.1" max="1" step="0.05" value={state.opacity}
          onInput={({ currentTarget: { value } }) =>
            setLayer(layer.id, { opacity: Number(value), on: true })} />
        <output>{number(state.opacity * 100, 0)} %</output>
      </label>
      {layer.description && <p>{say(layer.description)}</p>}
      <p class="muted">
        {t('division')}: {say(layer.division.title)}
        {layer.currency && <> · {t('currency')} {date(layer.currency)}</>}
        {' · '}{number(layer.count)} {tn('objects', layer.count)}
      </p>
    </div>
  );
}

function LayerRow({ layer }: { layer: Layer }) {
  const open = useSignal(false);
  const state = layerStates.value[layer.id];
  const from = firstZoom.value.get(layer.id) ?? layer.zoom.min;
  const far = (view.value?.zoom ?? 0) < from - 0.01;
  const sign = legends.value.get(layer.id)?.[0]?.swatch;
  return (
    <li class={`layer${far ? ' far' : ''}`}>
      <div class="layer-row">
        <label>
          <input type="checkbox" checked={state.on}
            onChange={(event) => setLayer(layer.id, { on: event.currentTarget.checked })} />
          {sign && <Swatch sign={sign} />}
          <span class="layer-name">
            {say(layer.title)}
            {far && <small>{t('from')} {scaleText(from, view.value?.lat ?? 0)}</small>}
          </span>
          {!layer.public && <Icon name="lock" size={14} />}
        </label>
        <button type="button" class="icon-button small turn" aria-expanded={open.value}
          title={t('more')} aria-label={`${t('more')}: ${say(layer.title)}`}
          onClick={() => { open.value = !open.value; }}>
          <Icon name="chevron" size={16} />
        </button>
      </div>
      {open.value && <LayerDetails layer={layer} />}
    </li>
  );
}

const memory = new Map<string, string[]>();

function toggleGroup(id: string, layers: Layer[], on: boolean): void {
  const shown = layers.filter((layer) => layerStates.value[layer.id].on).map((layer) => layer.id);
  if (!on) memory.set(id, shown);
  const back = memory.get(id) ?? layers.filter((layer) => layer.visible).map((layer) => layer.id);
  const wanted = back.length && shown.length === 0 ? back : layers.map((layer) => layer.id);
  for (const layer of layers) setLayer(layer.id, { on: on && wanted.includes(layer.id) });
}

type GroupProps = { id: string; title: string; layers: Layer[]; forced: boolean };

function LayerGroup({ id, title, layers, forced }: GroupProps) {
  const on = layers.filter((layer) => layerStates.value[layer.id]?.on).length;
  const open = useSignal(on > 0);
  const box = useRef<HTMLInputElement>(null);
  const all = on === layers.length;
  // A click clears the mark by itself: it is set after every drawing, not on a change only.
  useLayoutEffect(() => {
    if (box.current) box.current.indeterminate = on > 0 && !all;
  });
  const shown = open.value || forced;
  return (
    <li class="group" data-group={id}>
      <div class="group-row">
        <label>
          <input ref={box} type="checkbox" checked={all}
            onChange={() => toggleGroup(id, layers, on === 0)} />
          <span>{title}</span>
        </label>
        <span class="muted count">{on ? `${on}/${layers.length}` : ''}</span>
        <button type="button" class="icon-button small turn" aria-expanded={shown}
          title={t('fold')} aria-label={`${t('fold')}: ${title}`}
          onClick={() => { open.value = !open.value; }}>
          <Icon name="chevron" size={16} />
        </button>
      </div>
      {shown && <ul>{layers.map((layer) => <LayerRow key={layer.id} layer={layer} />)}</ul>}
    </li>
  );
}

export function LayerTree() {
  const filter = useSignal('');
  const data = catalogue.value;
  if (!data) return <p class="muted pad">{t('loading')}</p>;
  const wanted = filter.value.trim().toLocaleLowerCase();
  const fits = ({ id, title, division }: Layer) => !wanted
    || [title.ru, title.en, id, say(division.title)].join(' ').toLocaleLowerCase().includes(wanted);
  // The topmost group of the map stands first in the tree.
  const groups = data.groups.toReversed()
    .map(({ id, title }) => {
      const layers = data.layers.filter((layer) => layer.group === id && fits(layer));
      return { id, title: say(title), layers };
    })
    .filter((group) => group.layers.length);
  return (
    <div class="tree">
      <div class="tree-tools">
        <input type="search" class="filter" placeholder={words.value.filterLayers} value={filter.value}
          aria-label={t('filterLayers')} onInput={(event) => { filter.value = event.currentTarget.value; }} />
        <button type="button" class="link-button" disabled={!layersChosen.value} onClick={resetLayers}>
          {t('resetLayers')}
        </button>
      </div>
      {groups.length
        ? (
          <ul class="groups">
            {groups.map((group) => <LayerGroup key={group.id} {...group} forced={!!wanted} />)}
          </ul>
        )
        : <p class="muted pad">{t('noSuchLayer')}</p>}
    </div>
  );
}
