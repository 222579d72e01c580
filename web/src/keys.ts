// Keys of the whole page and of the map. Single-character keys act only outside of fields;
// plus and minus belong to the map while it has focus (MapLibre's own).
import { clearResults, identifyAt, stepResult } from './actions.ts';
import { map } from './map.ts';
import { dialog, isPhone, panel, resultsOpen } from './state.ts';
import type { Position } from './types.ts';

const FINE: Record<string, Position> = {
  ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, -10], ArrowDown: [0, 10],
};

const inField = (target: EventTarget | null) =>
  target instanceof HTMLElement && !!target.closest('input:not([type=checkbox]), select, textarea, dialog');

const centre = (): Position => {
  const { lng, lat } = map!.getCenter();
  return [lng, lat];
};

function escape(target: EventTarget | null): void {
  if (resultsOpen.value) clearResults();
  else if (isPhone.value && panel.value) panel.value = null;
  else if (target instanceof HTMLElement) target.blur();
}

function onMap(event: KeyboardEvent): boolean {
  if (event.key === 'Enter') {
    void identifyAt(centre()).then(() => {
      if (document.activeElement !== event.target) return;
      document.getElementById('results-title')?.focus();
    });
    return true;
  }
  const fine = event.shiftKey && FINE[event.key];
  if (!fine) return false;
  map?.panBy(fine, { duration: 0 });
  return true;
}

export function followKeys(focusSearch: () => void): void {
  addEventListener('keydown', (event) => {
    if (dialog.value) return;
    const field = inField(event.target);
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const isMap = !!map && event.target === map.getCanvas();
    if ((event.ctrlKey || event.metaKey) && event.code === 'KeyK') focusSearch();
    else if (plain && !field && event.key === '/') focusSearch();
    else if (plain && !field && event.key === '?') dialog.value = 'keys';
    else if (plain && !field && event.key === '[') stepResult(-1);
    else if (plain && !field && event.key === ']') stepResult(1);
    else if (plain && !field && event.key === 'Escape') escape(event.target);
    else if (!(plain && isMap && onMap(event))) return;
    event.preventDefault();
    if (isMap) event.stopPropagation();
  }, { capture: true });
}
