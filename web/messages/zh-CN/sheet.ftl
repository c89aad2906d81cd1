# 简短表单用词
sheet-back = 返回
sheet-record = 记录
sheet-reason = 继续的理由
sheet-choose = 请选择
sheet-bad-moment = 请按 2026-11-22 14:05 填写；只填日期时为 2026-11-22
sheet-bad-identifier = 不是这类编号的格式
act-reason = 理由
sheet-moment-shape = 年-月-日 时:分
sheet-date-shape = 年-月-日
