-- why: what arrived, the cases made of it, their land, and what it touches.
-- needs: 0001.
-- locks: none.

-- Every arrival, raw, before anything is parsed.
create table imgis.intake (
  id bigint generated always as identity,
  channel text not null,
  received_at timestamptz not null default now(),
  content_type text not null,
  body bytea not null,
  body_sha256 bytea not null,
  idempotency_key text,
  actor text not null,
  state text not null default 'new',
  reason text,
  application_id bigint,
  constraint intake_key primary key (id),
  constraint intake_idempotency unique (channel, idempotency_key),
  constraint intake_channel check (channel in
    ('portal', 'email', 'counter', 'post', 'mfc', 'smev', 'other')),
  constraint intake_state check (state in
    ('new', 'parsed', 'registered', 'rejected', 'duplicate', 'failed'))
);
create index intake_body on imgis.intake (body_sha256);

create sequence imgis.application_series;

create table imgis.application (
  id bigint generated always as identity,
  number text not null,
  service text not null,
  division text not null,
  status text not null,
  publish text not null default 'not_assessed',
  applicant jsonb not null,
  subject text,
  submitted_at timestamptz not null,
  received_on date not null,
  due_on date,
  deadline jsonb not null,
  receipt jsonb,
  constraint application_key primary key (id),
  constraint application_number unique (number),
  constraint application_publish check (publish in ('publish', 'withhold', 'not_assessed')),
  constraint application_status check (status in
    ('received', 'registered', 'validation', 'awaiting_info', 'in_review', 'suspended',
     'decision_draft', 'signing', 'approved', 'approved_with_conditions', 'refused', 'issued',
     'archived', 'rejected', 'duplicate', 'returned', 'withdrawn'))
);
alter table imgis.intake add constraint intake_application
  foreign key (application_id) references imgis.application (id);

-- The land that an application asks about; a new version replaces, never overwrites.
create table imgis.site (
  id bigint generated always as identity,
  application_id bigint not null,
  version integer not null,
  source text not null,
  area_m2 double precision not null,
  outside_share double precision,
  geometry public.geometry not null,
  constraint site_key primary key (id),
  constraint site_application foreign key (application_id) references imgis.application (id),
  constraint site_version unique (application_id, version),
  constraint site_geometry_valid check (public.st_isvalid(geometry))
);

create table imgis.link (
  id bigint generated always as identity,
  application_id bigint not null,
  site_id bigint not null,
  layer text not null,
  feature_id bigint not null,
  title text,
  relation text not null,
  provenance text not null,
  overlap_m2 double precision,
  share double precision,
  constraint link_key primary key (id),
  constraint link_application foreign key (application_id) references imgis.application (id),
  constraint link_site foreign key (site_id) references imgis.site (id),
  constraint link_once unique (site_id, layer, feature_id),
  constraint link_relation check (relation in ('subject', 'affected', 'adjacent', 'previous')),
  constraint link_provenance check (provenance in ('applicant', 'derived', 'officer'))
);
create index link_feature on imgis.link (layer, feature_id);
create index link_of_application on imgis.link (application_id);

create table imgis.event (
  id bigint generated always as identity,
  application_id bigint not null,
  at timestamptz not null default now(),
  actor text not null,
  step text not null,
  status text not null,
  note text,
  constraint event_key primary key (id),
  constraint event_application foreign key (application_id) references imgis.application (id)
);
create index event_of_application on imgis.event (application_id, id);

-- Open applications by the days that are left; days pass without a change of any row.
create view imgis.application_deadline as
  select a.id, a.number, a.service, a.status, a.due_on, a.due_on - current_date as days_left,
         s.geometry
  from imgis.application a
  join lateral (
    select geometry from imgis.site
    where application_id = a.id
    order by version desc
    limit 1
  ) s on true
  where a.status not in ('rejected', 'duplicate', 'returned', 'withdrawn', 'issued', 'archived');

grant select, insert on imgis.intake, imgis.application, imgis.site, imgis.link, imgis.event
  to imgis_server;
grant update (state, reason, application_id) on imgis.intake to imgis_server;
grant update (status, publish, due_on, deadline, receipt, subject) on imgis.application
  to imgis_server;
grant delete on imgis.link to imgis_server;
grant usage on sequence imgis.application_series to imgis_server;
grant select on imgis.application_deadline to imgis_server;
