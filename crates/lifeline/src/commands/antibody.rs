//! `lifeline antibody`

use std::collections::BTreeMap;
use std::process::ExitCode;

use lifeline_core::blood::{Antigen, AntigenProfile, Typing};
use lifeline_decisions::antibody::{
    Advice, Cause, Cell, Explanation, How, Identification, Knowledge, Panel, Population,
    RuleOutPolicy, Selection, identify, parse, select,
};
use serde_json::{Value, json};

use crate::answer::{Failure, finish, print_json, print_line, read_input};

/// Which antibody explains a panel, and which cells to test next.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    question: Question,
}

#[derive(clap::Subcommand)]
enum Question {
    /// What is excluded, what explains the reactions, whether that suffices.
    Identify(Identify),
    /// Which further cells separate what is left.
    SelectCells(SelectCells),
}

#[derive(clap::Args)]
struct Common {
    /// CSV: `cell,label`, antigens (1, 0, blank), `rx_PHASE` (0, w+, 1+ to 4+, H, NT); `-` is standard input.
    panel: String,
    /// The patient's own antigens, as `K=0,Jka=1`.
    #[arg(long, default_value = "")]
    phenotype: String,
    /// Whose priors: `han`, `european`, `even`.
    #[arg(long, default_value = "")]
    population: String,
    /// Rule-out policy: `double-dose`, `k-single-dose`, `single-dose-exceptions`, `three-single-dose`.
    #[arg(long, default_value = "")]
    policy: String,
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Identify {
    #[command(flatten)]
    common: Common,
}

#[derive(clap::Args)]
struct SelectCells {
    #[command(flatten)]
    common: Common,
    /// What is still open, as `E,K`.
    #[arg(long)]
    to_resolve: String,
    /// What is identified already; by default what the reactions of the panel say.
    #[arg(long)]
    identified: Option<String>,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> ExitCode {
    match &arguments.question {
        Question::Identify(question) => finish(question.common.json, identify_panel(question)),
        Question::SelectCells(question) => finish(question.common.json, select_cells(question)),
    }
}

struct Case {
    knowledge: &'static Knowledge,
    policy: &'static RuleOutPolicy,
    population: &'static Population,
    panel: Panel,
    patient: AntigenProfile,
}

impl Case {
    fn read(common: &Common) -> Result<Self, Failure> {
        let knowledge = Knowledge::builtin().map_err(|error| Failure::new("policy", error))?;
        let policy = knowledge.policy(&common.policy).ok_or_else(|| {
            let names: Vec<&str> = knowledge.policies.iter().map(|p| p.name.as_str()).collect();
            unknown("policy", &common.policy, &names)
        })?;
        let population = knowledge.population(&common.population).ok_or_else(|| {
            let names: Vec<&str> = knowledge
                .populations
                .iter()
                .map(|p| p.name.as_str())
                .collect();
            unknown("population", &common.population, &names)
        })?;
        let bytes = read_input(&common.panel)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            Failure::new("not-text", "the panel is not UTF-8 text")
                .at(error.utf8_error().valid_up_to())
        })?;
        let panel = parse(&text).map_err(|error| {
            let failure = Failure::new("panel", &error);
            match error.place() {
                Some(place) => failure.field(place),
                None => failure,
            }
        })?;
        Ok(Self {
            knowledge,
            policy,
            population,
            panel,
            patient: phenotype(&common.phenotype)?,
        })
    }

    fn identify(&self) -> Identification {
        identify(
            self.knowledge,
            self.policy,
            self.population,
            &self.panel,
            &self.patient,
        )
    }
}

fn unknown(what: &'static str, given: &str, names: &[&str]) -> Failure {
    let names = names.join(", ");
    Failure::new(what, format!("no {what} {given:?}; there are {names}")).field(what)
}

fn antigen(text: &str) -> Result<Antigen, Failure> {
    Antigen::parse(text).ok_or_else(|| Failure::new("antigen", format!("no antigen {text:?}")))
}

