//! The rooms of the department: the left rail, in the order of the work.

use super::i18n::Text;

/// A room of the department. Each page belongs to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Room {
    /// Everything that waits, and the stock, at a glance.
    Board,
    /// Deliveries are scanned in and checked.
    Receipt,
    /// The units in the refrigerators.
    Stock,
    /// Patients' samples.
    Samples,
    /// Tests at the bench and from analysers.
    Bench,
    /// Requests and crossmatches.
    Crossmatch,
    /// The issue window, emergency release included.
    Issue,
    /// The wards: transfusion at the bedside.
    Ward,
    /// Transfusion reactions.
    Reactions,
    /// Controls, indicators, incidents.
    Quality,
    /// What could have harmed and did not.
    NearMisses,
    /// External quality assessment.
    Eqa,
    /// Documents, nonconformities, competence, comparisons, audits.
    Governance,
    /// Devices, temperatures, maintenance.
    Equipment,
    /// Clinical guidance and consultation.
    Clinical,
    /// Staff, training, privileges.
    People,
    /// The provincial centre and other hospitals.
    Region,
    /// The journal and its proof.
    Journal,
    /// The rules in force.
    Policy,
}

impl Room {
    /// All rooms in the order of the rail.
    pub const ALL: [Room; 19] = [
        Room::Board,
        Room::Receipt,
        Room::Stock,
        Room::Samples,
        Room::Bench,
        Room::Crossmatch,
        Room::Issue,
        Room::Ward,
        Room::Reactions,
        Room::Quality,
        Room::NearMisses,
        Room::Eqa,
        Room::Governance,
        Room::Equipment,
        Room::Clinical,
        Room::People,
        Room::Region,
        Room::Journal,
        Room::Policy,
    ];

    /// Whether the room has a page yet; the rail shows no dead links. The author of its first page opens it here.
    pub fn is_open(self) -> bool {
        match self {
            Room::Board => true,
            Room::Receipt => true,
            Room::Stock => true,
            Room::Samples => true,
            Room::Bench => true,
            Room::Crossmatch => true,
            Room::Issue => true,
            Room::Ward => true,
            Room::Reactions => false,
            Room::Quality => true,
            Room::NearMisses => true,
            Room::Eqa => true,
            Room::Governance => true,
            Room::Equipment => true,
            Room::Clinical => true,
            Room::People => true,
            Room::Region => false,
            Room::Journal => true,
            Room::Policy => true,
        }
    }

    /// The address of the room's first page; its other pages live below it.
    pub fn path(self) -> &'static str {
        match self {
            Room::Board => "/board",
            Room::Receipt => "/receipt",
            Room::Stock => "/stock",
            Room::Samples => "/samples",
            Room::Bench => "/bench",
            Room::Crossmatch => "/crossmatch",
            Room::Issue => "/issue",
            Room::Ward => "/ward",
            Room::Reactions => "/reactions",
            Room::Eqa => "/eqa",
            Room::Quality => "/qc",
            Room::NearMisses => "/near-misses",
            Room::Governance => "/governance",
            Room::Equipment => "/equipment",
            Room::Clinical => "/clinical",
            Room::People => "/people",
            Room::Region => "/region",
            Room::Journal => "/journal",
            Room::Policy => "/policy",
        }
    }

    /// The room's icon in the sprite.
    pub fn icon(self) -> &'static str {
        match self {
            Room::Board => "layout-dashboard",
            Room::Receipt => "package-import",
            Room::Stock => "fridge",
            Room::Samples => "test-pipe",
            Room::Bench => "microscope",
            Room::Crossmatch => "arrows-cross",
            Room::Issue => "door-exit",
            Room::Ward => "bed",
            Room::Reactions => "heart-rate-monitor",
            Room::Quality => "certificate",
            Room::NearMisses => "alert-triangle",
            Room::Eqa => "target",
            Room::Governance => "checkup-list",
            Room::Equipment => "thermometer",
            Room::Clinical => "stethoscope",
            Room::People => "users",
            Room::Region => "map-pin",
            Room::Journal => "notebook",
            Room::Policy => "scale",
        }
    }

    /// The room's name.
    pub fn name(self, t: &Text) -> String {
        match self {
            Room::Board => t.m("nav-board"),
            Room::Receipt => t.m("nav-receipt"),
            Room::Stock => t.m("nav-stock"),
            Room::Samples => t.m("nav-samples"),
            Room::Bench => t.m("nav-bench"),
            Room::Crossmatch => t.m("nav-crossmatch"),
            Room::Issue => t.m("nav-issue"),
            Room::Ward => t.m("nav-ward"),
            Room::Reactions => t.m("nav-reactions"),
            Room::Quality => t.m("nav-quality"),
            Room::NearMisses => t.m("nav-near-misses"),
            Room::Eqa => t.m("nav-eqa"),
            Room::Governance => t.m("nav-governance"),
            Room::Equipment => t.m("nav-equipment"),
            Room::Clinical => t.m("nav-clinical"),
            Room::People => t.m("nav-people"),
            Room::Region => t.m("nav-region"),
            Room::Journal => t.m("nav-journal"),
            Room::Policy => t.m("nav-policy"),
        }
    }

    /// The room whose page this address is.
    pub fn of_path(path: &str) -> Option<Room> {
        Self::ALL.into_iter().find(|room| {
            path.strip_prefix(room.path()).is_some_and(|rest| {
                rest.is_empty() || rest.starts_with('/') || rest.starts_with('?')
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Room;

    #[test]
    fn a_page_belongs_to_the_room_it_lives_below() {
        assert_eq!(Room::of_path("/stock/unit/1"), Some(Room::Stock));
        assert_eq!(Room::of_path("/stock"), Some(Room::Stock));
        assert_eq!(Room::of_path("/stockings"), None);
    }
}
