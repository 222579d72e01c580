-- why: the three schemas and what every other migration stands on.
-- needs: role imgis_owner with the right to create in this database; role imgis_server.
-- locks: none that a running server would feel.

create schema imgis;
create schema layer;
create schema import;

grant usage on schema imgis, layer, import to imgis_server;
alter default privileges in schema layer revoke all on tables from public;

create table imgis.migration (
  version integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamptz not null default now(),
  constraint migration_key primary key (version)
);

-- One database belongs to one municipality: one row, ever.
create table imgis.municipality (
  one boolean not null default true,
  id text not null,
  srid integer not null,
  constraint municipality_key primary key (one),
  constraint municipality_one check (one)
);

grant select on imgis.migration, imgis.municipality to imgis_server;
