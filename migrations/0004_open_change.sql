-- why: a change of properties that only some callers may read is told to those callers only.
-- needs: 0002.
-- locks: imgis.feature_change, for a moment.
alter table imgis.feature_change add column open boolean not null default true;
