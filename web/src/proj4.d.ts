// Types of the few parts of proj4 that crs.ts takes, so that only these are bundled.
declare module 'proj4/lib/core.js' {
  const proj4: (definition: string) => { forward(at: number[]): number[] };
  export default proj4;
}
declare module 'proj4/lib/Proj.js' {
  const Proj: { projections: { add(projection: unknown): void } };
  export default Proj;
}
declare module 'proj4/lib/projections/tmerc.js' {
  const projection: unknown;
  export default projection;
}
