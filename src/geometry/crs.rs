//! Coordinate systems: which ones an answer may be asked in, and PROJ for read-outs.
//!
//! The city's own system is stored natively (МСК zones and the like are local, of ~1 m against
//! WGS 84: never round-trip cadastre coordinates through it).

use proj::{Proj, wkt::WktVersion};

use crate::config::City;
use crate::error::{Error, Result};

/// A system that the wire knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crs {
    /// OGC CRS84: longitude, latitude.
    Crs84,
    /// EPSG:4326: latitude, longitude on the wire.
    Epsg4326,
    /// EPSG:3857: Web Mercator metres.
    Epsg3857,
    /// The city's own system, with its SRID: east, north.
    City(i32),
}

const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";
const EPSG: &str = "http://www.opengis.net/def/crs/EPSG/0/";

impl Crs {
    /// Every system that items are answered in; the default first.
    pub fn all(city: &City) -> [Self; 4] {
        [Self::Crs84, Self::Epsg4326, Self::Epsg3857, Self::City(city.srid)]
    }

    /// Reads a URI of the wire.
    ///
    /// # Errors
    /// 400 naming `parameter`.
    pub fn parse(parameter: &str, uri: &str, base: &str, city: &City) -> Result<Self> {
        let uri = uri.trim_start_matches('<').trim_end_matches('>');
        Self::all(city).into_iter().find(|crs| crs.uri(base, city) == uri).ok_or_else(|| {
            let known = Self::all(city).map(|crs| crs.uri(base, city)).join(", ");
            Error::parameter(parameter, format!("{uri} is not served; known are {known}"))
        })
    }

    /// URI on the wire; `base` is the address of the server without a slash at its end.
    pub fn uri(self, base: &str, city: &City) -> String {
        match self {
            Self::Crs84 => CRS84.to_string(),
            Self::Epsg4326 => format!("{EPSG}4326"),
            Self::Epsg3857 => format!("{EPSG}3857"),
            Self::City(_) => format!("{base}/crs/{}", city.crs.id),
        }
    }

    /// The system as WKT 1 in the form of GDAL, with the shift to WGS 84 where the city's has one.
    ///
    /// The axes of what it is written beside are east, north, whatever it says of latitudes.
    ///
    /// # Errors
    /// [`Error::Operator`] when PROJ refuses the city's definition.
    pub fn wkt1(self, city: &City) -> Result<String> {
        let definition = match self {
            Self::Crs84 | Self::Epsg4326 => "EPSG:4326".to_string(),
            Self::Epsg3857 => "EPSG:3857".to_string(),
            Self::City(_) => crs_text(&city.proj),
        };
        let known = Proj::new(&definition)
            .map_err(|error| Error::Operator(format!("PROJ refuses {definition:?}: {error}")))?;
        let text = known.as_wkt(Some(WktVersion::Wkt1_Gdal), None).map_err(Error::internal)?;
        let name = format!("{:?}", city.crs.id);
        Ok(match self {
            Self::City(_) => text.replacen("\"unknown\"", &name, 1),
            _ => text,
        })
    }

    /// SRID in PostGIS.
    pub fn srid(self) -> i32 {
        match self {
            Self::Crs84 | Self::Epsg4326 => 4326,
            Self::Epsg3857 => 3857,
            Self::City(srid) => srid,
        }
    }

    /// Whether the wire wants latitude before longitude.
    pub fn north_first(self) -> bool {
        self == Self::Epsg4326
    }

    /// Decimal places of a coordinate: a centimetre in degrees and in EPSG:3857, a millimetre in the city's
    /// system.
    pub fn digits(self) -> usize {
        match self {
            Self::Crs84 | Self::Epsg4326 => 7,
            Self::Epsg3857 => 2,
            Self::City(_) => 3,
        }
    }

    /// Whether coordinates are degrees.
    pub fn geographic(self) -> bool {
        matches!(self, Self::Crs84 | Self::Epsg4326)
    }
}

/// PROJ between CRS84 and one projected system. Not `Send`: make one where it is used.
pub struct Projector {
    to: Proj,
    text: String,
}

impl Projector {
    /// From a PROJ string.
    ///
    /// # Errors
    /// [`Error::Operator`] when PROJ refuses the string.
    pub fn new(definition: &str) -> Result<Self> {
        let text = crs_text(definition);
        let to = Proj::new_known_crs("OGC:CRS84", &text, None)
            .map_err(|error| Error::Operator(format!("PROJ refuses {definition:?}: {error}")))?;
        Ok(Self { to, text })
    }

    /// Longitude, latitude (CRS84, degrees) → east, north (metres).
    ///
    /// # Errors
    /// [`Error::Operator`] when the point cannot be projected.
    pub fn project(&self, lng: f64, lat: f64) -> Result<(f64, f64)> {
        self.to.convert((lng, lat)).map_err(|error| outside((lng, lat), &error))
    }

    /// East, north (metres) → longitude, latitude (CRS84, degrees).
    ///
    /// # Errors
    /// [`Error::Operator`] when the point cannot be projected.
    pub fn unproject(&self, east: f64, north: f64) -> Result<(f64, f64)> {
        let back = Proj::new_known_crs(&self.text, "OGC:CRS84", None).map_err(Error::internal)?;
        back.convert((east, north)).map_err(|error| outside((east, north), &error))
    }

    /// The system as WKT 2 (2019) and as PROJJSON.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn texts(&self) -> Result<(String, String)> {
        let crs = Proj::new(&self.text).map_err(Error::internal)?;
        let wkt = crs.as_wkt(None, None).map_err(Error::internal)?;
        let json = crs.to_projjson(None, None, None).map_err(Error::internal)?;
        Ok((wkt, json))
    }
}

/// A PROJ string that names a system, not an operation.
fn crs_text(definition: &str) -> String {
    if definition.contains("+type=crs") {
        definition.to_string()
    } else {
        format!("{definition} +type=crs")
    }
}

fn outside(point: (f64, f64), error: &proj::ProjError) -> Error {
    Error::Operator(format!("{point:?} cannot be projected: {error}"))
}
