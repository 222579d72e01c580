// The city's own coordinate system, loaded only when someone asks for it.
import proj4 from 'proj4/lib/core.js';
import Proj from 'proj4/lib/Proj.js';
import tmerc from 'proj4/lib/projections/tmerc.js';
import type { Position } from './types.ts';

Proj.projections.add(tmerc);

/** A function from longitude and latitude to east and north in metres. */
export function project(definition: string): (at: Position) => Position {
  const converter = proj4(definition);
  return (at) => converter.forward(at) as Position;
}