fn antigens(text: &str) -> Result<Vec<Antigen>, Failure> {
    let names = text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    names.map(antigen).collect()
}

fn phenotype(text: &str) -> Result<AntigenProfile, Failure> {
    let mut profile = AntigenProfile::default();
    for part in text.split(',').filter(|part| !part.trim().is_empty()) {
        let wrong = || {
            Failure::new(
                "phenotype",
                format!("{part:?} is not ANTIGEN=0 or ANTIGEN=1"),
            )
            .field(part.trim())
        };
        let (name, value) = part.split_once('=').ok_or_else(wrong)?;
        let antigen = antigen(name)?;
        let typing = match value.trim() {
            "1" | "+" => Typing::Positive,
            "0" | "-" => Typing::Negative,
            _ => return Err(wrong()),
        };
        if profile.typing(antigen) != Typing::NotTested {
            let why = format!("{name} is given twice");
            return Err(Failure::new("phenotype", why).field(name.trim()));
        }
        profile.set(antigen, typing);
    }
    Ok(profile)
}

fn names(antigens: &[Antigen]) -> Vec<&'static str> {
    antigens.iter().map(|antigen| antigen.name()).collect()
}

fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Alloantibodies => "alloantibodies",
        Cause::Autoantibody => "autoantibody",
        Cause::HighPrevalence => "antibody against a high-prevalence antigen",
        Cause::LowPrevalence => "antibody against a low-prevalence antigen or HLA",
        Cause::Unspecific => "no antibody, or reactions without pattern",
    }
}

fn title(explanation: &Explanation) -> String {
    if explanation.antibodies.is_empty() {
        return cause(explanation.cause).into();
    }
    let named: Vec<String> = names(&explanation.antibodies)
        .iter()
        .map(|name| format!("anti-{name}"))
        .collect();
    named.join(" + ")
}

fn why(explanation: &Explanation) -> String {
    let mut said = vec![format!(
        "{} explains reactive cells {}",
        title(explanation),
        list(&explanation.explained)
    )];
    if !explanation.unexplained.is_empty() {
        said.push(format!(
            "leaves cells {} open",
            list(&explanation.unexplained)
        ));
    }
    for (antigen, s) in &explanation.sufficiency {
        said.push(format!(
            "{}: {} of {} antigen-positive cells react, {} of {} negative ones do not",
            antigen.name(),
            s.table.pos_reactive,
            s.table.pos_reactive + s.table.pos_non,
            s.table.neg_non,
            s.table.neg_reactive + s.table.neg_non,
        ));
    }
    said.join("; ")
}

fn list(items: &[String]) -> String {
    if items.is_empty() {
        "none".into()
    } else {
        items.join(" ")
    }
}

fn advice(advice: &Advice) -> String {
    let about = advice.about().join(", ");
    match advice {
        Advice::CannotConclude => "cannot conclude: the plasma reacts with all cells and with the patient's own; no specificity may be named. Direct antiglobulin test, elution, adsorption; alloantibodies beneath are not excluded".into(),
        Advice::HighPrevalence => "all cells react and no cell tells apart: an antibody against a high-prevalence antigen, or several antibodies. Type the patient, test rare and treated cells, ask a reference laboratory".into(),
        Advice::Undetermined => "undetermined: no specificity explains the reactions. Repeat with a fresh sample and another method, test further cells".into(),
        Advice::AutocontrolReactive => "the autocontrol reacts too: ask for transfusion in the last three months, direct antiglobulin test and eluate".into(),
        Advice::AutocontrolMissing => "no autocontrol: an autoantibody is not told apart".into(),
        Advice::Exclude(_) => format!("not excluded yet: {about}; test selected cells"),
        Advice::Masked(_) => format!("masked: every cell with {about} also carries an identified antigen, so it cannot be excluded on this panel"),
        Advice::MoreCells(_) => format!("fewer than three reactive positive and three non-reactive negative cells for {about}: test more"),
        Advice::Dosage(_) => format!("dosage: double-dose cells react stronger with {about}; exclude only on double-dose cells"),
        Advice::TypePatient(_) => format!("type the patient for {about} (not after a recent transfusion)"),
        Advice::PatientPositive(_) => format!("the patient was typed positive for {about}: variant, autoantibody, or a wrong typing"),
        Advice::AntiG => "anti-D with anti-C may be anti-G: adsorption and elution tell them apart, which matters in pregnancy".into(),
        Advice::Ambiguous => "another explanation is nearly as likely: test cells that separate them".into(),
        Advice::Doubtful(_) => format!("label and columns contradict each other; counted as not typed: {about}"),
        Advice::NothingReacts => "nothing reacts: no antibody is detected with these cells".into(),
    }
}

