// The legend, derived from the style itself: what a match or step expression tells apart becomes
// a row with a swatch, so the legend cannot say anything else than the map. Words come from the
// catalogue's `values`. Drawing of swatches is in components/Swatch.tsx.
import type { LayerSpecification } from 'maplibre-gl';
import type { Layer, Words } from './types.ts';

export type Swatch = {
  fill?: string;
  fillOpacity?: number;
  pattern?: string;
  line?: string;
  width?: number;
  dash?: number[];
  circle?: string;
  icon?: string;
  text?: string;
};
export type Entry = { codes: string[]; label: Words | null; swatch: Swatch };

type Json = unknown;
type Env = { property: string | null; code: string | number | null };
/** `none`: what stands in for a missing value, where it has a step of its own. */
type Key = { property: string; arms: (string | number)[][]; step: boolean; none: number | null };
export type StyleLayer = LayerSpecification & {
  metadata?: {
    'imgis:layer'?: string;
    'imgis:codes'?: string[];
    'imgis:label'?: Words;
    'imgis:none'?: Words;
    'imgis:today'?: boolean;
  };
  paint?: Record<string, Json>;
  layout?: Record<string, Json>;
};

const ZOOM = 15;
const COLOURS = ['fill-color', 'line-color', 'circle-color', 'fill-pattern'];
const OTHER = '\u0000other';

const isCall = (expr: Json, name: string): expr is Json[] => Array.isArray(expr) && expr[0] === name;

/** The property that an input reads: `["get", p]`, also inside coalesce or to-string. */
function inputProperty(expr: Json): string | null {
  if (isCall(expr, 'get')) return String(expr[1]);
  if (isCall(expr, 'coalesce') || isCall(expr, 'to-string')) return inputProperty(expr[1]);
  return null;
}

function stops(input: Json, list: Json[], env: Env): Json {
  const value = isCall(input, 'zoom') ? ZOOM
    : inputProperty(input) === env.property ? Number(env.code) : -Infinity;
  let out = list[0];
  for (let i = 1; i + 1 < list.length; i += 2) {
    if (Number(list[i]) <= value) out = list[i + 1];
  }
  return evaluate(out, env);
}

/** The value of an expression for one code of one property, at a middle zoom. */
export function evaluate(expr: Json, env: Env): Json {
  if (!Array.isArray(expr)) return expr;
  switch (expr[0]) {
    case 'literal': return expr[1];
    case 'interpolate': return stops(expr[2], [expr[4], ...expr.slice(3)], env);
    case 'step': return stops(expr[1], expr.slice(2), env);
    case 'match': {
      if (inputProperty(expr[1]) === env.property) {
        for (let i = 2; i + 1 < expr.length; i += 2) {
          if ([expr[i]].flat().includes(env.code)) return evaluate(expr[i + 1], env);
        }
      }
      return evaluate(expr.at(-1), env);
    }
    case 'case': return evaluate(expr.at(-1), env);
    case 'coalesce': return evaluate(expr.at(-1), env);
    default: return typeof expr[0] === 'string' ? null : expr;
  }
}

function keyOf(expr: Json): Key | null {
  if (!Array.isArray(expr)) return null;
  const property = inputProperty(expr[1]);
  if (expr[0] === 'match' && property) {
    const arms = [];
    for (let i = 2; i + 1 < expr.length; i += 2) arms.push([expr[i]].flat() as string[]);
    return { property, arms, step: false, none: null };
  }
  if (expr[0] === 'step' && property) {
    const limits = expr.filter((_, i) => i >= 3 && i % 2 === 1) as number[];
    const absent = isCall(expr[1], 'coalesce') ? expr[1].at(-1) : undefined;
    const none = limits.length && limits.at(-1) === absent ? limits.pop()! : null;
    return { property, arms: [[-Infinity], ...limits.map((limit) => [limit])], step: true, none };
  }
  for (const part of expr) {
    const key = keyOf(part);
    if (key) return key;
  }
  return null;
}

function findKey(layers: StyleLayer[]): Key | null {
  for (const name of COLOURS) {
    // A casing is no sign of its own.
    for (const layer of layers.filter(({ id }) => !id.endsWith('-casing'))) {
      const key = keyOf(layer.paint?.[name]);
      if (key) return key;
    }
  }
  return null;
}

