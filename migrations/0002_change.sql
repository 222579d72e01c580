-- why: what changed since, whoever edits (we, QGIS, psql): written by the triggers of layer tables only.
-- needs: 0001.
-- locks: none.

-- One row a changed feature; one coarse row (feature_id is null) when a statement touches many.
create table imgis.feature_change (
  seq bigint generated always as identity,
  xid xid8 not null default pg_current_xact_id(),
  layer text not null,
  feature_id bigint,
  op text not null,
  row_count bigint not null default 1,
  old_box box,
  new_box box,
  actor text not null,
  changed_at timestamptz not null default now(),
  constraint feature_change_key primary key (seq),
  constraint feature_change_op check (op in ('insert', 'update', 'delete', 'truncate'))
);
create index feature_change_xid on imgis.feature_change (xid);
create index feature_change_feature on imgis.feature_change (layer, feature_id);

-- The superseded version of a feature: what it was until valid_to.
create table imgis.feature_history (
  seq bigint generated always as identity,
  layer text not null,
  feature_id bigint not null,
  op text not null,
  valid_from timestamptz not null,
  valid_to timestamptz not null,
  actor text not null,
  properties jsonb not null,
  geometry public.geometry,
  constraint feature_history_key primary key (seq)
);
create index feature_history_feature on imgis.feature_history (layer, feature_id, valid_to);

grant select on imgis.feature_change, imgis.feature_history to imgis_server;
