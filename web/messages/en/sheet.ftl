# Words of the short forms
sheet-back = Back
sheet-record = Record
sheet-reason = Reason for going on
sheet-choose = Choose one
sheet-bad-moment = This is no date and time
sheet-bad-identifier = No identifier of this kind has this form
act-reason = Reason
