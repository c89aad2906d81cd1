//! Requests of an ordinary morning.

use std::collections::BTreeMap;

use lifeline_core::SignedDuration;
use lifeline_core::blood::{Amount, Component, Measure};
use lifeline_core::request::{Order, PlaceRequest, Urgency};

use crate::House;
use crate::patients::Admitted;

/// Index of the patient, component, hundredths, measure, urgency, hours until needed, indication, laboratory value.
type Asked = (
    usize,
    Component,
    u32,
    Measure,
    Urgency,
    i64,
    &'static str,
    (&'static str, &'static str),
);

const REQUESTS: [Asked; 9] = [
    (
        1,
        Component::RedCells,
        400,
        Measure::Unit,
        Urgency::Routine,
        20,
        "surgery",
        ("hb_g_l", "82"),
    ),
    (
        3,
        Component::Platelets,
        100,
        Measure::Dose,
        Urgency::Urgent,
        3,
        "thrombocytopenia",
        ("plt_1e9_l", "9"),
    ),
    (
        4,
        Component::RedCells,
        200,
        Measure::Unit,
        Urgency::Routine,
        26,
        "chronic_anaemia",
        ("hb_g_l", "58"),
    ),
    (
        6,
        Component::RedCells,
        400,
        Measure::Unit,
        Urgency::Urgent,
        2,
        "obstetric",
        ("hb_g_l", "66"),
    ),
    (
        7,
        Component::Plasma,
        60_000,
        Measure::Millilitre,
        Urgency::Urgent,
        4,
        "coagulopathy",
        ("inr", "2.4"),
    ),
    (
        8,
        Component::RedCells,
        200,
        Measure::Unit,
        Urgency::Routine,
        30,
        "haematology",
        ("hb_g_l", "55"),
    ),
    (
        9,
        Component::RedCells,
        200,
        Measure::Unit,
        Urgency::Routine,
        28,
        "haematology",
        ("hb_g_l", "61"),
    ),
    (
        12,
        Component::RedCells,
        200,
        Measure::Unit,
        Urgency::Routine,
        24,
        "surgery",
        ("hb_g_l", "74"),
    ),
    (
        10,
        Component::RedCells,
        100,
        Measure::Unit,
        Urgency::Routine,
        44,
        "haematology",
        ("hb_g_l", "68"),
    ),
];

/// Places the morning's requests.
pub(crate) async fn order(house: &House, patients: &[Admitted]) -> anyhow::Result<()> {
    for (index, component, hundredths, measure, urgency, hours, indication, (lab, value)) in
        REQUESTS
    {
        let Some(patient) = patients.get(index) else {
            continue;
        };
        let (_, _, _, _, ward, _, diagnosis, _, _) = *patient.row;
        let command = PlaceRequest {
            patient: patient.id,
            order: Order {
                component,
                amount: Amount {
                    hundredths,
                    measure,
                },
                urgency,
                needed: house.now() + SignedDuration::from_hours(hours),
                indication: Some(indication.into()),
                diagnosis: diagnosis.into(),
                labs: BTreeMap::from([(lab.to_owned(), value.to_owned())]),
                ward: ward.into(),
                doctor: "孙悦".into(),
                note: String::new(),
            },
        };
        house.by("sun", command).await?;
    }
    Ok(())
}
