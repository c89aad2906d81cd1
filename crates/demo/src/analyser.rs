//! Simulated analysers: they ask for their work over a real line, take their time, and send real frames back.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use lifeline_core::blood::{Abo, BloodGroup, Grade, RhD};
use lifeline_core::id::{ControlCode, DeviceId};
use lifeline_core::quality::{Reads, control};
use lifeline_core::testing::{Material, Reading, TestKind, Well, worklist};
use lifeline_server::app::App;
use lifeline_server::links::{Instrument, LinkConfig, OpenLink};
use lifeline_server::serve::open_links;
use lifeline_wire::astm::lis1::Config;

use crate::patients::{PATIENTS, group_wells, screen_wells};
use crate::quality::CELLS;

/// Where a tube is stored when it stands on the analyser; what follows is the position.
pub(crate) const RACK: &str = "echo-1";
/// How long an analyser waits between two looks at its rack.
const LOOK: Duration = Duration::from_secs(3);
/// How long a test takes here; a real one takes twenty minutes.
const TEST: Duration = Duration::from_secs(4);
/// How long an analyser waits for the answer to its query.
const PATIENCE: Duration = Duration::from_secs(5);

/// The running analysers; they stop when this is dropped.
#[derive(Debug)]
pub struct Analysers {
    /// The links of the hospital to them.
    pub links: Vec<OpenLink>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Drop for Analysers {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Opens the hospital's links and starts the simulated analysers at their other ends.
///
/// # Errors
/// A port on the loopback cannot be opened.
pub async fn start(app: &App) -> anyhow::Result<Analysers> {
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let config = LinkConfig {
        device: DeviceId::parse("echo-1")?,
        profile: "immucor-echo".into(),
        listen: Some(anywhere),
        connect: None,
        serial: None,
        baud: 9600,
    };
    let links = open_links(app, &BTreeMap::from([("echo-1".to_owned(), config)])).await?;
    let mut tasks = Vec::new();
    for address in links.iter().filter_map(|link| link.address) {
        controls(app, address).await?;
        tasks.push(tokio::spawn(work(app.clone(), address)));
    }
    Ok(Analysers { links, tasks })
}

/// What stands on the rack: samples stored on the analyser that the department has not tested yet.
fn rack(app: &App, done: &BTreeSet<String>) -> Vec<String> {
    let (state, at) = (app.state(), app.desk.clock().now());
    worklist(&state, at)
        .into_iter()
        .filter_map(|(material, _)| match material {
            Material::Sample(sample) => state.samples.get(&sample).cloned(),
            Material::Unit(_) => None,
        })
        .filter(|sample| {
            sample
                .stored
                .as_deref()
                .is_some_and(|place| place.starts_with(RACK))
        })
        .map(|sample| sample.id.to_string())
        .filter(|sample| !done.contains(sample))
        .collect()
}

async fn work(app: App, address: SocketAddr) {
    let mut done = BTreeSet::new();
    let mut day = today(&app);
    loop {
        tokio::time::sleep(LOOK).await;
        if today(&app) != day {
            day = today(&app);
            if let Err(error) = controls(&app, address).await {
                tracing::warn!(%error, "the simulated analyser's control");
            }
        }
        for sample in rack(&app, &done) {
            match run(&app, address, &sample).await {
                Ok(()) => {
                    done.insert(sample);
                }
                Err(error) => tracing::warn!(%error, sample, "the simulated analyser"),
            }
        }
    }
}

fn today(app: &App) -> jiff::civil::Date {
    let at = app.desk.clock().now();
    app.state().offset(at).to_datetime(at).date()
}

/// The controls the analyser runs each morning by itself and sends like any result, with action code Q.
async fn controls(app: &App, address: SocketAddr) -> anyhow::Result<()> {
    let state = app.state();
    let time = clock(app);
    let mut message = head(&time);
    let mut number = 0;
    for (code, kind) in [
        ("analyser-group", TestKind::Group),
        ("analyser-screen", TestKind::Screen),
    ] {
        let planned = control(&state, &ControlCode::parse(code)?, app.desk.clock().now())
            .map_err(|finding| anyhow::anyhow!("{finding:?}"))?;
        let Reads::Graded(levels) = &planned.reads else {
            anyhow::bail!("{code} is no graded control")
        };
        for level in levels {
            let readings: Vec<Reading> = level
                .wells
                .iter()
                .map(|well| Reading {
                    well: well.well,
                    grade: well.grade,
                })
                .collect();
            number += 1;
            let tube = Tube {
                number,
                id: &format!("{}/{CELLS}", level.level),
                control: true,
            };
            order(&mut message, &tube, kind, &readings, None, &time);
        }
    }
    message.push_str("L|1|N\r");
    let mut echo = Instrument::connect(address, Config::default()).await?;
    echo.send(message.as_bytes()).await?;
    Ok(())
}

fn head(time: &str) -> String {
    format!("H|\\^&|||Echo|||||LIS||P|LIS2-A2|{time}\rP|1\r")
}

/// Asks for a sample's work, does it, and sends the results.
async fn run(app: &App, address: SocketAddr, sample: &str) -> anyhow::Result<()> {
    let mut echo = Instrument::connect(address, Config::default()).await?;
    let time = clock(app);
    let query = format!("H|\\^&|||Echo|||||LIS||P|LIS2-A2|{time}\rQ|1|^{sample}||ALL\rL|1|N\r");
    echo.send(query.as_bytes()).await?;
    let answer = String::from_utf8_lossy(&echo.receive(PATIENCE).await?).into_owned();
    let asked = |code: &str| {
        answer
            .split('\r')
            .any(|record| record.starts_with('O') && record.contains(code))
    };
    let (group, screen) = (asked("ABOD Full"), asked("^Screen"));
    if !group && !screen {
        return Ok(());
    }
    tokio::time::sleep(TEST).await;
    let time = clock(app);
    let mut message = head(&time);
    let truth = truth(app, sample);
    let patient = |number| Tube {
        number,
        id: sample,
        control: false,
    };
    if group {
        let readings = group_wells(truth);
        let interpretation = format!(
            "{} {}",
            truth.abo,
            if truth.rhd == RhD::Positive {
                "Pos"
            } else {
                "Neg"
            }
        );
        order(
            &mut message,
            &patient(1),
            TestKind::Group,
            &readings,
            Some(&interpretation),
            &time,
        );
    }
    if screen {
        order(
            &mut message,
            &patient(2),
            TestKind::Screen,
            &screen_wells(false),
            Some("Neg"),
            &time,
        );
    }
    message.push_str("L|1|N\r");
    echo.send(message.as_bytes()).await?;
    Ok(())
}

fn clock(app: &App) -> String {
    let at = app.desk.clock().now();
    app.state()
        .offset(at)
        .to_datetime(at)
        .strftime("%Y%m%d%H%M%S")
        .to_string()
}

/// What the patient's blood really is: as invented, or by the number of a patient somebody registered.
fn truth(app: &App, sample: &str) -> BloodGroup {
    let state = app.state();
    let numbers: Vec<String> = lifeline_core::id::SampleId::parse(sample)
        .ok()
        .and_then(|id| state.samples.get(&id).map(|sample| sample.patient))
        .and_then(|patient| state.patients.current(patient))
        .map(|patient| patient.numbers.keys().map(ToString::to_string).collect())
        .unwrap_or_default();
    let known = PATIENTS
        .iter()
        .find(|row| numbers.iter().any(|number| number == row.0));
    if let Some(group) = known.and_then(|row| BloodGroup::parse(row.7).ok()) {
        return group;
    }
    let sum: u32 = numbers
        .iter()
        .flat_map(|number| number.bytes())
        .map(u32::from)
        .sum();
    let abo = Abo::ALL
        .get(sum as usize % Abo::ALL.len())
        .copied()
        .unwrap_or(Abo::O);
    BloodGroup::new(
        abo,
        if sum.is_multiple_of(17) {
            RhD::Negative
        } else {
            RhD::Positive
        },
    )
}

/// A tube on the analyser.
struct Tube<'a> {
    /// Number of its order in the message.
    number: u32,
    /// Its barcode.
    id: &'a str,
    /// Whether it is a control.
    control: bool,
}

/// One order with its wells and interpretation, in the words of the Echo.
fn order(
    message: &mut String,
    tube: &Tube<'_>,
    kind: TestKind,
    readings: &[Reading],
    interpretation: Option<&str>,
    time: &str,
) {
    let test = if kind == TestKind::Group {
        "ABOD Full"
    } else {
        "Screen"
    };
    let (action, specimen) = if tube.control {
        ("Q", "Blood^Control")
    } else {
        ("", "Blood^Patient")
    };
    message.push_str(&format!(
        "O|{}|{}||^^^{test}|R||||||{action}||||{specimen}\r",
        tube.number, tube.id
    ));
    let mut result = |index: usize, name: &str, value: &str| {
        message.push_str(&format!(
            "R|{index}|^^^{name}|{value}|||||F||demo||{time}|M0002\r"
        ));
    };
    for (index, reading) in readings.iter().enumerate() {
        let grade = match reading.grade {
            Grade::Negative => "0".to_owned(),
            other => other.to_string(),
        };
        result(index + 1, name(reading.well), &format!("{grade}^{grade}^0"));
    }
    if let Some(interpretation) = interpretation {
        result(
            readings.len() + 1,
            &format!("{test} Interp"),
            interpretation,
        );
    }
}

fn name(well: Well) -> &'static str {
    match well {
        Well::AntiA => "Anti-A",
        Well::AntiB => "Anti-B",
        Well::AntiD => "Anti-D1",
        Well::Control => "Rh Ctrl",
        Well::A1Cells => "A1 Cells",
        Well::BCells => "B Cells",
        Well::Screen1 => "Screen 1",
        Well::Screen2 => "Screen 2",
        _ => "Screen 3",
    }
}
