-- why: cursors of pages are signed with a key that every server over this database shares.
-- needs: schema imgis.
-- locks: none that a running server would feel.

create table imgis.secret (
  name text not null,
  value bytea not null,
  constraint secret_key primary key (name)
);

insert into imgis.secret (name, value)
  values ('cursor', uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

grant select on imgis.secret to imgis_server;
