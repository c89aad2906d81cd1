# The year's evidence and the award score
evidence-title = The year's evidence
evidence-note = What the department can show of its quality for a period, computed from the journal; every figure leads to what it counts
evidence-report = Report to print
evidence-from = From
evidence-until = Until
evidence-go = Show
evidence-period = { $from } to { $until }, both days included
evidence-this-year = This year
evidence-last-year = Last year
evidence-twelve-months = Twelve months
evidence-this-quarter = This quarter
evidence-bad-date = A date as 2026-11-22
evidence-bad-order = The last day is before the first
evidence-bad-length = At most ten years
evidence-shown-instead = This year is shown instead.
evidence-index = Parts of the evidence
evidence-score = { $points } of { $most } points
evidence-no-award = no grade reached
evidence-next-award = { $award } is { $points ->
    [one] one point
   *[other] { $points } points
} away.
evidence-sheet = Scored by: { $sheet }, in force from { $date }. { $source }
evidence-provisional = Points and thresholds marked * are provisional: replace them by the province's sheet under Policy.
evidence-criteria = What earns points and what costs them
evidence-criterion = Criterion
evidence-figure = Figure
evidence-points = Points
evidence-costs = Costs
evidence-full = full marks
evidence-lost = −{ $points }
evidence-wins = What wins points back
evidence-win = +{ $gain } at { $least }: { $missing } more { $what }
evidence-win-nothing = +{ $gain } at { $least }: nothing is on record yet. Needed: { $what }
evidence-win-coverage = released results with every control behind them
evidence-win-iqc-items = test items of which every released result stood on its controls
evidence-win-in-control = control levels in control
evidence-win-cases-closed = out-of-control cases closed in time
evidence-win-eqa-items = items of external assessment taken part in
evidence-win-eqa-in-time = rounds sent in time
evidence-win-eqa-passed = items of external assessment passed
evidence-win-eqa-standing = programmes in good standing
evidence-win-competence = people at the bench with valid competence
evidence-win-comparisons = acceptable comparisons (mend and compare again)
evidence-win-comparison-kinds = kinds of comparison (instruments, people, methods)
evidence-win-nonconformities = nonconformities closed as effective
evidence-win-documents-read = signatures under documents in force
evidence-win-internal-audits = internal audits
evidence-win-management-reviews = management reviews
evidence-more = { $count ->
    [one] One more row is counted
   *[other] { $count } more rows are counted
} and not shown; choose a shorter period.
evidence-entry = Journal entry
evidence-closed = Closed
evidence-share = Share

evidence-coverage = Coverage by item
evidence-coverage-note = Of every result released in the period: whether each covering control had an accepted run that held when it was read. Indicator 4 counts an item only when all its released results were covered.
evidence-coverage-none = No result was released in this period
evidence-indicator-4 = Indicator 4: compatibility items under control
evidence-results = Released results covered
evidence-waiting = Results not released
evidence-not-performed = Not performed in this period: { $items }.
evidence-item = Item
evidence-counted = In indicator 4
evidence-released = Released
evidence-covered = Covered
evidence-waived = By waiver
evidence-bare = Not covered
evidence-item-abo-forward = ABO forward
evidence-item-abo-reverse = ABO reverse
evidence-item-rhd = RhD
evidence-item-screen = Antibody screen
evidence-item-crossmatch = Crossmatch
evidence-item-dat = Direct antiglobulin test

evidence-controls = In-control rate
evidence-controls-note = Levels in control, warnings included, of all levels judged. First values of a new material are not judged.
evidence-controls-none = No control was run in this period
evidence-runs = Runs
evidence-levels = Levels judged
evidence-in-control = In control
evidence-warnings = Warnings
evidence-establishing = First values
evidence-rejected = Out of control
evidence-rejected-runs = Runs that went out

