// The numeric scale of the picture: ground metres in a CSS pixel at a latitude, 96 px an inch.
import { number } from './i18n.ts';

const EQUATOR_M = 2 * Math.PI * 6378137;
const PIXEL_M = 0.0254 / 96;

export function scaleOf(zoom: number, lat: number): number {
  const metres = (Math.cos((lat * Math.PI) / 180) * EQUATOR_M) / (512 * 2 ** zoom);
  return metres / PIXEL_M;
}

/** Rounded to two digits, as people say scales. */
export function roundScale(scale: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(scale)) - 1);
  return Math.round(scale / unit) * unit;
}

export const scaleText = (zoom: number, lat: number): string =>
  `1 : ${number(roundScale(scaleOf(zoom, lat)), 0)}`;
