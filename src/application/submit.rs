//! A submission, from raw bytes to a receipt, in one transaction. A fault rolls back and marks the intake
//! `failed` with its reason; the bytes stay.

use deadpool_postgres::Object;
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tokio_postgres::Client;

use super::intake::{self, Arrival};
use super::{Deadline, Office, Service, may_register, received_on, sql};
use crate::access::Caller;
use crate::change::{self, ChangeToken};
use crate::config::{City, limit};
use crate::error::{Error, Fault, Result};
use crate::geometry::{CadastralNumber, GeoJson, ewkb_of_geojson};
use crate::layer::{Catalogue, Layer, Linkable, PropertyType, has_nul};

/// What a submission led to.
pub struct Submitted {
    pub number: String,
    pub receipt: Json,
    /// `None`: the receipt of an earlier, equal submission.
    pub token: Option<ChangeToken>,
}

struct Request<'a> {
    service: &'a Service,
    applicant: Json,
    subject: Option<String>,
    site: SiteRequest,
}

enum SiteRequest {
    Drawn(Json),
    Parcels(Vec<CadastralNumber>),
}

/// Registers what arrived.
///
/// # Errors
/// 400 not JSON; 403; 409 the key came with another body; 422 with pointers (the intake is kept).
pub async fn submit(
    client: &mut Object,
    office: &Office,
    catalogue: &Catalogue,
    city: &City,
    caller: &Caller,
    arrival: Arrival<'_>,
    now: Timestamp,
) -> Result<Submitted> {
    may_register(caller)?;
    let kept = intake::keep(client, caller, arrival).await?;
    if let Some(receipt) = kept.receipt {
        let number = receipt["number"].as_str().unwrap_or_default().to_string();
        return Ok(Submitted { number, receipt, token: None });
    }
    let walk = Walk { office, catalogue, city, caller, now };
    match walk.register(client, &kept.sha256, kept.id, arrival.body).await {
        Ok(submitted) => Ok(submitted),
        Err(error) => {
            sql::fail(client, kept.id, &error.to_string()).await?;
            Err(error)
        }
    }
}

struct Walk<'a> {
    office: &'a Office,
    catalogue: &'a Catalogue,
    city: &'a City,
    caller: &'a Caller,
    now: Timestamp,
}

