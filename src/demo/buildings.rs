//! What stands on a parcel: houses and sheds, slabs and courtyards, works and schools.
//!
//! Every outline keeps its distance from the parcel's; addresses and numbers are in `registers.rs`.

use super::forms::{Form, Site, Wish, campus, dense, halls, quarters, slabs};
use super::kinds::Kind;
use super::parcels::Parcel;
use super::plane::{Frame, area};
use super::rng::Rng;
use super::topology::Patch;

/// A building.
pub struct Building {
    /// Its outline.
    pub shape: Patch,
    /// Number of its parcel.
    pub parcel: usize,
    /// Storeys.
    pub floors: i64,
    /// What it is for (code).
    pub purpose: &'static str,
    /// Its name.
    pub name: Option<String>,
    /// Year in which it was built.
    pub year: i64,
    /// Whether it has an address of its own.
    pub main: bool,
}

/// All buildings of the city.
pub fn buildings(seed: u64, parcels: &[Parcel]) -> Vec<Building> {
    let mut out = Vec::new();
    for (i, parcel) in parcels.iter().enumerate() {
        let mut rng = Rng::of(seed, 41, i as u64);
        if parcel.land_use != "reserve" {
            on(parcel, i, &mut rng, &mut out);
        }
    }
    out
}

struct Yard<'a> {
    site: Site<'a>,
    index: usize,
    out: &'a mut Vec<Building>,
}

impl Yard<'_> {
    fn put(
        &mut self,
        wishes: Vec<Wish>,
        least: f64,
        floors: (i64, i64),
        purpose: &'static str,
        rng: &mut Rng,
    ) {
        let level = rng.whole(floors.0, floors.1);
        let year = years(purpose, rng);
        for wish in wishes {
            let Some(shape) = self.site.place(&wish, least) else {
                continue;
            };
            let tower = matches!(wish.form, Form::Notched);
            let floors = if tower { level.max(floors.1) } else { level };
            let main = !matches!(purpose, "garage" | "utility");
            let name = name(purpose, rng);
            let parcel = self.index;
            self.out.push(Building { shape, parcel, floors, purpose, name, year, main });
        }
    }
}

fn on(parcel: &Parcel, index: usize, rng: &mut Rng, out: &mut Vec<Building>) {
    let way = parcel.front.map_or_else(|| Frame::tight(&parcel.ring).u, |f| f.way);
    let frame = Frame::along(&parcel.ring, way);
    let site = Site { ring: &parcel.ring, frame, taken: Vec::new() };
    let front = parcel.front.map_or(frame.len / 2.0, |f| frame.of(f.at).0);
    let (w, d) = (frame.len, frame.wid);
    let size = area(&parcel.ring);
    let mut yard = Yard { site, index, out };
    match parcel.kind {
        Kind::Private if size < 1800.0 && rng.chance(0.95) => {
            let (hw, hd) = (rng.range(8.5, 13.0), rng.range(8.0, 11.5));
            let form = if rng.chance(0.3) { Form::Ell(hd * 0.45) } else { Form::Block };
            let at = (front + rng.range(-1.5, 1.5), rng.range(4.0, 6.0) + hd / 2.0);
            yard.put(
                vec![Wish { at, size: (hw, hd), form, margin: 2.0 }],
                4.5,
                (1, 2),
                "house",
                rng,
            );
            if rng.chance(0.65) {
                let side = if rng.chance(0.5) { 0.25 } else { 0.75 };
                let at = (w * side, d * rng.range(0.72, 0.86));
                let size = (rng.range(3.5, 6.5), rng.range(3.2, 6.0));
                yard.put(
                    vec![Wish { at, size, form: Form::Block, margin: 0.8 }],
                    2.4,
                    (1, 1),
                    "garage",
                    rng,
                );
            }
        }
        Kind::Garden if size < 1500.0 && rng.chance(0.85) => {
            let at = (w * rng.range(0.35, 0.65), d * rng.range(0.25, 0.5));
            let size = (rng.range(4.5, 7.5), rng.range(4.5, 7.0));
            yard.put(
                vec![Wish { at, size, form: Form::Block, margin: 1.5 }],
                3.0,
                (1, 2),
                "garden_house",
                rng,
            );
        }
        Kind::Panel => yard.put(slabs(w, d, rng), 11.0, panel_floors(rng), "apartment", rng),
        Kind::Mid => yard.put(
            quarters(w, d, rng),
            9.0,
            rng.pick(&[(2, 3), (4, 5), (5, 5), (5, 5)]),
            "apartment",
            rng,
        ),
        Kind::Low | Kind::Private => {
            yard.put(quarters(w, d, rng), 8.0, (2, 4), "apartment", rng);
        }
        _ => other(parcel, (w, d), &mut yard, rng),
    }
}