function paintOf(layer: StyleLayer, env: Env, swatch: Swatch): void {
  const value = (name: string) => evaluate(layer.paint?.[name] ?? layer.layout?.[name], env);
  if (layer.type === 'fill') {
    const pattern = value('fill-pattern');
    if (pattern) swatch.pattern = String(pattern);
    else {
      swatch.fill = String(value('fill-color'));
      swatch.fillOpacity = Number(value('fill-opacity') ?? 1);
    }
  } else if (layer.type === 'line' && !layer.id.endsWith('-casing')) {
    if (swatch.line && swatch.dash === undefined && layer.id.endsWith('-ties')) return;
    swatch.line = String(value('line-color'));
    swatch.width = Math.min(4, Math.max(1, Number(value('line-width') ?? 1)));
    const dash = value('line-dasharray');
    if (Array.isArray(dash)) swatch.dash = dash as number[];
  } else if (layer.type === 'circle') swatch.circle = String(value('circle-color'));
  else if (layer.type === 'symbol' && typeof value('icon-image') === 'string') {
    swatch.icon = String(value('icon-image'));
  } else if (layer.type === 'symbol') swatch.text ??= String(value('text-color'));
}

function swatchFor(layers: StyleLayer[], env: Env): Swatch {
  const swatch: Swatch = {};
  for (const layer of layers) {
    const only = layer.metadata?.['imgis:codes'];
    if (layer.metadata?.['imgis:label'] || (only && !only.includes(String(env.code)))) continue;
    paintOf(layer, env, swatch);
  }
  // Letters are the sign only of a layer that draws nothing else.
  if (Object.keys(swatch).length > 1) delete swatch.text;
  return swatch;
}

function stepLabel(arms: (string | number)[][], i: number): Words {
  const next = arms[i + 1]?.[0];
  if (i === 0) return { ru: `меньше ${next}`, en: `less than ${next}` };
  if (next === undefined) return { ru: `от ${arms[i][0]}`, en: `${arms[i][0]} and more` };
  return { ru: `от ${arms[i][0]} до ${next}`, en: `${arms[i][0]} to ${next}` };
}

function codesLabel(layer: Layer, property: string, codes: string[]): Words {
  const values = layer.properties.find((p) => p.name === property)?.values ?? [];
  const word = (code: string, language: 'ru' | 'en') => {
    const value = values.find((v) => v.code === code);
    if (!value) return code;
    return /^[a-z0-9_]+$/.test(code) ? value[language] : `${code} — ${value[language]}`;
  };
  return {
    ru: codes.map((code) => word(code, 'ru')).join(', '),
    en: codes.map((code) => word(code, 'en')).join(', '),
  };
}

/** Rows of the legend of a layer; one row without label when the style tells nothing apart. */
export function legendOf(style: StyleLayer[], layer: Layer, other: Words): Entry[] {
  const layers = style.filter((l) => l.metadata?.['imgis:layer'] === layer.id);
  const key = findKey(layers);
  const entries: Entry[] = [];
  const add = (codes: string[], label: Words | null, swatch: Swatch) => {
    if (Object.keys(swatch).length) entries.push({ codes, label, swatch });
  };
  if (!key) {
    const only = layers.flatMap((l) => l.metadata?.['imgis:codes'] ?? []);
    for (const code of new Set(only)) {
      const property = layer.properties.find((p) => p.values?.some((v) => v.code === code));
      const label = codesLabel(layer, property?.name ?? '', [code]);
      add([code], label, swatchFor(layers, { property: null, code }));
    }
    if (!only.length) add([], null, swatchFor(layers, { property: null, code: null }));
  } else {
    key.arms.forEach((arm, i) => {
      const codes = arm.map(String);
      const label = key.step ? stepLabel(key.arms, i) : codesLabel(layer, key.property, codes);
      add(codes, label, swatchFor(layers, { property: key.property, code: arm[0] }));
    });
    const none = layers.map((l) => l.metadata?.['imgis:none']).find(Boolean);
    if (key.none !== null && none) add([], none, swatchFor(layers, { property: key.property, code: key.none }));
    const told = new Set(key.arms.flat().map(String));
    const own = layers.flatMap((l) => l.metadata?.['imgis:codes'] ?? []);
    for (const code of new Set(own.filter((c) => !told.has(c)))) {
      told.add(code);
      const label = codesLabel(layer, key.property, [code]);
      add([code], label, swatchFor(layers, { property: key.property, code }));
    }
    const values = layer.properties.find((p) => p.name === key.property)?.values ?? [];
    if (values.some((value) => !told.has(value.code))) {
      add([], other, swatchFor(layers, { property: key.property, code: OTHER }));
    }
  }
  for (const extra of layers) {
    const label = extra.metadata?.['imgis:label'];
    const swatch: Swatch = {};
    paintOf(extra, { property: null, code: null }, swatch);
    if (label) add([], label, swatch);
  }
  return entries;
}

/** The sign of one feature among the rows of its layer's legend. */
export function signOf(entries: Entry[], properties: Record<string, unknown>): Swatch | undefined {
  const values = new Set(Object.values(properties).filter((v) => typeof v === 'string'));
  return (entries.find((entry) => entry.codes.some((code) => values.has(code))) ?? entries[0])?.swatch;
}