impl Walk<'_> {
    async fn register(
        &self,
        client: &mut Object,
        sha256: &str,
        intake: i64,
        body: &[u8],
    ) -> Result<Submitted> {
        let request = parse(body, self.office, self.city)?;
        let service = request.service;
        let transaction = client.transaction().await?;
        let at = transaction.client();
        if let Some(receipt) = sql::lock_intake(at, intake).await? {
            let number = receipt["number"].as_str().unwrap_or_default().to_string();
            return Ok(Submitted { number, receipt, token: None });
        }
        change::sql::set_actor(at, self.caller.name()).await?;
        let local = self.now.to_zoned(self.city.zone()).datetime();
        let received = received_on(local, &self.office.calendar);
        let deadline = match service.term_on(received) {
            Some(term) => Deadline::count(received, term, &self.office.calendar, false),
            None => {
                let detail = format!("the service {} has no term on {received}", service.id);
                return Err(Error::Conflict(detail));
            }
        };
        let year = local.year();
        let number = sql::next_number(at, year, &service.code).await?;
        let application = sql::Application {
            number: &number,
            service: &service.id,
            division: &service.division,
            applicant: &request.applicant,
            subject: request.subject.as_deref(),
            submitted_at: self.now,
            received_on: received,
            due_on: deadline.due_on,
            deadline: &serde_json::to_value(&deadline).map_err(Error::internal)?,
        };
        let id = sql::insert(at, &application).await?;
        let site = self.site(at, id, &request.site).await?;
        let links = self.links(at, id, site.id, service, &request.site).await?;
        if let Some(layer) = super::site_layer(self.catalogue) {
            sql::show_site(at, layer, id).await?;
        }
        sql::event(at, id, self.caller.name(), "register", "registered").await?;
        let receipt = json!({
            "number": number,
            "service": service.id,
            "status": "registered",
            "submitted_at": self.now.to_string(),
            "received_on": received.to_string(),
            "due_on": deadline.due_on.map(|date| date.to_string()),
            "deadline": deadline,
            "site": {
                "area_m2": site.area_m2, "source": site.source,
                "outside_share": site.outside_share, "geometry": site.geometry,
            },
            "links": links,
            "body_sha256": sha256,
        });
        sql::finish(at, id, intake, &receipt).await?;
        let token = change::sql::token(at).await?;
        transaction.commit().await?;
        Ok(Submitted { number, receipt, token: Some(token) })
    }

    async fn site(&self, at: &Client, id: i64, request: &SiteRequest) -> Result<sql::Site> {
        let site = match request {
            SiteRequest::Drawn(geometry) => {
                let ewkb = ewkb_of_geojson(geometry, 4326)?;
                if let Some((reason, place)) = sql::defect(at, &ewkb).await? {
                    let detail = format!("the site is not valid: {reason}");
                    let fault = Fault { place: Some(place), ..Fault::new("/site", detail) };
                    return Err(Error::Invalid { faults: vec![fault] });
                }
                let drawn = sql::drawn_site(at, id, &ewkb, self.city.srid).await;
                drawn.map_err(|error| match error {
                    Error::Invalid { faults } => {
                        Error::invalid("/site", faults.first().map_or("", |f| &f.detail))
                    }
                    other => other,
                })?
            }
            SiteRequest::Parcels(numbers) => {
                let (layer, key) = self.parcels()?;
                let wanted: Vec<&str> = numbers.iter().map(CadastralNumber::as_str).collect();
                let found = sql::parcels(at, layer, key, &wanted).await?;
                let faults: Vec<Fault> = wanted
                    .iter()
                    .enumerate()
                    .filter(|(_, number)| !found.iter().any(|known| known == *number))
                    .map(|(index, number)| {
                        let pointer = format!("/site/cadastral_numbers/{index}");
                        Fault::new(pointer, format!("there is no parcel {number} with a boundary"))
                    })
                    .collect();
                if !faults.is_empty() {
                    return Err(Error::Invalid { faults });
                }
                sql::parcel_site(at, id, layer, key, &wanted, self.city.srid).await?
            }
        };
        if site.area_m2 < limit::SITE_AREA_M2_MIN {
            let detail = format!("the site has less than {} m²", limit::SITE_AREA_M2_MIN);
            return Err(Error::invalid("/site", detail));
        }
        let outside = sql::outside_share(at, self.catalogue, self.city, site.id).await?;
        if outside.is_some_and(|share| share > 0.999_999) {
            return Err(Error::invalid("/site", "the site lies outside the municipality"));
        }
        Ok(sql::Site { outside_share: outside, ..site })
    }

    /// The layer of parcels and its key.
    fn parcels(&self) -> Result<(&Layer, &str)> {
        let layer =
            self.catalogue.layers().iter().find(|layer| layer.linkable == Some(Linkable::Subject));
        let key = layer.and_then(|layer| {
            let mut keys = layer.properties.iter();
            keys.find(|p| p.kind == PropertyType::CadastralNumber).map(|p| (layer, p))
        });
        key.map(|(layer, property)| (layer.as_ref(), property.name.as_str())).ok_or_else(|| {
            Error::invalid("/site/cadastral_numbers", "this municipality has no layer of parcels")
        })
    }

    async fn links(
        &self,
        at: &Client,
        id: i64,
        site: i64,
        service: &Service,
        request: &SiteRequest,
    ) -> Result<Vec<Json>> {
        for name in &service.links {
            let Some(layer) = self.catalogue.layer(name) else {
                continue;
            };
            let Some(linkable) = layer.linkable else {
                continue;
            };
            let named = linkable == Linkable::Subject && matches!(request, SiteRequest::Parcels(_));
            let provenance = if named { "applicant" } else { "derived" };
            sql::link(at, layer, id, site, linkable.relation(), provenance).await?;
        }
        sql::links(at, id).await
    }
}

