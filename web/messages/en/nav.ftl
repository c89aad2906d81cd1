# The rooms in the rail and the top bar
nav-rooms = Rooms
nav-board = Board
nav-receipt = Receipt
nav-stock = Stock
nav-samples = Samples
nav-bench = Bench
nav-crossmatch = Crossmatch
nav-issue = Issue
nav-ward = Ward
nav-reactions = Reactions
nav-quality = Quality
nav-equipment = Equipment
nav-clinical = Clinical
nav-people = People
nav-region = Region
nav-journal = Journal
nav-policy = Policy
role-technologist = Technologist
role-senior = Senior technologist
role-head = Head of department
role-clinician = Clinician
role-nurse = Nurse
role-quality = Quality officer
role-equipment = Equipment officer
role-auditor = Auditor
role-administrator = Administrator
role-device = Device link
top-scan = Scan or type any identifier
top-scan-hint = Scan or type: unit, patient, sample, request…
top-demo = Demonstration
top-alarms = { $count ->
    [one] { $count } alarm
   *[other] { $count } alarms
}
top-theme = Switch light and dark
top-lock = Lock the screen
top-sign-out = Sign out
nav-eqa = EQA
top-sound = Alarm sound
top-sound-on = on
top-sound-off = off
