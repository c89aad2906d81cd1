//! What a store without a plan does: the yardstick that scores of model Z are taken from.

use super::plan::Day;

/// Oldest first: requests by the day they are needed, on one day those who need most antigens absent first, then in their order;
/// each takes of the bags it may have the patient's own ABO and RhD first, of these the oldest, then the first.
pub fn oldest_first(day: &Day) -> Vec<(u32, u32)> {
    let (instance, problem) = (day.instance(), day.problem());
    let abd = instance.bit("A") | instance.bit("B") | instance.bit("D");
    let mut order: Vec<(u32, u32, u32)> = (0u32..)
        .zip(&instance.requests)
        .map(|(place, request)| {
            let group = instance.groups.get(request.group);
            let needed = group.map_or(0, |group| group.mandatory.count_ones());
            (request.lead, u32::MAX - needed, place)
        })
        .collect();
    order.sort_unstable();
    let mut free: Vec<(usize, u32)> = Vec::new();
    for (kind, members) in problem.kinds.iter().enumerate() {
        free.extend(members.iter().map(|unit| (kind, *unit)));
    }
    let mut given = Vec::new();
    for (_, _, place) in order {
        let Some(request) = instance.requests.get(place as usize) else {
            continue;
        };
        let mut fits: Vec<(bool, u32, u32)> = free
            .iter()
            .filter(|(kind, _)| problem.possible(place as usize, *kind))
            .filter_map(|(_, unit)| {
                let bag = instance.units.get(*unit as usize)?;
                let other = (bag.phenotype.positive ^ request.phenotype.positive) & abd != 0;
                Some((other, u32::MAX - bag.age, *unit))
            })
            .collect();
        fits.sort_unstable();
        fits.truncate(request.wanted as usize);
        free.retain(|(_, unit)| fits.iter().all(|(_, _, taken)| taken != unit));
        given.extend(fits.into_iter().map(|(_, _, unit)| (unit, place)));
    }
    given
}
