# Signing in
sign-in-title = Sign in
sign-in-login = Staff number
sign-in-login-note = or scan the badge
sign-in-password = Password
sign-in-submit = Sign in
sign-in-demo = Demonstration logins
sign-in-demo-note = This is a demonstration hospital; its staff and patients are invented. Choose a line to fill it in.
sign-in-demo-line = { $name } · { $role }
sign-in-wrong = Name or password is wrong.
sign-in-wait = Too many wrong passwords. Try again at { $until }.
