# 简短表单用词
sheet-back = 返回
sheet-record = 记录
sheet-reason = 继续的理由
sheet-choose = 请选择
sheet-bad-moment = 日期或时间不正确
sheet-bad-identifier = 不是这类编号的格式
act-reason = 理由
