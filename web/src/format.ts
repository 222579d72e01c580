// Values of features as text for people: words for codes, units, dates, lists.
import { area, date, lang, number, say, t, words } from './i18n.ts';
import type { Found, Layer, Property } from './types.ts';

const isNothing = (value: unknown) =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && !value.length);

/** The words of a code; a code that people themselves write (Ж-1) stands before them. */
export function codeWord(property: Property | undefined, code: string): string {
  const known = property?.values?.find((value) => value.code === code);
  if (!known) return code;
  return /^[a-z0-9_]+$/.test(code) ? say(known) : `${code} — ${say(known)}`;
}

export function formatValue(property: Property, value: unknown): string {
  if (typeof value === 'boolean') return value ? t('yes') : t('no');
  if (Array.isArray(value)) return value.map((v) => codeWord(property, String(v))).join('; ');
  if (typeof value === 'number') {
    if (property.unit === 'm²' || property.unit === 'м²') return area(value);
    const plain = property.name === 'year' || property.name === 'id';
    const unit = property.unit && lang.value === 'ru' ? property.unit.replace('m', 'м') : property.unit;
    return (plain ? String(value) : number(value)) + (unit ? ` ${unit}` : '');
  }
  if (property.type === 'date') return date(String(value));
  return codeWord(property, String(value));
}

export type Row = { name: string; label: string; text: string };

/** Properties that have a value, in the catalogue's order, and the area by geometry last. */
export function rowsOf(layer: Layer, feature: Found): Row[] {
  const rows = layer.properties.flatMap((property): Row[] => {
    const value = feature.properties[property.name];
    if (isNothing(value) || property.name === 'area_m2') return [];
    return [{ name: property.name, label: say(property.label), text: formatValue(property, value) }];
  });
  const m2 = feature.properties.area_m2;
  if (typeof m2 === 'number') {
    rows.push({ name: 'area_m2', label: words.value.areaByGeometry, text: area(m2) });
  }
  return rows;
}

/** The cadastral number when it is what names features of the layer. */
export function cadastralKey(layer: Layer, feature: Found): string | null {
  const name = layer.title_property;
  const typed = layer.properties.find((property) => property.name === name)?.type;
  const value = name && feature.properties[name];
  return typed === 'cadastral_number' && typeof value === 'string' && value ? value : null;
}

export function titleOf(layer: Layer | undefined, feature: Found): string {
  const property = layer?.properties.find((p) => p.name === layer.title_property);
  const value = property && feature.properties[property.name];
  if (property?.name === 'street' && typeof feature.properties.house === 'string') {
    return `${value}, ${feature.properties.house}`;
  }
  if (property && typeof value === 'string' && value) return codeWord(property, value);
  return feature.title || `${t('untitled')} (${feature.id})`;
}