evidence-cases = Out-of-control cases
evidence-cases-note = From the run that went out until another person closed the case.
evidence-cases-none = No control went out in this period
evidence-cases-closed = Cases closed
evidence-case = Case
evidence-opened = Went out
evidence-not-closed = open
evidence-took = Took
evidence-took-median = Middle of the time to closing
evidence-cause = Cause
evidence-affected = Results touched
evidence-undecided = Undecided
evidence-case-runs = Runs

evidence-waivers = Waivers
evidence-waivers-note = Controls that two people let a shift go without.
evidence-waivers-none = No control was waived in this period
evidence-signed = Signed by

evidence-participation = Participation in external assessment
evidence-participation-note = Indicator 5: items with a round answered in the period, of all items offered.
evidence-participation-none = No item was offered in this period
evidence-indicator-5 = Indicator 5: items taken part in
evidence-not-listed = What the providers offer is not entered (policy “Items the providers offer”), so the items of our own rounds stand for it.
evidence-programme = Programme
evidence-entered = taken part
evidence-not-entered = not taken part
evidence-listed = On the provider's list

evidence-rounds = Rounds of external assessment
evidence-rounds-note = Rounds with their deadline in the period. Late or absent counts as nothing.
evidence-rounds-none = No round had its deadline in this period
evidence-rounds-passed = Rounds satisfactory
evidence-items-passed = Items satisfactory
evidence-in-time = Sent in time
evidence-not-due = not due yet
evidence-follow-up = Follow-up
evidence-unsolved = cause, correction or effect still missing

evidence-trend = Five-year trend
evidence-trend-note = Every scored round of the five years to the end of the period; the programme's page draws it.
evidence-trend-none = No programme yet
evidence-trend-trouble = A trend could not be computed: its grading table is missing.
evidence-standing = Programmes in good standing
evidence-programme-round = Programme and round

evidence-competence = Competence
evidence-competence-note = Everybody who may record tests: in order when something is valid and nothing failed or ran out.
evidence-competence-none = Nobody may record tests
evidence-competent = People in order
evidence-assessed = Assessments in the period
evidence-never-assessed = never assessed

evidence-comparisons = Comparisons
evidence-comparisons-note = Instruments, people and methods compared in the period, judged by the limits of their day.
evidence-comparisons-none = No comparison in this period
evidence-comparisons-acceptable = Comparisons acceptable
evidence-comparison-kinds = Kinds compared, of three

evidence-nonconformities = Nonconformities and their actions
evidence-nonconformities-note = Reported in the period, or open when it began. Closed means that another person judged what was done effective.
evidence-nonconformities-none = Nothing was reported in this period
evidence-capa-closed = Closed as effective
evidence-days-median = Middle of the days to closing
evidence-days = Days
evidence-capa-rounds = Rounds

evidence-documents = Documents read and signed
evidence-documents-note = Documents in force at the end of the period and those who had to read them.
evidence-documents-none = No document was in force
evidence-documents-read = Signatures there are

evidence-reviews = Audits and reviews
evidence-reviews-note = Held in the period.
evidence-reviews-none = None was held in this period
evidence-sign-quality = Quality officer
evidence-sign-head = Head of department
evidence-sign-date = Date
policy-chapter-evidence = Evidence of the year
policy-evidence-items = Items of indicator 4
policy-evidence-offered = Items the providers offer (PROGRAMME item)
policy-evidence-scoring = Scoring sheets of the award
policy-quality-comparison-limits = What comparisons may differ, by item
policy-comparison-limit = agreement ≥ { $agreement } %, grades within { $steps } steps; numbers: mean difference ≤ { $bias } %, { $share } % of samples within { $each } %
why-steps-not-falling = the best step or grade stands first, and each is worth less than the one before
why-hours-only-of-cases = hours belong to out-of-control cases only
why-no-other-item = a limit for * is needed
why-not-a-pair = each line is PROGRAMME and item, with a space between
why-no-limits = the policy has no limits for it
why-row-no-numbers = a result is no number, or the reference is 0
why-row-no-grades = a result is no strength of reaction (0 w 1 2 3 4 mf H)