/// Reads a submission; all its faults at once.
fn parse<'a>(body: &[u8], office: &'a Office, city: &City) -> Result<Request<'a>> {
    let json: Json = serde_json::from_slice(body)
        .map_err(|error| Error::Malformed { detail: format!("the body is not JSON: {error}") })?;
    if has_nul(&json) {
        return Err(Error::invalid("", "a text holds the character U+0000"));
    }
    let Json::Object(fields) = &json else {
        return Err(Error::invalid("", "an object is wanted"));
    };
    let mut faults = Vec::new();
    let mut fault = |pointer: &str, detail: String| {
        faults.push(Fault::new(pointer, detail));
    };
    for name in fields.keys() {
        if !["service", "applicant", "subject", "site"].contains(&name.as_str()) {
            fault(&format!("/{name}"), "is not known here".into());
        }
    }
    let service_id = json["service"].as_str().unwrap_or_default();
    let service = office.services.get(service_id);
    if service.is_none() {
        let known: Vec<&str> = office.services.all().iter().map(|s| s.id.as_str()).collect();
        let detail = format!("{service_id:?} is not a service; known are {}", known.join(", "));
        fault("/service", detail);
    }
    let applicant = &json["applicant"];
    let name = applicant["name"].as_str().unwrap_or_default().trim();
    if name.is_empty() || name.chars().count() > 500 {
        fault("/applicant/name", "a name of 1 … 500 characters is wanted".into());
    }
    if !matches!(applicant["kind"].as_str(), Some("person" | "organisation")) {
        fault("/applicant/kind", "person or organisation is wanted".into());
    }
    let subject = match &json["subject"] {
        Json::Null => None,
        Json::String(text) if text.chars().count() <= 2_000 => Some(text.clone()),
        _ => {
            fault("/subject", "a text of at most 2000 characters is wanted".into());
            None
        }
    };
    let site = match site(&json["site"], city) {
        Ok(site) => Some(site),
        Err(Error::Invalid { faults: more }) => {
            faults.extend(more);
            None
        }
        Err(other) => return Err(other),
    };
    match (service, site) {
        (Some(service), Some(site)) if faults.is_empty() => {
            Ok(Request { service, applicant: applicant.clone(), subject, site })
        }
        _ => Err(Error::Invalid { faults }),
    }
}

fn site(json: &Json, city: &City) -> Result<SiteRequest> {
    if let Some(numbers) = json.get("cadastral_numbers") {
        let list = numbers.as_array().filter(|list| !list.is_empty());
        let Some(list) = list else {
            return Err(Error::invalid("/site/cadastral_numbers", "a list of numbers is wanted"));
        };
        if list.len() > limit::SITE_PARCELS_MAX {
            let limit = limit::SITE_PARCELS_MAX.to_string();
            return Err(Error::TooLarge { what: "the number of parcels of a site", limit });
        }
        let mut parsed = Vec::new();
        for (at, item) in list.iter().enumerate() {
            let text = item.as_str().unwrap_or_default();
            let number = CadastralNumber::parse(text, &city.cadastral_number).ok_or_else(|| {
                let pointer = format!("/site/cadastral_numbers/{at}");
                Error::invalid(pointer, format!("{item} is not a cadastral number"))
            })?;
            if !parsed.contains(&number) {
                parsed.push(number);
            }
        }
        return Ok(SiteRequest::Parcels(parsed));
    }
    if json.is_null() {
        let detail = "a GeoJSON polygon or {\"cadastral_numbers\": […]} is wanted";
        return Err(Error::invalid("/site", detail));
    }
    match GeoJson(json.clone()).check("/site")? {
        "Polygon" | "MultiPolygon" => Ok(SiteRequest::Drawn(json.clone())),
        kind => {
            Err(Error::invalid("/site/type", format!("{kind} has no area; a polygon is wanted")))
        }
    }
}
