# The stock, in numbers and as a list
stock-title = Stock
stock-note = First to expire first. Near expiry: { $near } or less.
stock-days = { $count } days
stock-hours = { $count } h
stock-list = List of bags
stock-table = Stock by component and group
stock-usable = Available
stock-band-near = Near expiry
stock-band-expired = Expired
stock-band-fresh = Not near expiry
stock-promised = Reserved
stock-held = In quarantine
stock-total = Total
stock-cell = { $component }, { $group }: { $usable } available
stock-key = Large: available now.
stock-found = { $count } bags, the first to expire first
stock-any = All
stock-on-shelf = In our stores
stock-filter = Filter
stock-clear = Clear
stock-empty = No bag fits these filters
stock-empty-next = Clear the filters, or receive a delivery.
moving-title = Move bags
moving-note = Name the destination, scan bag after bag, move them all at once.
moving-to = Move to
moving-scan = Scan a bag
moving-scan-any = The donation number, the product code, or the whole label.
moving-scanned = scanned
moving-submit = Move all
moving-remove = Take { $unit } off the list
moving-taken = On the list: { $unit }
moving-twice = { $unit } is on the list already
moving-unknown = { $unit } is not in the department
moving-full = At most { $most } bags at once: move these first
moving-product-next = This donation has several bags here: scan the product code too
moving-din-first = Scan the donation number first
moving-none = Scan at least one bag
moving-done = { $count ->
    [one] One bag moved to { $place }
   *[other] { $count } bags moved to { $place }
}
