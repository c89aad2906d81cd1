# 登录
sign-in-title = 登录
sign-in-login = 工号
sign-in-login-note = 可直接扫描工牌
sign-in-password = 密码
sign-in-submit = 登录
sign-in-demo = 演示账号
sign-in-demo-note = 这是演示医院，人员与患者均为虚构。点一行即可填入。
sign-in-demo-line = { $name } · { $role }
sign-in-wrong = 工号或密码不对。
sign-in-wait = 密码错误次数过多，请于 { $until } 后再试。
