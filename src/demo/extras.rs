//! What lies around and over the parcels: waters, boundaries, zones, red lines, restrictions, permits.

use geo::Geometry;

use super::city::{DemoFeature, Ground, day, line, on, polygon, quarter, text};
use super::names;
use super::parcels::Parcel;
use super::plan::{KAZANKA, Kind, RAILWAY, VOLGA};
use super::rng::Rng;
use super::shape::{Poly, Pt, area, dense, pt};
use crate::layer::Value;

type Layers = Vec<(&'static str, Vec<DemoFeature>)>;
type Properties = Vec<(&'static str, Value)>;

const STEP: f64 = 60.0;
const DOCUMENT: &str = "Решение Казанской городской Думы от 16.08.2021 № 5-8";

/// All layers but parcels, buildings, addresses and streets.
pub fn around(ground: &Ground) -> Layers {
    let mut layers = vec![
        ("municipal_boundary", boundaries(ground)),
        ("water_body", waters(ground)),
        ("railway", railways(ground)),
    ];
    layers.extend(zones(ground));
    layers.extend(red_lines(ground));
    layers.extend(restrictions(ground));
    layers.extend(on_parcels(ground));
    layers
}

fn feature(geometry: Geometry<f64>, properties: Properties) -> DemoFeature {
    DemoFeature {
        geometry,
        properties,
    }
}

/// A ring of the plan, bent.
fn bent(ground: &Ground, points: &[Pt]) -> Vec<Pt> {
    ground.bend.line(&dense(points, STEP, true))
}

fn area_of(ground: &Ground, points: &[Pt], properties: Properties) -> DemoFeature {
    feature(polygon(&bent(ground, points), &[]), properties)
}

fn rectangle(x0: f64, y0: f64, x1: f64, y1: f64) -> Vec<Pt> {
    Poly::rectangle(x0, y0, x1, y1).points
}

fn circle(middle: Pt, radius: f64) -> Vec<Pt> {
    let turn = |n: usize| std::f64::consts::TAU * n as f64 / 36.0;
    (0..36)
        .map(|n| {
            pt(
                middle.x + radius * turn(n).cos(),
                middle.y + radius * turn(n).sin(),
            )
        })
        .collect()
}

/// The part of a convex ring inside the city's outline.
fn rim(ground: &Ground, share: f64) -> Vec<Pt> {
    let h = ground.plan.half;
    let turn = |n: usize| std::f64::consts::TAU * n as f64 / 72.0;
    (0..72)
        .map(|n| {
            let (s, c) = turn(n).sin_cos();
            let wobble = 1.0 + 0.03 * (5.0 * turn(n)).sin() + 0.02 * (11.0 * turn(n)).cos();
            let x = (share * wobble * 0.9 * h * c - 0.12 * h).max(-h);
            pt(x, share * wobble * h * s - 300.0)
        })
        .collect()
}

fn clip(ring: &[Pt], to: &Poly) -> Vec<Pt> {
    let mut part = Poly {
        points: ring.to_vec(),
        tags: vec![None; ring.len()],
    };
    for (a, b, _) in to.edges() {
        part = part.left_of(a, pt(b.x - a.x, b.y - a.y), None);
        if part.points.len() < 3 {
            return Vec::new();
        }
    }
    part.points
}

fn boundaries(ground: &Ground) -> Vec<DemoFeature> {
    let outline = rim(ground, 1.24);
    let boundary = |name: &str, kind: &str, oktmo: &str| {
        vec![
            ("oktmo", text(oktmo)),
            ("name", text(name)),
            ("kind", text(kind)),
        ]
    };
    let city = boundary("Казань", "city", "92701000");
    let mut features = vec![area_of(ground, &outline, city)];
    for (number, district) in ground.plan.districts.iter().enumerate() {
        let mut part = district.outline.clone();
        let far = ground.plan.half * 1.5;
        for p in &mut part.points {
            // The outer sides of a district reach the city's boundary.
            if (p.x.abs() - ground.plan.half).abs() < 1.0 {
                p.x = p.x.signum() * far;
            }
            if (p.y.abs() - ground.plan.half).abs() < 1.0 {
                p.y = p.y.signum() * far;
            }
        }
        let ring = clip(&outline, &part);
        if ring.len() > 2 {
            let oktmo = format!("9270100{}", number + 1);
            let name = format!("{} район", district.name);
            features.push(area_of(ground, &ring, boundary(&name, "district", &oktmo)));
        }
    }
    features
}

fn waters(ground: &Ground) -> Vec<DemoFeature> {
    let h = ground.plan.half;
    let water = |name: &str, kind: &str| vec![("name", text(name)), ("kind", text(kind))];
    let outline = rim(ground, 1.24);
    let volga = clip(
        &outline,
        &Poly::rectangle(-2.0 * h, -2.0 * h, h * VOLGA, 2.0 * h),
    );
    let kazanka = clip(
        &outline,
        &Poly::rectangle(h * VOLGA - 5.0, -KAZANKA, 2.0 * h, KAZANKA),
    );
    let mut features = vec![
        area_of(ground, &volga, water("Волга", "river")),
        area_of(ground, &kazanka, water("Казанка", "river")),
    ];
    let names = [
        "озеро Нижний Кабан",
        "озеро Средний Кабан",
        "озеро Верхний Кабан",
        "озеро Лебяжье",
        "озеро Глубокое",
        "озеро Чистое",
    ];
    let lakes = ground
        .plan
        .neighbourhoods
        .iter()
        .filter(|n| n.kind == Kind::Lake);
    for (number, lake) in lakes.enumerate() {
        let name = names[number % names.len()];
        features.push(area_of(
            ground,
            &lake_ring(&lake.outline),
            water(name, "lake"),
        ));
    }
    features
}

/// A smooth ring within a neighbourhood.
fn lake_ring(outline: &Poly) -> Vec<Pt> {
    let middle = outline.middle();
    let mut ring: Vec<Pt> = outline
        .points
        .iter()
        .map(|p| middle.toward(*p, 0.72))
        .collect();
    for _ in 0..4 {
        // Corner cutting.
        ring = (0..ring.len())
            .flat_map(|n| {
                let (a, b) = (ring[n], ring[(n + 1) % ring.len()]);
                [a.toward(b, 0.25), a.toward(b, 0.75)]
            })
            .collect();
    }
    ring
}

fn railways(ground: &Ground) -> Vec<DemoFeature> {
    let h = ground.plan.half;
    let track = |x: f64, y0: f64, y1: f64, name: &str, kind: &str| {
        let axis = ground
            .bend
            .line(&dense(&[pt(x, y0), pt(x, y1)], STEP, false));
        feature(
            line(&axis),
            vec![("name", text(name)), ("kind", text(kind))],
        )
    };
    let name = "Москва — Казань — Екатеринбург";
    vec![
        track(h * RAILWAY - 4.0, -h * 1.02, h * 1.02, name, "main"),
        track(h * RAILWAY + 4.0, -h * 1.02, h * 1.02, name, "main"),
        track(
            h * RAILWAY + 11.0,
            -h * 0.35,
            h * -0.12,
            "станция Казань-2",
            "siding",
        ),
        track(
            h * RAILWAY - 11.0,
            -h * 0.33,
            h * -0.14,
            "станция Казань-2",
            "siding",
        ),
    ]
}

fn zones(ground: &Ground) -> Layers {
    let mut rng = Rng::new(ground.seed, 21);
    let (mut quarters, mut zones, mut functional, mut green) = (vec![], vec![], vec![], vec![]);
    let number = |value: f64| Value::Number(value);
    let list = |codes: &[&str]| Value::List(codes.iter().map(ToString::to_string).collect());
    for (at, place) in ground.plan.neighbourhoods.iter().enumerate() {
        let ring = &place.outline.points;
        quarters.push(area_of(
            ground,
            ring,
            vec![("quarter_no", text(quarter(at)))],
        ));
        let rules = names::rules(place.kind, &mut rng);
        zones.push(area_of(
            ground,
            ring,
            vec![
                ("zone_code", text(rules.code)),
                ("max_height_m", number(rules.height_m)),
                ("max_floors", Value::Integer(rules.floors)),
                ("max_coverage", number(rules.coverage)),
                ("max_far", number(rules.far)),
                ("min_setback_m", number(rules.setback_m)),
                ("min_area_m2", number(rules.area_m2.0)),
                ("max_area_m2", number(rules.area_m2.1)),
                ("uses_main", list(rules.uses[0])),
                ("uses_conditional", list(rules.uses[1])),
                ("uses_auxiliary", list(rules.uses[2])),
                ("document", text(DOCUMENT)),
            ],
        ));
        let code = match place.kind {
            Kind::Centre => "mixed",
            Kind::Flats | Kind::Houses => "residential",
            Kind::Business => "public",
            Kind::Industry => "industrial",
            Kind::Garden => "garden",
            Kind::Park | Kind::Lake => "recreation",
            Kind::Forest => "forest",
            Kind::Field => "agriculture",
        };
        let plan = "Генеральный план городского округа Казань (2020)";
        let properties = vec![("code", text(code)), ("document", text(plan))];
        functional.push(area_of(ground, ring, properties));
        let (name, kind) = match place.kind {
            Kind::Park if at % 3 == 0 => (
                format!("сквер «{}»", ["Дружба", "Юность", "Ветеран"][at % 3]),
                "square",
            ),
            Kind::Park => (
                format!(
                    "парк «{}»",
                    ["Победа", "Урицкого", "Горки", "Крылья"][at % 4]
                ),
                "park",
            ),
            Kind::Lake => ("Прибрежный парк".to_string(), "park"),
            Kind::Forest => ("Городской лес".to_string(), "forest"),
            _ => continue,
        };
        for block in ground
            .blocks
            .iter()
            .filter(|block| block.neighbourhood == at)
        {
            green.push(feature(
                polygon(&block.ring, &[]),
                vec![
                    ("name", text(name.as_str())),
                    ("kind", text(kind)),
                    ("program", text("Озеленение и благоустройство города")),
                    ("year", Value::Integer(rng.whole(2016, 2026))),
                ],
            ));
        }
    }
    vec![
        ("cadastral_quarter", quarters),
        ("territorial_zone", zones),
        ("functional_zone", functional),
        ("green_area", green),
    ]
}

fn red_lines(ground: &Ground) -> Layers {
    let mut rng = Rng::new(ground.seed, 22);
    let (mut lines, mut areas, mut plans) = (vec![], vec![], vec![]);
    for (at, place) in ground.plan.neighbourhoods.iter().enumerate() {
        if matches!(place.kind, Kind::Forest | Kind::Field) {
            continue;
        }
        let blocks: Vec<Vec<Pt>> = ground
            .blocks
            .iter()
            .filter(|block| block.neighbourhood == at)
            .map(|block| block.ring.clone())
            .collect();
        let document = format!("Постановление ИКМО г. Казани № {}", 1000 + at * 7 % 8000);
        let date = day(&mut rng, 2009, 2025);
        for ring in &blocks {
            let mut closed = ring.clone();
            closed.push(ring[0]);
            let status = if rng.chance(0.9) {
                "existing"
            } else {
                "planned"
            };
            lines.push(feature(
                line(&closed),
                vec![
                    ("document", text(document.as_str())),
                    ("date", on(date)),
                    ("status", text(status)),
                ],
            ));
        }
        // The street land of the neighbourhood: all of it but its blocks.
        let outline = bent(ground, &place.outline.points);
        let properties = vec![("document", text(document.as_str()))];
        areas.push(feature(polygon(&outline, &blocks), properties));
        if rng.chance(0.3) {
            let kind = if rng.chance(0.6) { "ppt" } else { "pmt" };
            plans.push(feature(
                polygon(&outline, &[]),
                vec![
                    ("kind", text(kind)),
                    (
                        "number",
                        text(format!("{}-{}", kind.to_uppercase(), 100 + at)),
                    ),
                    ("date", on(day(&mut rng, 2014, 2026))),
                    ("valid", Value::Boolean(rng.chance(0.85))),
                ],
            ));
        }
    }
    vec![
        ("red_line", lines),
        ("red_line_area", areas),
        ("planning_document", plans),
    ]
}

fn restrictions(ground: &Ground) -> Layers {
    let h = ground.plan.half;
    let mut special = Vec::new();
    let mut add = |kind: &str, name: &str, prohibits: &[&str], ring: &[Pt]| {
        let outline = Poly {
            points: rim(ground, 1.2),
            tags: vec![None; 72],
        };
        let ring = if kind == "sanitary" {
            ring.to_vec()
        } else {
            clip(ring, &outline)
        };
        if ring.len() < 3 {
            return;
        }
        let number = format!("16:50-6.{}", 100 + special.len());
        let prohibits = prohibits.iter().map(ToString::to_string).collect();
        special.push(area_of(
            ground,
            &ring,
            vec![
                ("reg_number", text(number)),
                ("kind", text(kind)),
                ("name", text(name)),
                ("prohibits", Value::List(prohibits)),
                ("document", text("Сведения ЕГРН")),
                ("valid", Value::Boolean(true)),
            ],
        ));
    };
    let (k, v) = (KAZANKA, h * VOLGA);
    let no_waste = ["размещение отходов", "движение транспорта вне дорог"];
    for (kind, name, width) in [
        ("water_protection", "Водоохранная зона", 200.0),
        ("coastal_strip", "Прибрежная защитная полоса", 50.0),
    ] {
        let of = |river: &str| format!("{name} р. {river}");
        add(
            kind,
            &of("Казанка"),
            &no_waste,
            &rectangle(v, k, h * 1.3, k + width),
        );
        add(
            kind,
            &of("Казанка"),
            &no_waste,
            &rectangle(v, -k - width, h * 1.3, -k),
        );
        add(
            kind,
            &of("Волга"),
            &no_waste,
            &rectangle(v, -h * 1.3, v + width, -k),
        );
        add(
            kind,
            &of("Волга"),
            &no_waste,
            &rectangle(v, k, v + width, h * 1.3),
        );
    }
    add(
        "flooding",
        "Зона затопления паводком 1 %",
        &["строительство без инженерной защиты"],
        &rectangle(v, k, h * 0.2, k + 90.0),
    );
    add(
        "railway_protection",
        "Охранная зона железной дороги",
        &["складирование материалов"],
        &rectangle(h * RAILWAY - 70.0, -h * 1.3, h * RAILWAY + 70.0, h * 1.3),
    );
    let line_ban = ["строительство", "складирование", "посадка деревьев"];
    add(
        "power_line",
        "Охранная зона ВЛ 220 кВ",
        &line_ban,
        &rectangle(v, h * 0.61, h * 1.3, h * 0.61 + 55.0),
    );
    add(
        "power_line",
        "Охранная зона ВЛ 110 кВ",
        &line_ban,
        &rectangle(h * 0.58, -h * 1.3, h * 0.58 + 42.0, h * 1.3),
    );
    add(
        "gas_pipeline",
        "Охранная зона магистрального газопровода",
        &line_ban,
        &rectangle(v, -h * 0.73, h * 1.3, -h * 0.73 + 50.0),
    );
    let centre = pt(120.0, -k - 480.0);
    add(
        "heritage_protection",
        "Охранная зона Казанского кремля",
        &["строительство выше 12 м"],
        &circle(centre, 420.0),
    );
    add(
        "airport",
        "Приаэродромная территория, шестая подзона",
        &["объекты, привлекающие птиц"],
        &circle(pt(h * 0.45, -h * 0.7), h * 0.42),
    );
    for place in ground
        .plan
        .neighbourhoods
        .iter()
        .filter(|n| n.kind == Kind::Industry)
    {
        let ring = place.outline.inset(|_| -100.0).points;
        let ring = if ring.len() > 2 {
            ring
        } else {
            place.outline.points.clone()
        };
        add(
            "sanitary",
            "Санитарно-защитная зона предприятия",
            &["жилая застройка", "школы"],
            &ring,
        );
    }
    let mut layers = vec![("special_zone", special)];
    layers.extend(heritage(ground, centre));
    layers
}

fn heritage(ground: &Ground, centre: Pt) -> Layers {
    let h = ground.plan.half;
    let mut rng = Rng::new(ground.seed, 23);
    let names = [
        "Дом Шамиля",
        "Дом Ушковой",
        "Усадьба Сандецкого",
        "Номера «Булгар»",
        "Петропавловский собор",
        "Мечеть аль-Марджани",
        "Дом Кекина",
        "Пассаж Александрова",
        "Здание Казанского университета",
        "Гостиный двор",
        "Дом Зинаиды Ушковой",
        "Азимовская мечеть",
    ];
    let old = ground
        .buildings
        .iter()
        .filter(|building| building.main && building.year < 1900);
    let sites: Vec<DemoFeature> = old
        .step_by(5)
        .enumerate()
        .map(|(at, building)| {
            let p = building.ring[0];
            let category = *rng.of(&["federal", "regional", "regional", "municipal"]);
            feature(
                Geometry::Point(geo::Point::new(p.x, p.y)),
                vec![
                    (
                        "reg_number",
                        text(format!("1617111{:08}", 10_000 + at * 37)),
                    ),
                    ("name", text(names[at % names.len()])),
                    ("category", text(category)),
                    ("regime", text("Сохранение облика и габаритов")),
                ],
            )
        })
        .collect();
    let zone = |name: &str, regime: &str, radius: f64, at: usize| {
        area_of(
            ground,
            &circle(centre, radius),
            vec![
                ("reg_number", text(format!("16:50-8.{at}"))),
                ("name", text(name)),
                ("category", text("federal")),
                ("regime", text(regime)),
            ],
        )
    };
    let zones = vec![
        zone("Территория Казанского кремля", "territory", 230.0, 1),
        zone(
            "Зона регулирования застройки центра",
            "development_control",
            900.0_f64.min(h * 0.3),
            2,
        ),
    ];
    let appearance = [
        (
            "АГО-1",
            0.16,
            "Исторический центр: скатные кровли, штукатурка, камень",
        ),
        (
            "АГО-2",
            0.3,
            "Главные улицы: единый силуэт, остекление первых этажей",
        ),
    ];
    let appearance = appearance.map(|(index, share, requirements)| {
        area_of(
            ground,
            &circle(pt(0.0, -h * 0.12), h * share),
            vec![("index", text(index)), ("requirements", text(requirements))],
        )
    });
    let hazard = |kind: &str, level: &str, ring: Vec<Pt>| {
        area_of(
            ground,
            &ring,
            vec![("kind", text(kind)), ("level", text(level))],
        )
    };
    let k = KAZANKA;
    let hazards = vec![
        hazard(
            "flooding",
            "high",
            rectangle(h * VOLGA, k, h * 0.1, k + 70.0),
        ),
        hazard(
            "landslide",
            "medium",
            rectangle(h * 0.35, -k - 260.0, h * 0.6, -k - 60.0),
        ),
        hazard("karst", "low", circle(pt(-h * 0.2, h * 0.5), h * 0.07)),
        hazard(
            "chemical",
            "medium",
            circle(pt(h * RAILWAY + 300.0, h * 0.3), 350.0),
        ),
    ];
    vec![
        ("heritage_site", sites),
        ("heritage_zone", zones),
        ("appearance_area", appearance.into()),
        ("hazard_area", hazards),
    ]
}

fn middle(parcel: &Parcel) -> Geometry<f64> {
    let n = parcel.ring.len() as f64;
    let sum = parcel
        .ring
        .iter()
        .fold((0.0, 0.0), |s, p| (s.0 + p.x, s.1 + p.y));
    let round = |value: f64| (value / n * 100.0).round() / 100.0;
    Geometry::Point(geo::Point::new(round(sum.0), round(sum.1)))
}

/// Permits, contracts and things of the city that stand on parcels.
fn on_parcels(ground: &Ground) -> Layers {
    let mut rng = Rng::new(ground.seed, 24);
    let mut layers: Layers = [
        "land_plan",
        "building_permit",
        "land_contract",
        "municipal_property",
        "advertising",
        "kiosk",
        "improvement",
        "capital_project",
    ]
    .map(|name| (name, Vec::new()))
    .into();
    let holders = [
        "Комитет по физической культуре",
        "МБУ «Школа № 12»",
        "МУП «Метроэлектротранс»",
        "ООО «Волга-Девелопмент»",
        "АО «Казэнерго»",
        "ИП Галиев Р. Р.",
    ];
    for (at, parcel) in ground.parcels.iter().enumerate() {
        let m2 = area(&parcel.ring);
        let number =
            |rng: &mut Rng, prefix: &str| text(format!("{prefix}-{}", rng.whole(1000, 99_999)));
        let whole = || polygon(&parcel.ring, &[]);
        let cadastral = || ("cadastral_number", text(ground.numbers[at].as_str()));
        let built = matches!(
            parcel.kind,
            Kind::Houses | Kind::Flats | Kind::Business | Kind::Centre
        );
        if built && rng.chance(0.03) {
            let date = day(&mut rng, 2023, 2026);
            layers[0].1.push(feature(
                whole(),
                vec![
                    ("number", number(&mut rng, "РФ-16-2-01-0")),
                    ("date", on(date)),
                    (
                        "valid_to",
                        on(date.saturating_add(jiff::Span::new().years(3))),
                    ),
                    cadastral(),
                ],
            ));
        }
        if built && rng.chance(0.02) {
            let date = day(&mut rng, 2023, 2026);
            layers[1].1.push(feature(
                whole(),
                vec![
                    ("number", number(&mut rng, "16-50")),
                    ("date", on(date)),
                    (
                        "valid_to",
                        on(date.saturating_add(jiff::Span::new().years(2))),
                    ),
                    cadastral(),
                ],
            ));
        }
        let public = matches!(
            parcel.kind,
            Kind::Flats | Kind::Business | Kind::Industry | Kind::Centre
        );
        let holder = text(*rng.of(&holders));
        let term = on(day(&mut rng, 2026, 2045));
        if public && rng.chance(0.05) {
            layers[2].1.push(feature(
                whole(),
                vec![
                    ("number", number(&mut rng, "А")),
                    (
                        "kind",
                        text(*rng.of(&["lease", "free_use", "perpetual_use", "easement"])),
                    ),
                    ("holder", holder.clone()),
                    ("term", term.clone()),
                ],
            ));
        }
        if public && rng.chance(0.03) {
            layers[3].1.push(feature(
                middle(parcel),
                vec![
                    ("number", number(&mut rng, "МС")),
                    (
                        "kind",
                        text(*rng.of(&["operational", "economic", "free_use", "lease"])),
                    ),
                    ("holder", holder),
                    ("term", term.clone()),
                ],
            ));
        }
        let corner = parcel.ring[0];
        let corner = || Geometry::Point(geo::Point::new(corner.x, corner.y));
        if public && rng.chance(0.04) {
            layers[4].1.push(feature(
                corner(),
                vec![
                    ("passport_no", number(&mut rng, "П")),
                    (
                        "kind",
                        text(*rng.of(&["billboard", "city_format", "pillar", "screen"])),
                    ),
                    ("valid_to", on(day(&mut rng, 2026, 2031))),
                ],
            ));
        }
        if public && rng.chance(0.02) {
            layers[5].1.push(feature(
                corner(),
                vec![
                    ("scheme_no", number(&mut rng, "С")),
                    (
                        "kind",
                        text(*rng.of(&["kiosk", "pavilion", "seasonal", "vending"])),
                    ),
                    ("term", term),
                ],
            ));
        }
        let yard = matches!(parcel.kind, Kind::Flats | Kind::Park);
        if yard && rng.chance(0.06) {
            let kind = if parcel.kind == Kind::Park {
                "park"
            } else {
                "yard"
            };
            layers[6].1.push(feature(
                whole(),
                vec![
                    ("name", text("Наш двор")),
                    ("kind", text(kind)),
                    ("program", text("Наш двор")),
                    ("year", Value::Integer(rng.whole(2020, 2027))),
                ],
            ));
        }
        if m2 > 2_500.0 && public && rng.chance(0.012) {
            layers[7].1.push(feature(
                whole(),
                vec![
                    (
                        "name",
                        text(*rng.of(&[
                            "Школа на 1224 места",
                            "Детский сад на 260 мест",
                            "Поликлиника",
                            "Спортивный центр",
                        ])),
                    ),
                    ("program", text("Образование и здоровье")),
                    (
                        "stage",
                        text(*rng.of(&["planned", "design", "tender", "construction"])),
                    ),
                ],
            ));
        }
    }
    layers
}
