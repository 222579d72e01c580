// The search box: an ARIA combobox over /find, debounced, the newest answer wins.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { openHit } from '../actions.ts';
import { aborted, newest, query as withQuery } from '../api.ts';
import { t, tn } from '../i18n.ts';
import { asked, readQuery } from '../query.ts';
import { announce, query } from '../state.ts';
import type { Hit } from '../types.ts';
import { Icon, IconButton, type IconName } from './Icon.tsx';

const DEBOUNCE_MS = 200;
const ICONS: Record<Hit['kind'], IconName> = {
  parcel: 'layers', address: 'home', application: 'file', coordinates: 'target', feature: 'pin',
};

export const SEARCH_ID = 'search';
export const focusSearch = () => {
  const box = document.getElementById(SEARCH_ID) as HTMLInputElement | null;
  box?.focus();
  box?.select();
};

export function Search() {
  const typed = useSignal(query.peek());
  const hits = useSignal<Hit[] | null>(null);
  const active = useSignal(-1);
  const open = useSignal(false);
  const fault = useSignal(false);
  const timer = useRef(0);
  const enterWaits = useRef(false);
  const root = useRef<HTMLDivElement>(null);

  useEffect(() => query.subscribe((value) => {
    if (document.activeElement?.id !== SEARCH_ID) typed.value = value;
  }), []);
  useEffect(() => active.subscribe((i) => {
    if (i >= 0) document.getElementById(`hit-${i}`)?.scrollIntoView({ block: 'nearest' });
  }), []);
  useEffect(() => {
    const outside = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) close();
    };
    addEventListener('pointerdown', outside);
    return () => removeEventListener('pointerdown', outside);
  }, []);

  const close = () => {
    open.value = false;
    active.value = -1;
  };
  const choose = (hit: Hit) => {
    close();
    typed.value = hit.title;
    query.value = hit.title;
    void openHit(hit);
  };
  const ask = async () => {
    const read = readQuery(typed.value);
    if (read.kind === 'short') {
      hits.value = null;
      close();
      return;
    }
    try {
      const url = withQuery('/find', { q: asked(read), limit: 10 });
      const answer = await newest<{ hits: Hit[] }>('find', url);
      hits.value = answer.hits;
      fault.value = false;
      open.value = true;
      active.value = -1;
      announce.value = answer.hits.length ? tn('found', answer.hits.length) : t('searchNone');
      if (enterWaits.current && answer.hits.length) choose(answer.hits[0]);
      enterWaits.current = false;
    } catch (error) {
      if (aborted(error)) return;
      hits.value = [];
      fault.value = true;
      open.value = true;
    }
  };
  const onInput = (value: string) => {
    typed.value = value;
    enterWaits.current = false;
    hits.value = null;
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => void ask(), DEBOUNCE_MS);
  };
  const clear = () => {
    onInput('');
    query.value = '';
    focusSearch();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const list = hits.value ?? [];
    if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && list.length) {
      open.value = true;
      const step = event.key === 'ArrowDown' ? 1 : -1;
      active.value = active.value < 0 && step < 0 ? list.length - 1
        : (active.value + step + list.length) % list.length;
    } else if (event.key === 'Enter') {
      if (list.length) choose(list[Math.max(active.value, 0)]);
      else {
        enterWaits.current = true;
        clearTimeout(timer.current);
        void ask();
      }
    } else if (event.key === 'Escape') {
      if (open.value) close();
      else if (typed.value) clear();
      else (event.target as HTMLElement).blur();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const list = hits.value ?? [];
  const shown = open.value && hits.value !== null;
  return (
    <div class="search" role="search" ref={root}>
      <label class="vh" for={SEARCH_ID}>{t('search')}</label>
      <Icon name="search" />
      <input id={SEARCH_ID} type="text" inputMode="search" role="combobox" list={undefined}
        aria-expanded={shown && list.length > 0} aria-controls="search-list"
        aria-autocomplete="list" autocomplete="off" spellcheck={false} enterkeyhint="search"
        aria-activedescendant={shown && active.value >= 0 ? `hit-${active.value}` : undefined}
        placeholder={t('searchHint')} value={typed.value} maxLength={200}
        onInput={(event) => onInput(event.currentTarget.value)}
        onFocus={() => { if (list.length) open.value = true; }}
        onKeyDown={onKeyDown} />
      {typed.value
        ? <IconButton icon="close" label={t('clear')} onClick={clear} class="small" />
        : <kbd aria-hidden="true">/</kbd>}
      <div class="search-drop float" hidden={!shown}>
        <ul id="search-list" role="listbox" aria-label={t('search')}>
          {list.map((hit, i) => (
            <li key={`${hit.kind}-${hit.id ?? hit.title}`} id={`hit-${i}`} role="option"
              aria-selected={i === active.value} onClick={() => choose(hit)}
              onPointerMove={() => { active.value = i; }}>
              <Icon name={ICONS[hit.kind] ?? 'pin'} />
              <span class="hit-text">
                <b>{hit.title}</b>
                {hit.subtitle && <small>{hit.subtitle}</small>}
              </span>
            </li>
          ))}
        </ul>
        {!list.length && <p class="muted">{fault.value ? t('offline') : t('searchNone')}</p>}
      </div>
    </div>
  );
}