fn how(how: How) -> &'static str {
    match how {
        How::DoubleDose => "double_dose",
        How::SingleDose => "single_dose",
    }
}

fn document(answer: &Identification) -> Value {
    let explanations: Vec<Value> = answer
        .explanations
        .iter()
        .enumerate()
        .map(|(place, explanation)| {
            let each = |value: fn(&lifeline_decisions::antibody::Sufficiency) -> Value| -> BTreeMap<&str, Value> {
                let pairs = explanation.sufficiency.iter();
                pairs.map(|(antigen, s)| (antigen.name(), value(s))).collect()
            };
            json!({
                "antibodies": names(&explanation.antibodies),
                "rank": place + 1,
                "fits": explanation.fits,
                "fisher_p": each(|s| json!(s.fisher_p)),
                "unexplained_cells": explanation.unexplained,
                "why": why(explanation),
                "cause": explanation.cause,
                "posterior": explanation.posterior,
                "explained_cells": explanation.explained,
                "sufficiency": each(|s| json!({
                    "pos_reactive": s.table.pos_reactive, "pos_non": s.table.pos_non,
                    "neg_reactive": s.table.neg_reactive, "neg_non": s.table.neg_non,
                    "fisher_p_alone": s.fisher_p_alone, "harris_hochman": s.harris_hochman,
                    "three_and_three": s.three_and_three, "two_and_two": s.two_and_two,
                })),
            })
        })
        .collect();
    let excluded: BTreeMap<&str, Value> = answer
        .excluded
        .iter()
        .map(|(antigen, excluded)| {
            let value = json!({"cells": excluded.cells, "how": how(excluded.how)});
            (antigen.name(), value)
        })
        .collect();
    json!({
        "policy": answer.policy,
        "population": answer.population,
        "pattern": answer.pattern,
        "conclusion": answer.conclusion,
        "excluded": excluded,
        "not_excluded": names(&answer.not_excluded),
        "never_tested": names(&answer.never_tested),
        "explanations": explanations,
        "advice": answer.advice.iter().map(advice).collect::<Vec<_>>(),
        "advice_codes": answer.advice.iter().map(|a| json!({"code": a.code(), "about": a.about()})).collect::<Vec<_>>(),
    })
}

fn identify_panel(question: &Identify) -> Result<bool, Failure> {
    let case = Case::read(&question.common)?;
    if case.panel.phases.is_empty() {
        return Err(Failure::new(
            "panel",
            "the column \"rx_PHASE\" is missing: no reactions to read",
        ));
    }
    if !case.panel.tested() {
        return Err(Failure::new(
            "panel",
            "no cell was tested: every rx_ column is blank",
        ));
    }
    let answer = case.identify();
    if question.common.json {
        print_json(&document(&answer))?;
        return Ok(true);
    }
    print_line(&format!(
        "pattern: {}   policy: {}   population: {}",
        answer.pattern.as_str(),
        answer.policy,
        answer.population
    ))?;
    for (place, explanation) in answer.explanations.iter().take(5).enumerate() {
        let fits = if explanation.fits {
            "fits"
        } else {
            "does not fit"
        };
        print_line(&format!(
            "{}. {:>5.1} %  {fits}  {}",
            place + 1,
            explanation.posterior * 100.0,
            why(explanation)
        ))?;
    }
    print_line(&format!(
        "not excluded: {}",
        names(&answer.not_excluded).join(" ")
    ))?;
    for (antigen, excluded) in &answer.excluded {
        print_line(&format!(
            "excluded: {} by {} ({})",
            antigen.name(),
            excluded.cells.join(" "),
            how(excluded.how)
        ))?;
    }
    for one in &answer.advice {
        print_line(&format!("- {}", advice(one)))?;
    }
    Ok(true)
}

