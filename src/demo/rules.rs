//! The development rules: limits and uses of each territorial zone.

use super::features::{Props, list, number, text};
use super::kinds::Kind;
use crate::layer::Value;

const RULES: &str = "Правила землепользования и застройки города Казани, решение Казанской \
     городской Думы от 24.12.2021 № 7-15";

type Limits = (Option<f64>, Option<i64>, Option<f64>, Option<f64>, f64, Option<(f64, f64)>);

/// Height m, floors, coverage %, floor area ratio, setback m, parcel area from–to m².
fn limits(zone: &str) -> Limits {
    match zone {
        "Ж-1" => (Some(12.0), Some(3), Some(40.0), Some(0.8), 3.0, Some((300.0, 2000.0))),
        "Ж-2" => (Some(16.0), Some(4), Some(40.0), Some(1.0), 3.0, Some((400.0, 10_000.0))),
        "Ж-3" => (Some(28.0), Some(8), Some(40.0), Some(1.6), 3.0, Some((1000.0, 30_000.0))),
        "Ж-4" => (Some(75.0), Some(25), Some(35.0), Some(2.2), 3.0, Some((1500.0, 50_000.0))),
        "ОД-1" => (Some(22.0), Some(6), Some(70.0), Some(2.8), 0.0, Some((200.0, 20_000.0))),
        "ОД-2" => (Some(50.0), Some(16), Some(60.0), Some(2.4), 3.0, Some((400.0, 40_000.0))),
        "О-1" => (Some(24.0), Some(7), Some(40.0), Some(1.2), 5.0, Some((1000.0, 60_000.0))),
        "П-1" => (Some(36.0), None, Some(65.0), Some(1.8), 5.0, Some((1000.0, 400_000.0))),
        "П-2" => (Some(24.0), None, Some(60.0), Some(1.6), 5.0, Some((500.0, 100_000.0))),
        "Т-1" | "И-1" => (Some(20.0), None, Some(60.0), None, 3.0, None),
        "Р-1" => (Some(10.0), Some(2), Some(7.0), Some(0.1), 5.0, None),
        "СХ-2" => (Some(9.0), Some(2), Some(30.0), Some(0.5), 3.0, Some((300.0, 1500.0))),
        "СХ-1" => (Some(12.0), None, Some(20.0), None, 5.0, Some((2000.0, 1_000_000.0))),
        _ => (None, None, Some(10.0), None, 5.0, None),
    }
}

type Uses = (&'static [&'static str], &'static [&'static str], &'static [&'static str]);

fn uses(zone: &str) -> Uses {
    let side: &[&str] = &["Коммунальное обслуживание", "Благоустройство территории"];
    let (main, conditional): (&[&str], &[&str]) = match zone {
        "Ж-1" => (
            &["Для индивидуального жилищного строительства", "Блокированная жилая застройка"],
            &["Магазины", "Общественное питание"],
        ),
        "Ж-2" | "Ж-3" | "Ж-4" => (
            &[
                "Среднеэтажная жилая застройка",
                "Многоэтажная жилая застройка (высотная застройка)",
                "Дошкольное, начальное и среднее общее образование",
            ],
            &["Магазины", "Гостиничное обслуживание", "Объекты дорожного сервиса"],
        ),
        "ОД-1" | "ОД-2" => (
            &["Деловое управление", "Магазины", "Гостиничное обслуживание", "Культурное развитие"],
            &["Многоэтажная жилая застройка (высотная застройка)", "Служебные гаражи"],
        ),
        "О-1" => (&["Образование и просвещение", "Здравоохранение", "Спорт"], &["Магазины"]),
        "П-1" | "П-2" => (&["Производственная деятельность", "Склады"], &["Деловое управление"]),
        "Т-1" => (&["Железнодорожный транспорт", "Автомобильный транспорт"], &["Склады"]),
        "И-1" => (&["Коммунальное обслуживание", "Энергетика"], &["Связь"]),
        "Р-1" => (&["Отдых (рекреация)", "Парки культуры и отдыха"], &["Общественное питание"]),
        "Р-2" => (
            &["Использование лесов", "Охрана природных территорий"],
            &["Туристическое обслуживание"],
        ),
        "СХ-1" => (&["Растениеводство", "Животноводство"], &["Склады"]),
        "СХ-2" => (&["Ведение садоводства", "Ведение огородничества"], &["Магазины"]),
        _ => (&["Ритуальная деятельность", "Специальная деятельность"], &[]),
    };
    (main, conditional, side)
}

/// The regulation of the zone of a kind.
pub fn regulation(kind: Kind) -> Props {
    let zone = kind.spec().zone;
    let (height, floors, coverage, far, setback, size) = limits(zone);
    let (main, conditional, auxiliary) = uses(zone);
    let or = |v: Option<f64>| v.map_or(Value::Null, number);
    vec![
        ("zone_code", text(zone)),
        ("max_height_m", or(height)),
        ("max_floors", floors.map_or(Value::Null, Value::Integer)),
        ("max_coverage", or(coverage)),
        ("max_far", or(far)),
        ("min_setback_m", number(setback)),
        ("min_area_m2", or(size.map(|s| s.0))),
        ("max_area_m2", or(size.map(|s| s.1))),
        ("uses_main", list(main)),
        ("uses_conditional", list(conditional)),
        ("uses_auxiliary", list(auxiliary)),
        ("document", text(RULES)),
    ]
}
