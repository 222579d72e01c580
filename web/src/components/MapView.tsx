// The place of the map with what lies over it: crosshair, zoom buttons, states of loading and
// failure. The map itself is in map.ts.
import { useEffect, useRef } from 'preact/hooks';
import { identifyAt } from '../actions.ts';
import { say, t } from '../i18n.ts';
import { map, retryTiles, startMap, style, wholeCity } from '../map.ts';
import { layerOf } from '../style.ts';
import {
  baseStyle, catalogue, dismiss, failing, layerById, layerStates, mapProblem, mapReady, notices,
  startError,
} from '../state.ts';
import { Icon, IconButton } from './Icon.tsx';

const NAMED = 3;

/** Titles of the shown layers that failing sources hold. */
function failingTitles(): string {
  const ids = new Set(style()
    .filter((layer) => failing.value.includes(String((layer as { source?: string }).source)))
    .map((layer) => layerOf(layer) ?? '')
    .filter((id) => layerStates.value[id]?.on));
  const titles = [...ids].map((id) => layerById.value.get(id)).filter((layer) => !!layer);
  const first = titles.slice(0, NAMED).map((layer) => say(layer.title)).join(', ');
  return titles.length > NAMED ? `${first} (+${titles.length - NAMED})` : first;
}

function Notices() {
  const problem = mapProblem.value;
  return (
    <div class="notices">
      {startError.value && (
        <p class="notice fault" role="alert">
          <Icon name="alert" />{startError.value}
          <button type="button" class="button" onClick={() => location.reload()}>{t('retry')}</button>
        </p>
      )}
      {problem && (
        <p class="notice fault" role="alert">
          <Icon name="alert" />{t(problem === 'webgl' ? 'noWebgl' : 'contextLost')}
          <button type="button" class="button" onClick={() => location.reload()}>{t('retry')}</button>
        </p>
      )}
      {failing.value.length > 0 && (
        <p class="notice warn" role="alert">
          <Icon name="alert" />{t('tilesFail')} {failingTitles()}
          <button type="button" class="button" onClick={retryTiles}>{t('retry')}</button>
        </p>
      )}
      {notices.value.map((notice) => (
        <p key={notice.id} class="notice" role="status">
          {notice.text}
          <IconButton icon="close" label={t('close')} onClick={() => dismiss(notice.id)} class="small" />
        </p>
      ))}
    </div>
  );
}

export function MapView() {
  const box = useRef<HTMLDivElement>(null);
  const ready = catalogue.value !== null && baseStyle.value !== null;
  useEffect(() => {
    if (ready && box.current && !map) startMap(box.current, (at) => void identifyAt(at));
  }, [ready]);
  const waiting = !mapReady.value && !mapProblem.value && !startError.value;
  return (
    <div class="map-box" role="region" aria-label={t('map')}>
      <div id="map" ref={box} />
      <div class="crosshair" aria-hidden="true" />
      <p id="map-hint" class="vh">{t('mapHint')}</p>
      {waiting && <p class="map-wait slow">{t('loadingMap')}</p>}
      <Notices />
      <div class="map-buttons float" role="group" aria-label={t('scale')}>
        <IconButton icon="plus" label={t('zoomIn')} onClick={() => map?.zoomIn()} />
        <IconButton icon="minus" label={t('zoomOut')} onClick={() => map?.zoomOut()} />
        <IconButton icon="home" label={t('wholeCity')} onClick={wholeCity} />
      </div>
    </div>
  );
}