fn select_cells(question: &SelectCells) -> Result<bool, Failure> {
    let case = Case::read(&question.common)?;
    let open = antigens(&question.to_resolve)?;
    if open.is_empty() {
        return Err(Failure::new(
            "to-resolve",
            "name at least one antigen, as --to-resolve E,K",
        ));
    }
    for antigen in &open {
        if !case.panel.antigens.contains(antigen) {
            let message = format!("the panel has no column {:?}", antigen.name());
            return Err(Failure::new("to-resolve", message));
        }
    }
    let tested = case.panel.tested();
    let answer = tested.then(|| case.identify());
    let identified = match (&question.identified, &answer) {
        (Some(text), _) => antigens(text)?,
        (None, Some(answer)) => answer
            .explanations
            .first()
            .map(|explanation| explanation.antibodies.clone())
            .unwrap_or_default(),
        (None, None) => Vec::new(),
    };
    // Cells that were not tested yet; a file where all were tested is read as the antigram of a fresh set.
    let mut pool: Vec<&Cell> = case
        .panel
        .cells
        .iter()
        .filter(|cell| cell.reactive().is_none())
        .collect();
    let again = pool.is_empty();
    if again {
        pool = case.panel.cells.iter().collect();
    }
    let hypotheses = answer
        .as_ref()
        .map(|answer| answer.hypotheses.as_slice())
        .unwrap_or_default();
    let chosen = select(
        case.knowledge,
        case.policy,
        &pool,
        &open,
        &identified,
        hypotheses,
        identified.is_empty(),
    );
    let done = chosen.unresolved.is_empty();
    if question.common.json {
        print_json(&selection(&pool, &chosen, &identified, again))?;
        return Ok(done);
    }
    for choice in &chosen.choices {
        let resolves: Vec<String> = choice
            .resolves
            .iter()
            .map(|(antigen, dose)| format!("{} ({})", antigen.name(), how(*dose)))
            .collect();
        let cell = pool
            .get(choice.index)
            .map(|cell| format!("{} {}", cell.id, cell.label))
            .unwrap_or_default();
        print_line(&format!(
            "{cell}: settles {}; {:.2} bit",
            resolves.join(", "),
            choice.information
        ))?;
    }
    if !done {
        print_line(&format!(
            "no cell settles {}",
            names(&chosen.unresolved).join(", ")
        ))?;
    }
    Ok(done)
}

fn selection(pool: &[&Cell], chosen: &Selection, identified: &[Antigen], again: bool) -> Value {
    let id = |index: usize| pool.get(index).map(|cell| cell.id.clone());
    let choices: Vec<Value> = chosen
        .choices
        .iter()
        .map(|choice| {
            let resolves: BTreeMap<&str, &str> = choice.resolves.iter().map(|(antigen, dose)| (antigen.name(), how(*dose))).collect();
            json!({"cell": id(choice.index), "resolves": resolves, "information_bits": choice.information})
        })
        .collect();
    json!({
        "identified": names(identified),
        "cells": chosen.choices.iter().filter_map(|choice| id(choice.index)).collect::<Vec<_>>(),
        "choices": choices,
        "unresolved": names(&chosen.unresolved),
        "smallest": chosen.exact,
        "all_tested_before": again,
    })
}
