// Languages: typed dictionaries, plural rules, numbers, dates, areas. Titles of layers and fields
// come from the catalogue, labels on the map stay as recorded: neither is here.
import { computed, signal } from '@preact/signals';
import { en } from './en.ts';
import { ru } from './ru.ts';
import type { Lang, Words } from './types.ts';

export type PluralForms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
export type Dictionary = typeof ru;

type Plain = { [K in keyof Dictionary]: Dictionary[K] extends string ? K : never }[keyof Dictionary];
type Plural = {
  [K in keyof Dictionary]: Dictionary[K] extends PluralForms ? K : never;
}[keyof Dictionary];

const dictionaries: Record<Lang, Dictionary> = { ru, en };

export const lang = signal<Lang>('ru');
export const words = computed(() => dictionaries[lang.value]);
export const isLang = (value: string): value is Lang => value === 'ru' || value === 'en';

export const t = (key: Plain): string => words.value[key];

/** The word form for a number; `{n}` in it becomes the number itself. */
export function pluralIn(language: Lang, n: number, forms: PluralForms): string {
  const form = forms[new Intl.PluralRules(language).select(n)] ?? forms.other;
  return form.replace('{n}', numberIn(language, n));
}

export const tn = (key: Plural, n: number): string => pluralIn(lang.value, n, words.value[key]);

/** A title in the current language. */
export const say = (title: Words): string => title[lang.value] || title.ru;

export function numberIn(language: Lang, value: number, digits = 2): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

export const number = (value: number, digits = 2): string => numberIn(lang.value, value, digits);

/** `2026-11-24` as people of the language write it; anything else comes back as it is. */
export function dateIn(language: Lang, value: string): string {
  const parts = /^(\d{4})-(\d\d)-(\d\d)/.exec(value);
  if (!parts) return value;
  const day = new Date(Date.UTC(+parts[1], +parts[2] - 1, +parts[3]));
  const [locale, dateStyle] = language === 'en' ? ['en-GB', 'medium' as const] : [language, 'short' as const];
  return new Intl.DateTimeFormat(locale, { timeZone: 'UTC', dateStyle })
    .format(day)
    .replace(/(\.\d\d)\.(\d\d)$/, `$1.${parts[1]}`);
}

export const date = (value: string): string => dateIn(lang.value, value);

/** Square metres under one hectare, else hectares. */
export function areaIn(language: Lang, m2: number): string {
  const [metres, hectares] = language === 'ru' ? ['м²', 'га'] : ['m²', 'ha'];
  return Math.abs(m2) < 10_000
    ? `${numberIn(language, m2, m2 < 100 ? 1 : 0)} ${metres}`
    : `${numberIn(language, m2 / 10_000, 2)} ${hectares}`;
}

export const area = (m2: number): string => areaIn(lang.value, m2);
