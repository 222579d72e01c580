// The strip at the foot of the map: numeric scale with its bar, coordinates of the pointer or the
// centre in WGS 84 or, on request, in the city's own system (proj4 is loaded then).
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { lang, number, t } from '../i18n.ts';
import { roundScale, scaleOf } from '../scale.ts';
import { catalogue, pointer, results, view } from '../state.ts';
import type { Position } from '../types.ts';
import { Icon } from './Icon.tsx';

type Forward = (at: Position) => Position;
const citySystem = signal(false);
const forward = signal<Forward | null>(null);

const fixed = (value: number) => new Intl.NumberFormat(lang.value, {
  minimumFractionDigits: 2, maximumFractionDigits: 2,
}).format(value);

function cityText(at: Position, own: Position | null): string {
  const [east, north] = own ?? forward.value?.(at) ?? [NaN, NaN];
  return Number.isFinite(east) ? `X ${fixed(north)}  Y ${fixed(east)}` : '…';
}

function Bar() {
  const now = view.value;
  if (!now) return null;
  const scale = scaleOf(now.zoom, now.lat);
  const perPixel = scale * (0.0254 / 96);
  const unit = 10 ** Math.floor(Math.log10(perPixel * 90));
  const metres = [5, 2, 1].map((n) => n * unit).find((n) => n <= perPixel * 90) ?? unit;
  const [m, km] = lang.value === 'ru' ? ['м', 'км'] : ['m', 'km'];
  return (
    <>
      <span title={t('scale')}>1 : {number(roundScale(scale), 0)}</span>
      <span class="scalebar" style={{ width: `${metres / perPixel}px` }}>
        {metres >= 1000 ? `${number(metres / 1000)} ${km}` : `${number(metres)} ${m}`}
      </span>
    </>
  );
}

export function Strip() {
  const crs = catalogue.value?.city.crs;
  useEffect(() => citySystem.subscribe((on) => {
    if (on && !forward.value && crs) {
      void import('../crs.ts').then(({ project }) => { forward.value = project(crs.proj); });
    }
  }), [crs]);
  const now = view.value;
  if (!now || !crs) return null;
  const shown = results.value.state === 'ok' && results.value.kind === 'place' && !pointer.value
    ? results.value : null;
  const at: Position = pointer.value ?? shown?.at ?? [now.lng, now.lat];
  const degrees = `${at[1].toFixed(5)}, ${at[0].toFixed(5)}`;
  const text = citySystem.value ? cityText(at, shown?.city ?? null) : degrees;
  return (
    <div class="strip float">
      <Bar />
      <button type="button" class="coords" title={t('otherCrs')}
        onClick={() => { citySystem.value = !citySystem.value; }}>
        <span class="muted">{citySystem.value ? crs.title : 'WGS 84'}</span>
        <span class="coords-text">{text}</span>
        <Icon name="swap" size={14} />
      </button>
    </div>
  );
}
