//! Whole answers as files: CSV, XLSX, FlatGeobuf, GeoPackage, GeoJSON text sequences.

use std::io::Read;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio_stream::wrappers::ReceiverStream;

use super::flow::{Flow, broken, send};
use super::items::{Asked, content_crs};
use super::link::address;
use crate::config::limit;
use crate::error::{Error, Result};
use crate::exchange::write::{self, Format, Options, Writer};
use crate::feature::{Reading, Record, Sheet, yes};

/// Records that are written at once, away from the threads that serve.
const BATCH: usize = 512;

/// A file that is being written.
type Open = Box<dyn Writer + Send>;

impl Asked<'_> {
    /// Every feature of the question as a file; `limit` only where it was asked for.
    ///
    /// # Errors
    /// As a page; 503 when too many exports run; 413 when the format cannot hold so many.
    pub async fn export(&self, format: Format) -> Result<Response> {
        let most = limit::EXPORT_FEATURES_MAX;
        let limit = self.query.limit.unwrap_or(most).min(most);
        let permit = self.imgis.export_permit()?;
        let statement = self.statement().await?;
        let flow = Flow::begin(self.imgis, &statement, Some(limit), false).await?;
        let mut reading = self.reading();
        let mut sheet =
            reading.sheet(self.layer, &self.query, super::pages::word(&self.layer.title));
        sheet.about = self.about();
        let writer = write::open(format, &sheet, &self.imgis.city, self.options)?;
        let mut response = if format.streams() {
            let (sender, receiver) = tokio::sync::mpsc::channel::<std::io::Result<Bytes>>(2);
            tokio::spawn(async move {
                let _permit = permit;
                let mut flow = flow;
                let work = async {
                    let ended = pump(&mut flow, &mut reading, writer, Some(&sender)).await?;
                    if let Some((_, mut rest)) = ended {
                        flow.finish().await?;
                        send(&sender, &mut rest).await;
                    }
                    Ok(())
                };
                if let Err(error) = work.await {
                    broken(&sender, error).await;
                }
            });
            Body::from_stream(ReceiverStream::new(receiver)).into_response()
        } else {
            let _permit = permit;
            let mut flow = flow;
            let ended = pump(&mut flow, &mut reading, writer, None).await?;
            flow.finish().await?;
            let file = ended.and_then(|(file, _)| file);
            file_response(file.ok_or_else(|| Error::internal("no file was written"))?)?
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
        content_crs(headers, self.imgis, self.query.crs, self.base);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        attachment(headers, &sheet, format);
        Ok(response)
    }

    /// What was asked, and when.
    fn about(&self) -> Vec<(String, String)> {
        let now = jiff::Timestamp::now().to_zoned(self.imgis.city.zone());
        let mut about = vec![
            ("Слой".to_string(), super::pages::word(&self.layer.title).to_string()),
            ("Запрос".to_string(), address(&self.path, self.params, &["f", "bom", "lang"], &[])),
            ("Выгружено".to_string(), now.strftime("%d.%m.%Y %H:%M %Z").to_string()),
            ("Система координат".to_string(), self.query.crs.uri(self.base, &self.imgis.city)),
        ];
        if let Some(filter) = &self.query.filter {
            about.push(("Фильтр (CQL2)".to_string(), filter.asked.to_text()));
        }
        if let Some(currency) = self.layer.currency {
            about.push(("Актуальность".to_string(), currency.to_string()));
        }
        about
    }
}

/// `bom` and `lang` of a file.
///
/// # Errors
/// 400 naming the parameter.
pub fn options(bom: Option<&str>, lang: Option<&str>) -> Result<Options> {
    let language = match lang {
        None | Some("ru") => "ru",
        Some("en") => "en",
        Some(other) => {
            return Err(Error::parameter("lang", format!("{other:?} is not ru or en")));
        }
    };
    Ok(Options { bom: bom.map(|text| yes("bom", text)).transpose()?.unwrap_or_default(), language })
}

/// `Content-Disposition` with the name of the layer.
pub fn attachment(headers: &mut HeaderMap, sheet: &Sheet, format: Format) {
    let name = format!("attachment; filename=\"{}.{}\"", sheet.name, format.extension());
    if let Ok(value) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
}

/// Rows into a writer. Bytes are sent as they come when somebody reads them; what is left, and the file,
/// come back. `None`: nobody reads any more.
async fn pump(
    flow: &mut Flow,
    reading: &mut Reading,
    mut writer: Open,
    sender: Option<&tokio::sync::mpsc::Sender<std::io::Result<Bytes>>>,
) -> Result<Option<(Option<std::fs::File>, Vec<u8>)>> {
    let mut out = Vec::new();
    loop {
        let mut batch = Vec::with_capacity(BATCH);
        while batch.len() < BATCH {
            match flow.next().await? {
                Some(row) => batch.push(reading.record(&row)?),
                None => break,
            }
        }
        let last = batch.len() < BATCH;
        (writer, out) = aside(writer, batch, out).await?;
        if last {
            break;
        }
        if let Some(sender) = sender
            && out.len() >= limit::CHUNK_BYTES
            && !send(sender, &mut out).await
        {
            return Ok(None);
        }
    }
    let ended = tokio::task::spawn_blocking(move || {
        let file = writer.finish(&mut out)?;
        Ok::<_, Error>((file, out))
    });
    ended.await.map_err(Error::internal)?.map(Some)
}

/// Writes a batch away from the threads that serve.
async fn aside(mut writer: Open, batch: Vec<Record>, mut out: Vec<u8>) -> Result<(Open, Vec<u8>)> {
    let work = tokio::task::spawn_blocking(move || {
        for record in &batch {
            writer.push(record, &mut out)?;
        }
        Ok::<_, Error>((writer, out))
    });
    work.await.map_err(Error::internal)?
}

/// A finished file as a body.
///
/// # Errors
/// As reading it.
pub fn file_response(mut file: std::fs::File) -> Result<Response> {
    let length = file.metadata()?.len();
    let (sender, receiver) = tokio::sync::mpsc::channel::<std::io::Result<Bytes>>(2);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut chunk = vec![0; limit::CHUNK_BYTES];
            let sent = match file.read(&mut chunk) {
                Ok(0) => return,
                Ok(count) => {
                    chunk.truncate(count);
                    sender.blocking_send(Ok(chunk.into()))
                }
                Err(error) => sender.blocking_send(Err(error)),
            };
            if sent.is_err() {
                return;
            }
        }
    });
    let mut response = Body::from_stream(ReceiverStream::new(receiver)).into_response();
    response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    Ok(response)
}