/// What is built where few people live.
fn other(parcel: &Parcel, (w, d): (f64, f64), yard: &mut Yard, rng: &mut Rng) {
    match parcel.kind {
        Kind::Centre => yard.put(
            dense(w, d, rng),
            7.0,
            (2, 5),
            rng.pick(&["office", "office", "shop", "culture"]),
            rng,
        ),
        Kind::Business => {
            let purpose = rng.pick(&["shop", "shop", "office", "office", "public"]);
            let floors = if purpose == "shop" { (1, 4) } else { (3, 14) };
            yard.put(dense(w * 0.8, d * 0.75, rng), 8.0, floors, purpose, rng);
        }
        Kind::Public => {
            let purpose = rng.weighted(&[
                ("kindergarten", 4.0),
                ("school", 3.5),
                ("hospital", 1.4),
                ("sport", 1.2),
                ("religious", 0.7),
                ("culture", 0.8),
            ]);
            yard.put(campus(purpose, w, d, rng), 9.0, public_floors(purpose), purpose, rng);
        }
        Kind::Industry | Kind::Depot => {
            let purpose = if parcel.kind == Kind::Industry { "industry" } else { "warehouse" };
            yard.put(halls(w, d, rng), 8.0, (1, 3), purpose, rng);
        }
        Kind::Utility | Kind::Waste => {
            let wish = Wish {
                at: (w * 0.45, d * 0.4),
                size: (22.0, 16.0),
                form: Form::Block,
                margin: 4.0,
            };
            yard.put(vec![wish], 6.0, (1, 2), "utility", rng);
        }
        _ => {}
    }
}

fn panel_floors(rng: &mut Rng) -> (i64, i64) {
    rng.pick(&[(9, 9), (9, 9), (9, 10), (5, 5), (10, 16), (12, 18), (16, 22)])
}

fn public_floors(purpose: &str) -> (i64, i64) {
    match purpose {
        "kindergarten" => (2, 2),
        "school" => (3, 4),
        "hospital" => (3, 7),
        _ => (1, 3),
    }
}

fn years(purpose: &str, rng: &mut Rng) -> i64 {
    match purpose {
        "office" | "culture" if rng.chance(0.4) => rng.whole(1842, 1917),
        "house" | "garden_house" | "garage" => rng.whole(1948, 2025),
        "shop" => rng.whole(1975, 2024),
        _ => rng.whole(1956, 2023),
    }
}

fn name(purpose: &str, rng: &mut Rng) -> Option<String> {
    let title = match purpose {
        "school" => format!("Школа № {}", rng.whole(1, 187)),
        "kindergarten" => format!("Детский сад № {}", rng.whole(1, 417)),
        "hospital" => format!("Городская поликлиника № {}", rng.whole(1, 21)),
        "religious" => rng
            .pick(&["Мечеть «Нур»", "Мечеть «Рамазан»", "Никольская церковь", "Покровский храм"])
            .to_string(),
        "sport" => rng
            .pick(&[
                "Спорткомплекс «Олимп»",
                "Ледовый дворец",
                "Бассейн «Дельфин»",
                "Стадион «Строитель»",
            ])
            .to_string(),
        "culture" if rng.chance(0.3) => {
            rng.pick(&["Дом культуры", "Библиотека", "Молодёжный центр", "Музей"]).to_string()
        }
        "shop" if rng.chance(0.2) => {
            rng.pick(&["ТЦ «Кольцо»", "ТЦ «Идель»", "Рынок", "ТЦ «Савиново»"]).to_string()
        }
        _ => return None,
    };
    Some(title)
}
