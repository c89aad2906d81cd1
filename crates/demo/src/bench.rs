//! Reagents and machines.

use lifeline_core::SignedDuration;
use lifeline_core::blood::Grade;
use lifeline_core::device::RegisterDevice;
use lifeline_core::id::{DeviceId, LotId};
use lifeline_core::testing::{AcceptLot, AcceptanceRow, LotKind, OpenLot, ReceiveLot};

use crate::House;

/// The antisera of the tube bench.
pub(crate) const SERA: &str = "AS-2611";
/// The reverse cells of the tube bench.
pub(crate) const CELLS: &str = "RC-2611";
/// The micro-column cards for screens and crossmatches.
pub(crate) const CARDS: &str = "AHG-2611";

/// The screening cells.
pub(crate) const SCREEN: &str = "SC-2611";
/// The reagent of the polybrene crossmatch.
pub(crate) const BROMIDE: &str = "PB-2611";

const LOTS: [(&str, LotKind, &str, i64); 5] = [
    (SERA, LotKind::Antiserum, "抗A/抗B/抗D 血型定型试剂", 180),
    (CELLS, LotKind::Cells, "ABO 反定型红细胞", 28),
    (SCREEN, LotKind::Cells, "抗体筛选红细胞", 28),
    (CARDS, LotKind::Card, "抗人球蛋白微柱凝胶卡", 300),
    (BROMIDE, LotKind::Reagent, "聚凝胺试剂", 200),
];

const DEVICES: [(&str, &str, &str, &str); 3] = [
    (
        "echo-1",
        "Immucor Echo 全自动血型仪",
        "immucor-echo",
        "M0002",
    ),
    (
        "vision-1",
        "Ortho VISION 全自动血型仪",
        "ortho-vision",
        "V10337",
    ),
    ("ih-1", "Bio-Rad IH-1000", "biorad-ih1000", "IH7741"),
];

/// Lots that were opened a month ago and still are.
const LASTING: [&str; 3] = [SERA, CARDS, BROMIDE];

/// Takes in and opens the lots that last, and registers the machines.
pub(crate) async fn equip(house: &House) -> anyhow::Result<()> {
    lots(house, true).await?;
    devices(house).await
}

/// Takes in and opens the cells, which live for weeks only.
pub(crate) async fn restock(house: &House) -> anyhow::Result<()> {
    lots(house, false).await
}

async fn lots(house: &House, lasting: bool) -> anyhow::Result<()> {
    let wanted = LOTS
        .into_iter()
        .filter(|(lot, ..)| LASTING.contains(lot) == lasting);
    for (lot, kind, name, days) in wanted {
        let lot = LotId::parse(lot)?;
        let expires = house.now() + SignedDuration::from_hours(24 * days);
        house
            .by(
                "chen",
                ReceiveLot {
                    lot: lot.clone(),
                    kind,
                    name: name.into(),
                    expires,
                    packs: 20,
                },
            )
            .await?;
        let open = OpenLot {
            lot: lot.clone(),
            until: None,
        };
        house.by("chen", open).await?;
        accept(house, &lot).await?;
    }
    Ok(())
}

/// Finds a new lot as good as known samples.
pub(crate) async fn accept(house: &House, lot: &LotId) -> anyhow::Result<()> {
    let row = |sample: &str, grade| AcceptanceRow {
        sample: sample.into(),
        expected: grade,
        found: grade,
    };
    let test = AcceptLot {
        lot: lot.clone(),
        against: None,
        rows: vec![
            row("阳性样本", Grade::Three),
            row("弱阳性样本", Grade::One),
            row("阴性样本", Grade::Negative),
        ],
        note: String::new(),
    };
    house.signed("chen", Some("zhao"), test).await?;
    Ok(())
}

async fn devices(house: &House) -> anyhow::Result<()> {
    for (device, name, profile, serial) in DEVICES {
        let device = DeviceId::parse(device)?;
        let (name, profile, serial) = (name.into(), profile.into(), serial.into());
        house
            .by(
                "admin",
                RegisterDevice {
                    device,
                    name,
                    profile,
                    serial,
                },
            )
            .await?;
    }
    Ok(())
}
