//! Panels with known answers, the traps of the field, and what must hold for every panel.

mod cells;
mod figures;
mod import;
mod properties;
mod samples;
mod traps;

use lifeline_core::blood::{Antigen, AntigenProfile};

use super::*;

pub(super) fn knowledge() -> &'static Knowledge {
    Knowledge::builtin().unwrap()
}

/// Antigens by name.
pub(super) fn named(text: &str) -> Vec<Antigen> {
    text.split_whitespace()
        .map(|name| Antigen::parse(name).unwrap())
        .collect()
}

/// Under the default policy and population.
pub(super) fn read(text: &str) -> (Panel, Identification) {
    let panel = parse(text).unwrap();
    let answer = answer(&panel, "", &AntigenProfile::default());
    (panel, answer)
}

pub(super) fn answer(panel: &Panel, policy: &str, patient: &AntigenProfile) -> Identification {
    let knowledge = knowledge();
    identify(
        knowledge,
        knowledge.policy(policy).unwrap(),
        knowledge.population("").unwrap(),
        panel,
        patient,
    )
}

/// The cells of the eleven-cell sample antigram, without reactions.
pub(super) const ANTIGRAM: &str = "\
cell,label,D,C,E,c,e,f,Cw,K,k,Kpa,Kpb,Fya,Fyb,Jka,Jkb,Lea,Leb,P1,M,N,S,s,Lua,Lub
1,R1wR1,1,1,0,0,1,0,1,0,1,0,1,1,0,0,1,0,1,1,1,0,0,1,0,1
2,R1R1,1,1,0,0,1,0,0,1,1,0,1,0,1,1,0,0,1,1,0,1,1,1,0,1
3,R2R2,1,0,1,1,0,0,0,0,1,0,1,1,1,1,0,0,1,0,0,1,0,1,0,1
4,r'r,0,1,0,1,1,1,0,0,1,0,1,0,1,0,1,0,1,1,1,0,1,0,0,1
5,r''r,0,0,1,1,1,1,0,0,1,0,1,0,1,1,1,1,0,1,1,0,1,0,0,1
6,rr,0,0,0,1,1,1,0,1,1,0,1,1,0,0,1,0,0,0,1,1,1,1,0,1
7,rr,0,0,0,1,1,1,0,0,1,1,1,0,1,1,0,0,1,1,1,0,0,1,0,1
8,R0r,1,0,0,1,1,1,0,0,1,0,1,0,0,1,1,0,0,1,0,1,1,0,0,1
9,rr,0,0,0,1,1,1,0,1,0,0,1,0,1,0,1,0,1,1,1,1,0,1,1,1
10,rr,0,0,0,1,1,1,0,0,1,0,1,1,0,1,0,1,0,0,1,0,1,1,0,1
11,rr,0,0,0,1,1,1,0,0,1,0,1,1,1,0,1,0,1,1,0,1,1,0,0,1";

/// The antigram with one reaction a cell in the antiglobulin phase, and one for the autocontrol.
pub(super) fn with(reactions: &str, autocontrol: &str) -> String {
    let mut lines = ANTIGRAM.lines();
    let mut text = format!("{},rx_AHG\n", lines.next().unwrap());
    for (line, reaction) in lines.zip(reactions.split_whitespace()) {
        text += &format!("{line},{reaction}\n");
    }
    let blanks = ",".repeat(ANTIGRAM.lines().next().unwrap().split(',').count() - 2);
    text + &format!("AC,autocontrol{blanks},{autocontrol}\n")
}

/// What the first explanation names.
pub(super) fn first(answer: &Identification) -> Vec<Antigen> {
    answer.explanations.first().unwrap().antibodies.clone()
}
