//! Which further cells to test.

use super::*;

fn chosen(text: &str, open: &str, identified: &str) -> (Vec<String>, Selection) {
    let panel = parse(text).unwrap();
    let pool: Vec<&Cell> = panel
        .cells
        .iter()
        .filter(|cell| cell.reactive().is_none())
        .collect();
    let knowledge = knowledge();
    let selection = select(
        knowledge,
        knowledge.policy("").unwrap(),
        &pool,
        &named(open),
        &named(identified),
        &[],
        identified.is_empty(),
    );
    let cells = selection
        .choices
        .iter()
        .map(|choice| pool[choice.index].id.clone());
    (cells.collect(), selection)
}

const POOL: &str = "cell,label,D,C,E,c,e,K,k,Jka,Jkb\n\
    A,R2R2,1,0,1,1,0,0,1,1,0\n\
    B,R1Rz,1,1,1,0,1,0,1,1,1\n\
    C,RzRz,1,1,1,0,0,0,1,0,1\n\
    D,R1R1,1,1,0,0,1,1,0,1,0\n\
    E,R1R1,1,1,0,0,1,1,1,1,0\n\
    F,rr,0,0,0,1,1,0,1,0,1\n";

#[test]
fn to_exclude_e_beside_anti_c_a_double_dose_cell_without_c_is_chosen() {
    let (cells, selection) = chosen(POOL, "E", "c");
    assert_eq!(cells, ["C"]);
    assert!(selection.exact);
}

#[test]
fn the_smallest_set_settles_everything_that_can_be() {
    // One cell settles K and Jka, another E; greedy and exact agree that two are needed.
    let (cells, selection) = chosen(POOL, "E K Jka", "c");
    assert_eq!(cells, ["D", "C"]);
    assert_eq!(selection.unresolved, []);
}

#[test]
fn what_no_cell_settles_is_said() {
    let (cells, selection) = chosen(POOL, "e", "c D");
    assert_eq!(cells, [] as [&str; 0]);
    assert_eq!(selection.unresolved, named("e"));
}

#[test]
fn to_confirm_one_of_two_the_cell_lacks_the_other() {
    let (cells, _) = chosen(POOL, "c", "c D");
    assert_eq!(cells, ["F"]);
}

#[test]
fn two_suspects_get_a_cell_each() {
    let (cells, _) = chosen(POOL, "E K", "");
    assert_eq!(cells.len(), 2);
}

#[test]
fn exact_beats_greedy_where_greedy_is_led_astray() {
    // The cell that settles most is not in the smallest set.
    let pool = "cell,D,f,Cw,Kpa,Lua,Dia\n\
        1,1,1,1,1,0,0\n\
        2,1,1,0,0,1,0\n\
        3,0,0,1,1,0,1\n";
    let (cells, selection) = chosen(pool, "D f Cw Kpa Lua Dia", "");
    // Each suspect would get a cell of its own where there is one; none is pure here except by chance, so both are needed.
    assert!(selection.exact);
    assert_eq!(cells.len(), 2);
}

#[test]
fn a_cell_both_explanations_foresee_alike_tells_nothing() {
    let (panel, answer) = read(&with("3+ 3+ 3+ 1+ 0 0 0 3+ 0 0 0", "0"));
    let bits = |id: &str| information(knowledge(), panel.cell(id).unwrap(), &answer.hypotheses);
    // rr cells carry none of D, C, E, Cw; the r''r cell tells about E.
    assert!(bits("5") > bits("6"));
    assert!(bits("6") >= 0.0 && bits("5") <= 1.0);
}
