-- why: edits that belong together, and which feature came of which: kept as long as the history.
-- needs: 0002.
-- locks: imgis.feature_change and imgis.feature_history, for a moment.

create table imgis.changeset (
  id bigint generated always as identity,
  layer text not null,
  actor text not null,
  at timestamptz not null default now(),
  comment text,
  inserted integer not null,
  replaced integer not null,
  updated integer not null,
  deleted integer not null,
  constraint changeset_key primary key (id)
);
create index changeset_layer on imgis.changeset (layer, id);

-- What the land of a feature became. share_m2: how much of `from_id` lies in `to_id`.
create table imgis.lineage (
  changeset bigint not null,
  layer text not null,
  from_id bigint not null,
  to_id bigint not null,
  kind text not null,
  share_m2 double precision,
  constraint lineage_key primary key (changeset, from_id, to_id),
  constraint lineage_changeset foreign key (changeset) references imgis.changeset (id),
  constraint lineage_kind check (kind in ('split', 'merge', 'redraw'))
);
create index lineage_from on imgis.lineage (layer, from_id);
create index lineage_to on imgis.lineage (layer, to_id);

-- Whichever change set the running transaction names; the triggers' rows take it by themselves.
alter table imgis.feature_change
  add column changeset bigint default nullif(current_setting('imgis.changeset', true), '')::bigint;
alter table imgis.feature_history
  add column changeset bigint default nullif(current_setting('imgis.changeset', true), '')::bigint;

grant select, insert on imgis.changeset, imgis.lineage to imgis_server;
