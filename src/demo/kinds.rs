//! Kinds of ground: how big blocks and parcels are there, and which zone and use they have.
//!
//! Where a kind lies is decided in `cells.rs`; what stands on it in `buildings.rs`.

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Old dense centre.
    Centre,
    /// Five-floor quarters.
    Mid,
    /// Panel-house microdistrict.
    Panel,
    /// Detached houses.
    Private,
    /// Row houses and low blocks.
    Low,
    /// Shops and offices.
    Business,
    /// Schools, hospitals, sport.
    Public,
    /// Works.
    Industry,
    /// Warehouses and depots.
    Depot,
    /// Boiler houses, substations.
    Utility,
    /// Parks and squares.
    Park,
    /// Woods.
    Forest,
    /// Fields.
    Field,
    /// Allotment gardens.
    Garden,
    /// Cemetery.
    Cemetery,
    /// Waste treatment.
    Waste,
    /// Land of the railway.
    Rail,
    /// Water.
    Water,
}

/// Sizes and codes of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Width and length of a block, m.
    pub block: (f64, f64),
    /// Front and depth of a parcel, m; 0 where the block is one parcel.
    pub parcel: (f64, f64),
    /// Territorial zone.
    pub zone: &'static str,
    /// Functional zone.
    pub function: &'static str,
    /// Permitted use of its parcels.
    pub land_use: &'static str,
    /// Cadastral value, roubles per m².
    pub value: f64,
}

impl Kind {
    /// Its sizes and codes.
    pub fn spec(self) -> Spec {
        let (block, parcel, zone, function, land_use, value) = match self {
            Kind::Centre => ((105.0, 150.0), (36.0, 46.0), "ОД-1", "public", "business", 11_800.0),
            Kind::Mid => ((150.0, 220.0), (52.0, 62.0), "Ж-3", "residential", "mkd", 7_400.0),
            Kind::Panel => ((250.0, 330.0), (84.0, 92.0), "Ж-4", "residential", "mkd", 6_900.0),
            Kind::Private => ((74.0, 230.0), (20.5, 34.0), "Ж-1", "residential", "izhs", 2_450.0),
            Kind::Low => ((110.0, 200.0), (34.0, 46.0), "Ж-2", "residential", "mkd", 4_300.0),
            Kind::Business => ((140.0, 190.0), (52.0, 58.0), "ОД-2", "mixed", "business", 8_900.0),
            Kind::Public => {
                ((170.0, 210.0), (95.0, 100.0), "О-1", "public", "public_service", 4_100.0)
            }
            Kind::Industry => {
                ((280.0, 420.0), (105.0, 130.0), "П-1", "industrial", "industry", 1_950.0)
            }
            Kind::Depot => ((190.0, 300.0), (64.0, 82.0), "П-2", "industrial", "industry", 1_700.0),
            Kind::Utility => ((140.0, 180.0), (80.0, 90.0), "И-1", "engineering", "utility", 900.0),
            Kind::Park => ((420.0, 600.0), (0.0, 0.0), "Р-1", "recreation", "recreation", 620.0),
            Kind::Forest => ((900.0, 1300.0), (0.0, 0.0), "Р-2", "forest", "forest", 12.0),
            Kind::Field => {
                ((600.0, 800.0), (290.0, 340.0), "СХ-1", "agriculture", "agriculture", 8.0)
            }
            Kind::Garden => ((64.0, 190.0), (18.5, 30.0), "СХ-2", "garden", "garden", 640.0),
            Kind::Cemetery => ((420.0, 600.0), (0.0, 0.0), "С-1", "special", "utility", 300.0),
            Kind::Waste => ((300.0, 400.0), (120.0, 140.0), "С-2", "special", "utility", 250.0),
            Kind::Rail => ((1e9, 1e9), (0.0, 0.0), "Т-1", "transport", "transport", 1_100.0),
            Kind::Water => ((1e9, 1e9), (0.0, 0.0), "", "water", "reserve", 0.0),
        };
        Spec { block, parcel, zone, function, land_use, value }
    }
}

/// Words for a permitted use as deeds write them.
pub fn use_words(code: &str) -> &'static [&'static str] {
    match code {
        "izhs" => &[
            "Для индивидуального жилищного строительства",
            "Под индивидуальный жилой дом",
            "Индивидуальное жилищное строительство",
        ],
        "mkd" => &[
            "Многоэтажная жилая застройка (высотная застройка)",
            "Среднеэтажная жилая застройка",
            "Для эксплуатации многоквартирного жилого дома",
        ],
        "business" => &["Деловое управление", "Магазины", "Гостиничное обслуживание", "Рынки"],
        "industry" => &["Производственная деятельность", "Склады", "Строительная промышленность"],
        "public_service" => &[
            "Дошкольное, начальное и среднее общее образование",
            "Здравоохранение",
            "Спорт",
            "Культурное развитие",
        ],
        "transport" => &["Железнодорожный транспорт", "Хранение автотранспорта"],
        "utility" => &["Коммунальное обслуживание", "Предоставление коммунальных услуг"],
        "recreation" => &["Отдых (рекреация)", "Парки культуры и отдыха"],
        "garden" => &["Для ведения садоводства", "Ведение садоводства"],
        "agriculture" => &["Для сельскохозяйственного производства", "Растениеводство"],
        "forest" => &["Использование лесов", "Резервные леса"],
        _ => &["Земли запаса"],
    }
}
