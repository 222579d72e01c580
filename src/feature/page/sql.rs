//! SQL of pages. Identifiers come from layer files, values are always parameters.
//!
//! Keys and ids first, the geometry of the page's features joined after. A polygon predicate is always
//! `geometry && b and st_intersects(…)`.

use deadpool_postgres::{GenericClient, Object};
use tokio_postgres::types::Type;
use tokio_postgres::{Row, RowStream};

use super::super::cursor::Key;
use super::super::query::{FeatureQuery, Place};
use super::super::sql::{bind, containing, sql_type, version_expression};
use crate::config::{City, limit};
use crate::db::{Params, literal};
use crate::error::{Error, Result};
use crate::filter::Type as Kind;
use crate::layer::sql::find_expression;
use crate::layer::{GeometryType, Layer, Property, Value};

/// A question as statements over one layer.
pub struct Statement<'a> {
    pub layer: &'a Layer,
    pub query: &'a FeatureQuery,
    pub city: &'a City,
    /// Keys and id of the feature after which the page begins.
    pub after: Option<(Vec<Option<String>>, i64)>,
}

/// One feature more than a page shows that there is another page.
pub struct Rows {
    pub rows: Vec<Row>,
    pub matched: Option<i64>,
}

impl Statement<'_> {
    /// Where the features are: the table, or what it was at a moment.
    fn relation(&self, params: &mut Params) -> String {
        let table = self.layer.table();
        let Some(during) = self.query.during.filter(|_| self.layer.is_own()) else {
            return table.to_string();
        };
        let to = params.push(during.to, Type::TIMESTAMPTZ);
        let from = params.push(during.from, Type::TIMESTAMPTZ);
        let area = self.layer.has_area();
        let columns = |row: &str, geometry: &str| {
            let mut list = vec![geometry.to_string(), format!("{row}.valid_from")];
            if area {
                list.push(format!("st_area({geometry}) as area_m2"));
            }
            list
        };
        let own = |row: &str| -> Vec<String> {
            let columns = self.layer.properties.iter().map(|p| format!("{row}.{}", p.column()));
            let text = find_expression(self.layer, &format!("{row}."));
            columns.chain(text.map(|text| format!("{text} as find_text"))).collect()
        };
        let join = |parts: [Vec<String>; 2]| parts.concat().join(", ");
        format!(
            "(select c.id, {now} from {table} c where c.valid_from <= ${to}
              union all
              select * from (
                select distinct on (h.feature_id) h.feature_id as id, {then}
                from imgis.feature_history h
                cross join lateral jsonb_populate_record(null::{table}, h.properties) r
                where h.layer = {name} and h.valid_from <= ${to} and h.valid_to > ${from}
                  and not exists (
                    select from {table} c where c.id = h.feature_id and c.valid_from <= ${to})
                order by h.feature_id, h.valid_from desc
              ) old) as f",
            now = join([columns("c", "c.geometry"), own("c")]),
            then = join([columns("h", "h.geometry"), own("r")]),
            name = literal(&self.layer.id),
        )
    }

    /// Conditions beside the place of the cursor.
    fn conditions(&self, params: &mut Params) -> Result<String> {
        let geometry = self.layer.geometry_column();
        let mut all = Vec::new();
        if let Some(ewkb) = &self.query.area {
            let shape = format!("st_geomfromewkb(${})", params.push(ewkb.clone(), Type::BYTEA));
            all.push(format!(
                "({geometry} is null or ({geometry} && {shape} and st_intersects({geometry}, {shape})))"
            ));
        }
        for (name, value) in &self.query.equal {
            let Some(property) = self.layer.property(name) else { continue };
            let n = params.push_boxed(bind(value), sql_type(property));
            let column = property.column();
            all.push(match value {
                Value::List(_) => format!("{column} @> ${n}"),
                Value::Null => format!("{column} is null and ${n} is null"),
                _ => format!("{column} = ${n}"),
            });
        }
        for word in &self.query.words {
            let n = params.push(containing(word), Type::TEXT);
            all.push(format!("find_text like ${n}"));
        }
        if let Some(filter) = &self.query.filter {
            all.push(filter.sql(&self.query.queryables, self.city.srid, params)?);
        }
        Ok(if all.is_empty() { "true".into() } else { all.join(" and ") })
    }

    /// SQL of a sort key, and the type in which its text is read back.
    fn key(&self, key: &Key) -> (String, &'static str) {
        let Some(known) = self.query.queryables.get(&key.name) else {
            return ("null::text".into(), "text");
        };
        match known.kind {
            Kind::Text => (format!("({} collate \"und-x-icu\")", known.sql), "text"),
            Kind::Integer => (known.sql.clone(), "bigint"),
            Kind::Number => (known.sql.clone(), "float8"),
            Kind::Boolean => (known.sql.clone(), "boolean"),
            Kind::Date => (known.sql.clone(), "date"),
            _ => (known.sql.clone(), "timestamptz"),
        }
    }

    /// What comes after the cursor, over the keys by these names; what has no value comes last.
    fn after(&self, keys: &[String], id: &str, params: &mut Params) -> String {
        let Some((values, last)) = &self.after else { return "true".into() };
        let mut any = Vec::new();
        let mut same = Vec::new();
        for ((key, name), value) in self.query.sort.iter().zip(keys).zip(values) {
            let Some(value) = value else {
                same.push(format!("{name} is null"));
                continue;
            };
            let kind = self.key(key).1;
            let value = format!("${}::text::{kind}", params.push(value.clone(), Type::TEXT));
            let sign = if key.descending { '<' } else { '>' };
            let beyond = format!("({name} {sign} {value} or {name} is null)");
            any.push([same.clone(), vec![beyond]].concat().join(" and "));
            same.push(format!("{name} = {value}"));
        }
        same.push(format!("{id} > ${}", params.push(*last, Type::INT8)));
        any.push(same.join(" and "));
        format!("({})", any.join(" or "))
    }

    fn order(&self, keys: &[String], id: &str) -> String {
        let each = self.query.sort.iter().zip(keys).map(|(key, name)| {
            format!("{name} {} nulls last", if key.descending { "desc" } else { "asc" })
        });
        each.chain([id.to_string()]).collect::<Vec<_>>().join(", ")
    }

    /// id, version, keys, geometry, values: all that a row is read from.
    fn columns(&self, versioned: bool, params: &mut Params) -> String {
        let layer = self.layer;
        let mut list = vec![format!("{}::bigint", layer.id_column())];
        let seen = |property: &&Property| self.query.queryables.get(&property.name).is_some();
        let readable: Vec<&Property> = layer.properties.iter().filter(seen).collect();
        list.push(match versioned {
            true => version_expression(layer, &readable),
            false => "null::text".into(),
        });
        list.extend(self.query.sort.iter().map(|key| format!("({})::text", self.key(key).0)));
        let geometry = layer.geometry_column();
        list.push(match (self.query.geometry, self.query.tolerance_m) {
            (false, _) => "null::geometry".into(),
            (true, None) => geometry.to_string(),
            (true, Some(tolerance)) => {
                let n = params.push(tolerance, Type::FLOAT8);
                let simple = format!("st_simplifypreservetopology({geometry}, ${n})");
                match layer.geometry {
                    GeometryType::Point => simple,
                    _ => format!("st_multi({simple})"),
                }
            }
        });
        for name in &self.query.properties {
            list.push(match (name.as_str(), layer.property(name)) {
                ("area_m2", None) => {
                    format!("round(({})::numeric, 2)::float8", layer.area_expression())
                }
                _ => self.query.queryables.get(name).map_or("null".into(), |one| one.sql.clone()),
            });
        }
        // Names that no property has: an order by a property must not mean a column of the answer.
        let named = list.iter().enumerate().map(|(at, column)| format!("{column} as \"?{at}\""));
        named.collect::<Vec<_>>().join(", ")
    }

    /// Limit and offset; `more`: one beyond the page.
    fn window(&self, limit: Option<i64>, more: bool, params: &mut Params) -> String {
        let mut text = String::new();
        if let Some(limit) = limit {
            let n = params.push(limit + i64::from(more), Type::INT8);
            text.push_str(&format!(" limit ${n}"));
        }
        if let Place::Offset(offset @ 1..) = self.query.place {
            text.push_str(&format!(" offset ${}", params.push(offset, Type::INT8)));
        }
        text
    }

    /// The page alone.
    fn plain(&self, limit: Option<i64>, more: bool) -> Result<(String, Params)> {
        let mut params = Params::default();
        let columns = self.columns(false, &mut params);
        let relation = self.relation(&mut params);
        let conditions = self.conditions(&mut params)?;
        let keys: Vec<String> = self.query.sort.iter().map(|key| self.key(key).0).collect();
        let id = self.layer.id_column().to_string();
        let after = self.after(&keys, &id, &mut params);
        let window = self.window(limit, more, &mut params);
        let order = self.order(&keys, &id);
        let text = format!(
            "select null::bigint, {columns} from {relation}
             where {conditions} and {after} order by {order}{window}"
        );
        Ok((text, params))
    }

    /// The page with the count of all that match: what matches is found once.
    fn counted(&self, limit: i64) -> Result<(String, Params)> {
        let mut params = Params::default();
        let columns = self.columns(false, &mut params);
        let conditions = self.conditions(&mut params)?;
        let names: Vec<String> = (0..self.query.sort.len()).map(|at| format!("k{at}")).collect();
        let keys: String = self
            .query
            .sort
            .iter()
            .zip(&names)
            .map(|(key, name)| format!(", {} as {name}", self.key(key).0))
            .collect();
        let after = self.after(&names, "i", &mut params);
        let window = self.window(Some(limit), true, &mut params);
        let order = self.order(&names, "i");
        let (table, id) = (self.layer.table(), self.layer.id_column());
        let text = format!(
            "with m as materialized (select {id} as i{keys} from {table} where {conditions}),
                  p as (select * from m where {after} order by {order}{window})
             select (select count(*) from m), {columns}
             from p join {table} on {table}.{id} = p.i order by {order}"
        );
        Ok((text, params))
    }

    fn count(&self) -> Result<(String, Params)> {
        let mut params = Params::default();
        let relation = self.relation(&mut params);
        let conditions = self.conditions(&mut params)?;
        Ok((format!("select count(*) from {relation} where {conditions}"), params))
    }

    /// A page of so many features, and one more when there is a next page; how many match in all, unless
    /// counting takes too long (`exact`: as long as it takes).
    ///
    /// # Errors
    /// 400 `filter` when its arithmetic leaves the numbers.
    pub async fn page(&self, client: &mut Object, limit: i64, exact: bool) -> Result<Rows> {
        let budget = budget(exact);
        let both = !self.query.takes_all() && self.query.during.is_none();
        if both {
            let (text, params) = self.counted(limit)?;
            if let Some(rows) = self.within(client, budget, &text, &params).await? {
                let counted = rows.first().map(|row| row.get(0));
                let matched = match (counted, &self.query.place) {
                    (Some(count), _) => Some(count),
                    (None, Place::Offset(0)) => Some(0),
                    (None, _) => self.matched(client, exact).await?,
                };
                return Ok(Rows { rows, matched });
            }
        }
        let (text, params) = self.plain(Some(limit), true)?;
        let rows = self.told(self.prepared(client, &text, &params).await)?;
        let matched = if both { None } else { self.matched(client, exact).await? };
        Ok(Rows { rows, matched })
    }

    /// How many match in all, unless counting takes too long.
    ///
    /// # Errors
    /// As any statement.
    pub async fn matched(&self, client: &mut Object, exact: bool) -> Result<Option<i64>> {
        let (text, params) = self.count()?;
        let rows = self.within(client, budget(exact), &text, &params).await?;
        Ok(rows.and_then(|rows| rows.first().map(|row| row.get(0))))
    }

    /// The rows, unless they take longer.
    async fn within(
        &self,
        client: &mut Object,
        budget: std::time::Duration,
        text: &str,
        params: &Params,
    ) -> Result<Option<Vec<Row>>> {
        let transaction = client.build_transaction().read_only(true).start().await?;
        let limit = format!("set local statement_timeout = {}", budget.as_millis());
        // Sent one after another without waiting in between.
        let (set, rows) = tokio::join!(
            transaction.batch_execute(&limit),
            self.prepared(&transaction, text, params)
        );
        set?;
        match rows {
            Err(Error::Busy(_)) => Ok(None),
            rows => {
                let rows = self.told(rows)?;
                transaction.commit().await?;
                Ok(Some(rows))
            }
        }
    }

    async fn prepared(
        &self,
        client: &impl GenericClient,
        text: &str,
        params: &Params,
    ) -> Result<Vec<Row>> {
        let statement = match self.query.is_plain() {
            true => client.prepare_typed_cached(text, params.types()).await?,
            false => client.prepare_typed(text, params.types()).await?,
        };
        Ok(client.query(&statement, &params.references()).await?)
    }

    /// What only the filter can have caused is a fault of the filter.
    fn told<T>(&self, result: Result<T>) -> Result<T> {
        match result {
            Err(Error::Invalid { faults }) if self.query.filter.is_some() => {
                let detail = faults.into_iter().next().map(|fault| fault.detail);
                Err(Error::parameter("filter", detail.unwrap_or_default()))
            }
            other => other,
        }
    }

    /// Every row as it comes.
    ///
    /// # Errors
    /// As any statement.
    pub async fn stream(
        &self,
        client: &Object,
        limit: Option<i64>,
        more: bool,
    ) -> Result<RowStream> {
        let (text, params) = self.plain(limit, more)?;
        self.told(params.stream(client, &text).await)
    }

    /// One feature.
    ///
    /// # Errors
    /// As any statement.
    pub async fn one(&self, client: &Object, id: i64) -> Result<Option<Row>> {
        let mut params = Params::default();
        let columns = self.columns(true, &mut params);
        let relation = self.relation(&mut params);
        let n = params.push(id, Type::INT8);
        let key = self.layer.id_column();
        let text = format!("select null::bigint, {columns} from {relation} where {key} = ${n}");
        Ok(self.prepared(client, &text, &params).await?.pop())
    }
}

fn budget(exact: bool) -> std::time::Duration {
    if exact { limit::STATEMENT } else { limit::COUNT }
}
