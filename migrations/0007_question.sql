-- why: a question can be saved under a name and opened again by its link.
-- needs: schema imgis.
-- locks: none that a running server would feel.

-- The question as it was asked; its answer is made anew, with the rights of who opens it.
create table imgis.question (
  id bigint generated always as identity,
  slug text not null default encode(uuid_send(gen_random_uuid()), 'hex'),
  name text not null,
  kind text not null,
  body jsonb not null,
  owner text not null,
  at timestamptz not null default now(),
  constraint question_key primary key (id),
  constraint question_slug unique (slug),
  constraint question_kind check (kind in ('area', 'intersections', 'near', 'neighbours'))
);
create index question_owner on imgis.question (owner, id);

grant select, insert, delete on imgis.question to imgis_server;
