// What the server answers, as the map application uses it.

export type Lang = 'ru' | 'en';
export type Words = Record<Lang, string>;
export type Position = [number, number];
export type Box = [number, number, number, number];
export type Properties = Record<string, unknown>;
export type Geometry = { type: string; coordinates: never[] };

export type Property = {
  name: string;
  type: string;
  label: Words;
  unit: string | null;
  values: ({ code: string } & Words)[] | null;
  tile: boolean;
};

export type Layer = {
  id: string;
  title: Words;
  description: Words | null;
  group: string;
  division: { id: string; title: Words };
  geometry: string;
  zoom: { min: number; max: number };
  public: boolean;
  editable: boolean;
  visible: boolean;
  title_property: string | null;
  label_point: boolean;
  currency: string | null;
  count: number;
  properties: Property[];
};

export type City = {
  id: string;
  title: Words;
  bounds: Box;
  center: Position;
  zoom: number;
  crs: { id: string; title: string; proj: string };
  version: string;
};

export type Catalogue = {
  city: City;
  caller: { name: string; roles: string[]; writes: boolean };
  groups: { id: string; title: Words }[];
  layers: Layer[];
};

/** A feature as identify answers it; `layer` is added by the client. */
export type Found = {
  layer: string;
  id: number;
  title: string;
  properties: Properties;
  geometry: Geometry;
  bbox: Box | null;
};

export type Group = { layer: string; count: number; features: Found[] };

export type Identified = {
  at: Position;
  city_coordinates: Position | null;
  inside: boolean;
  groups: { layer: string; count: number; features: Omit<Found, 'layer'>[] }[];
};

export type Hit = {
  kind: 'parcel' | 'address' | 'application' | 'coordinates' | 'feature';
  layer: string | null;
  id: number | null;
  title: string;
  subtitle: string | null;
  center: Position | null;
  bbox: Box | null;
};

export type GeoFeature = { id: number; geometry: Geometry; properties: Properties; bbox?: Box };

export type ApplicationRow = {
  number: string;
  service: string;
  status: string;
  received_on: string | null;
  due_on: string | null;
  center: Position | null;
};

export type Service = { id: string; title: Words; term: { days: number; unit: string } | null };

export type Receipt = {
  number: string;
  service: string;
  status: string;
  received_on: string | null;
  due_on: string | null;
  deadline: { term: { days: number; unit: string } } | null;
  site: { area_m2: number; geometry: Geometry };
  links: {
    layer: string;
    feature_id: number;
    title: string | null;
    relation: string;
    overlap_m2: number | null;
    share: number | null;
  }[];
};

/** A tile of the map: zoom, column, row. */
export type Tile = [z: number, x: number, y: number];

/** `tiles`: those of zoom 14 that show the change; `null`: too many to name. */
export type Change = { layer: string; ids: number[] | null; bbox: Box | null; tiles: Tile[] | null };
