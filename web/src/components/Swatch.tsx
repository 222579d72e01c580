// One sign of the legend, drawn as the map draws it: fill, hatch from the sprite, line, circle or
// badge. What to draw comes from legend.ts.
import { signal } from '@preact/signals';
import type { Swatch as Sign } from '../legend.ts';
import { baseStyle } from '../state.ts';

type Image = { x: number; y: number; width: number; height: number };
const sprite = signal<Record<string, Image> | null>(null);
let asked = '';

function spriteUrl(): string {
  const url = baseStyle.value?.sprite;
  return typeof url === 'string' ? url : '';
}

function image(name: string): Image | null {
  const url = spriteUrl();
  if (url && asked !== url) {
    asked = url;
    fetch(`${url}.json`).then((r) => r.json()).then((json) => { sprite.value = json; }, () => undefined);
  }
  return sprite.value?.[name] ?? null;
}

function FromSprite({ name, badge }: { name: string; badge: boolean }) {
  const at = image(name);
  if (!at) return null;
  const style = {
    backgroundImage: `url("${spriteUrl()}.png")`,
    backgroundPosition: `${-at.x - (badge ? 0 : 1)}px ${-at.y - (badge ? 0 : 5)}px`,
  };
  return <span class={badge ? 'swatch-badge' : 'swatch-hatch'} style={style} />;
}

export function Swatch({ sign }: { sign: Sign }) {
  if (sign.icon) return <span class="swatch"><FromSprite name={sign.icon} badge /></span>;
  if (sign.text) return <span class="swatch letters" style={{ color: sign.text }}>12а</span>;
  if (sign.circle) {
    return (
      <svg class="swatch" viewBox="0 0 24 16" aria-hidden="true">
        <circle cx="12" cy="8" r="4.5" fill={sign.circle} stroke="var(--surface)" />
      </svg>
    );
  }
  const area = sign.fill || sign.pattern;
  const width = Math.min(sign.width ?? 1, area ? 2 : 4);
  const dash = sign.dash?.map((part) => part * width).join(' ');
  return (
    <span class="swatch">
      {sign.pattern && <FromSprite name={sign.pattern} badge={false} />}
      <svg viewBox="0 0 24 16" aria-hidden="true">
        {area
          ? <rect x="1" y="1" width="22" height="14" rx="2" fill={sign.fill ?? 'none'}
              fill-opacity={Math.max(sign.fillOpacity ?? 1, sign.pattern ? 0 : 0.25)}
              stroke={sign.line ?? 'rgb(128 128 128 / .45)'} stroke-width={sign.line ? width : 1}
              stroke-dasharray={sign.line ? dash : undefined} />
          : <path d="M1 8h22" stroke={sign.line} stroke-width={width} stroke-dasharray={dash} />}
      </svg>
    </span>
  );
}
