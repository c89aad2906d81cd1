# Words of the short forms
sheet-back = Back
sheet-record = Record
sheet-reason = Reason for going on
sheet-choose = Choose one
sheet-bad-moment = Write it as 2026-11-22 14:05; a date alone as 2026-11-22
sheet-bad-identifier = No identifier of this kind has this form
act-reason = Reason
sheet-moment-shape = YYYY-MM-DD hh:mm
sheet-date-shape = YYYY-MM-DD
