//! Names and words of the demo city: streets of Kazan, uses, divisions of the rules.

use super::plan::Kind;
use super::rng::Rng;

/// Streets of the first rank.
pub const MAIN: [&str; 18] = [
    "проспект Победы",
    "проспект Ямашева",
    "Горьковское шоссе",
    "Сибирский тракт",
    "Оренбургский тракт",
    "улица Чистопольская",
    "улица Декабристов",
    "улица Вишневского",
    "улица Николая Ершова",
    "улица Фучика",
    "улица Сабан",
    "улица Восстания",
    "проспект Ибрагимова",
    "улица Патриса Лумумбы",
    "улица Даурская",
    "улица Амирхана",
    "улица Рихарда Зорге",
    "Мамадышский тракт",
];

const NAMES: [&str; 56] = [
    "Баумана",
    "Кремлёвская",
    "Габдуллы Тукая",
    "Пушкина",
    "Муштари",
    "Карла Маркса",
    "Большая Красная",
    "Островского",
    "Профсоюзная",
    "Щапова",
    "Волкова",
    "Гоголя",
    "Лобачевского",
    "Бутлерова",
    "Толстого",
    "Достоевского",
    "Айвазовского",
    "Калинина",
    "Космонавтов",
    "Гвардейская",
    "Танковая",
    "Кулахметова",
    "Мавлютова",
    "Ахтямова",
    "Татарстан",
    "Марджани",
    "Каюма Насыри",
    "Фатиха Карима",
    "Галиаскара Камала",
    "Московская",
    "Лесная",
    "Садовая",
    "Советская",
    "Центральная",
    "Школьная",
    "Нагорная",
    "Полевая",
    "Заречная",
    "Молодёжная",
    "Мира",
    "Гагарина",
    "Серова",
    "Краснококшайская",
    "Болотникова",
    "Батыршина",
    "Можайского",
    "Лушникова",
    "Завойского",
    "Четаева",
    "Меридианная",
    "Абсалямова",
    "Бондаренко",
    "Гаврилова",
    "Голубятникова",
    "Адоратского",
    "Лаврентьева",
];

const BEFORE: [&str; 7] = ["", "", "Малая ", "Новая ", "Верхняя ", "Нижняя ", "2-я "];

/// The name of a street of a class.
pub fn street(number: usize, class: &str, rng: &mut Rng) -> String {
    if matches!(class, "highway" | "main") {
        return MAIN[number % MAIN.len()].to_string();
    }
    let name = NAMES[(rng.next() % NAMES.len() as u64) as usize];
    let before = if name.ends_with("ая") {
        *rng.of(&BEFORE)
    } else {
        ""
    };
    format!("улица {before}{name}")
}

/// Use of a parcel: code, words as written in documents.
pub fn permitted_use(kind: Kind, rng: &mut Rng) -> (&'static str, &'static str) {
    match kind {
        Kind::Houses => *rng.of(&[
            ("izhs", "Для индивидуального жилищного строительства"),
            ("izhs", "Индивидуальное жилищное строительство"),
            ("izhs", "Под жилой дом"),
        ]),
        Kind::Flats => *rng.of(&[
            ("mkd", "Многоэтажная жилая застройка (высотная застройка)"),
            ("mkd", "Среднеэтажная жилая застройка"),
            ("mkd", "Для эксплуатации многоквартирного дома"),
            (
                "public_service",
                "Дошкольное, начальное и среднее общее образование",
            ),
        ]),
        Kind::Centre => *rng.of(&[
            ("business", "Деловое управление"),
            ("mkd", "Среднеэтажная жилая застройка"),
            ("public_service", "Культурное развитие"),
            ("business", "Магазины"),
        ]),
        Kind::Business => *rng.of(&[
            ("business", "Объекты торговли (торговые центры)"),
            ("business", "Деловое управление"),
            ("public_service", "Здравоохранение"),
        ]),
        Kind::Industry => *rng.of(&[
            ("industry", "Производственная деятельность"),
            ("industry", "Склады"),
            ("transport", "Служебные гаражи"),
            ("utility", "Коммунальное обслуживание"),
        ]),
        Kind::Garden => ("garden", "Ведение садоводства"),
        Kind::Park | Kind::Lake => ("recreation", "Парки культуры и отдыха"),
        Kind::Forest => ("forest", "Городские леса"),
        Kind::Field => ("agriculture", "Для сельскохозяйственного производства"),
    }
}

