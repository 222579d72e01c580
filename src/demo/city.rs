use crate::layer::Value;
pub struct DemoFeature {
    pub geometry: geo::Geometry<f64>,
    pub properties: Vec<(&'static str, Value)>,
}
pub struct City {
    pub layers: Vec<(&'static str, Vec<DemoFeature>)>,
}
impl City {
    pub fn build(_seed: u64, _parcels: usize) -> City {
        let mut v = vec![];
        for i in 0..20 {
            for j in 0..20 {
                let (x, y) = (1304700.0 + i as f64 * 30.0, 476900.0 + j as f64 * 30.0);
                let p = geo::Polygon::new(
                    geo::LineString::from(vec![
                        (x, y),
                        (x + 30.0, y),
                        (x + 30.0, y + 30.0),
                        (x, y + 30.0),
                        (x, y),
                    ]),
                    vec![],
                );
                v.push(DemoFeature {
                    geometry: geo::Geometry::MultiPolygon(geo::MultiPolygon(vec![p])),
                    properties: vec![(
                        "cadastral_number",
                        Value::Text(format!("16:50:010101:{}", i * 20 + j + 1)),
                    )],
                });
            }
        }
        City {
            layers: vec![("parcel", v)],
        }
    }
}
