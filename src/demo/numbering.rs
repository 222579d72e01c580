//! Cadastral numbers and house numbers.

use super::buildings::Building;
use super::cells::Cells;
use super::line::beside;
use super::parcels::Parcel;
use super::zoning::Districts;

/// Gives parcels their cadastral numbers; says how many each quarter has.
pub fn number_parcels(parcels: &mut [Parcel], cells: &Cells, ground: &Districts) -> Vec<usize> {
    let mut next = vec![0_usize; ground.quarter_no.len()];
    for p in parcels {
        let q = cells.cells[p.cell].quarter;
        next[q] += 1;
        p.number = format!("{}:{}", ground.quarter_no[q], next[q]);
    }
    next
}

/// House numbers of parcels with main buildings: odd on the left of the street, even on the right.
pub fn house_numbers(parcels: &[Parcel], buildings: &[Building], cells: &Cells) -> Vec<usize> {
    let mut built = vec![false; parcels.len()];
    for b in buildings.iter().filter(|b| b.main) {
        built[b.parcel] = true;
    }
    let mut order: Vec<(usize, bool, f64, usize)> = Vec::new();
    for (i, p) in parcels.iter().enumerate() {
        if let (true, Some(front)) = (built[i], p.front) {
            let (_, left, along) = beside(&cells.streets[front.street].line, front.at);
            order.push((front.street, left, along, i));
        }
    }
    order.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)).then(a.3.cmp(&b.3)));
    let mut numbers = vec![0; parcels.len()];
    let mut last = (usize::MAX, false, 0_usize);
    for (street, left, _, parcel) in order {
        let n =
            if (street, left) == (last.0, last.1) { last.2 + 2 } else { usize::from(!left) + 1 };
        numbers[parcel] = n;
        last = (street, left, n);
    }
    numbers
}