/// Rules of a territorial zone.
pub struct Rules {
    pub code: &'static str,
    pub floors: i64,
    pub height_m: f64,
    pub coverage: f64,
    pub far: f64,
    pub setback_m: f64,
    pub area_m2: (f64, f64),
    pub uses: [&'static [&'static str]; 3],
}

/// The rules of a kind of neighbourhood.
pub fn rules(kind: Kind, rng: &mut Rng) -> Rules {
    let (code, floors, height_m, coverage, far, setback_m, area_m2) = match kind {
        Kind::Houses => ("Ж-1", 3, 12.0, 40.0, 0.6, 3.0, (300.0, 1_500.0)),
        Kind::Flats if rng.chance(0.3) => ("Ж-4", 25, 75.0, 40.0, 2.5, 3.0, (1_500.0, 60_000.0)),
        Kind::Flats => ("Ж-3", 10, 33.0, 40.0, 1.8, 3.0, (1_200.0, 50_000.0)),
        Kind::Centre if rng.chance(0.35) => ("ОД-1", 6, 24.0, 70.0, 2.4, 0.0, (200.0, 20_000.0)),
        Kind::Centre => ("ОД-2", 5, 20.0, 60.0, 2.0, 0.0, (200.0, 20_000.0)),
        Kind::Business => ("О-1", 12, 45.0, 60.0, 2.4, 3.0, (500.0, 50_000.0)),
        Kind::Industry if rng.chance(0.3) => ("П-2", 6, 30.0, 60.0, 1.8, 3.0, (500.0, 300_000.0)),
        Kind::Industry => ("П-1", 4, 24.0, 60.0, 1.5, 3.0, (500.0, 300_000.0)),
        Kind::Garden => ("СХ-2", 2, 9.0, 30.0, 0.4, 3.0, (200.0, 1_200.0)),
        Kind::Park | Kind::Lake => ("Р-1", 2, 8.0, 7.0, 0.1, 5.0, (1_000.0, 500_000.0)),
        Kind::Forest => ("Р-2", 1, 5.0, 2.0, 0.02, 5.0, (1_000.0, 2_000_000.0)),
        Kind::Field => ("СХ-1", 1, 8.0, 10.0, 0.1, 5.0, (5_000.0, 2_000_000.0)),
    };
    let uses: [&'static [&'static str]; 3] = match kind {
        Kind::Houses => [
            &["izhs"],
            &["business", "public_service"],
            &["utility", "road"],
        ],
        Kind::Flats => [
            &["mkd", "public_service"],
            &["business"],
            &["utility", "road"],
        ],
        Kind::Centre => [
            &["business", "public_service"],
            &["mkd"],
            &["utility", "road"],
        ],
        Kind::Business => [
            &["business"],
            &["mkd", "public_service"],
            &["utility", "transport"],
        ],
        Kind::Industry => [
            &["industry", "utility"],
            &["business"],
            &["transport", "road"],
        ],
        Kind::Garden => [&["garden"], &["izhs"], &["utility", "road"]],
        Kind::Park | Kind::Lake => [&["recreation"], &["business"], &["utility", "road"]],
        Kind::Forest => [&["forest", "recreation"], &[], &["utility"]],
        Kind::Field => [&["agriculture"], &["garden"], &["utility", "road"]],
    };
    Rules {
        code,
        floors,
        height_m,
        coverage,
        far,
        setback_m,
        area_m2,
        uses,
    }
}
