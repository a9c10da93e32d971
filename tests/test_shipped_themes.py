"""The words of the shipped themes take the headlines they mean, and leave their namesakes."""

import pytest

from crawler.config.load import load_config
from crawler.config.places import shipped_config
from pipelines.themes.judge import Judge

CONFIG = load_config(shipped_config(), environ={})
JUDGE = Judge(CONFIG.themes)

# Theme → headlines it takes.
WANTED = {
    "deepseek": [
        "DeepSeek 新模型在县城医院上岗",
        "Kimi 开放长文本接口，月之暗面称成本再降三成",
        "通义千问一周更新四个尺寸",
        "gpt-oss 能在笔记本上跑起来吗",
        "OpenAI 完成重组",
        "Anthropic 把总部搬了一条街",
        "豆包进了两万间教室",
        "可灵AI 会拍长镜头了",
        "世界模型学会了倒水",
        "Gemini and GPT-5 sit the same exam",
    ],
    "agents": [
        "智能体重构软件行业",
        "AI智能体重新定义办公",
        "智能体重磅更新：会自己订会议室",
        "多智能体检索增强框架开源",
        "智能体检测出三成重复工单",
        "智能体验证平台对外开放",
        "让智能体温和地拒绝用户",
        "智能体育种：农科院的新同事",
        "Claude Code 进了外包公司的工位",
        "AI agents now file expense reports",
        "微信里的AI助手学会了挂号",
        "Cursor 又涨价了",
        "Vibe coding, one year on",
    ],
    "six_dragons": [
        "杭州六小龙之外还有谁",
        "云深处的机器狗下了矿井",
        "黑神话制作人冯骥谈下一部",
        "群核科技的设计师会用语音画图",
    ],
    "humanoid": [
        "具身智能公司扎堆苏州",
        "灵巧手降到三千元",
        "给具身机器人当陪练的人",
        "物理AI是下一站吗",
        "中国机器人在汉诺威排队签单",
    ],
    "inference_chips": [
        "寒武纪新一代推理卡流片",
        "英伟达向国内客户交付H20",
        "GPU 租金半年跌了四成",
        "算力中心搬进了山洞",
        "黄仁勋的皮衣又换了",
        "词元按斤卖",
    ],
    "batteries": [
        "若干电池企业宣布扩产",
        "从干电池到固态电池：一百年",
        "宁德时代在宜宾再建一座工厂",
        "手机电池也用上了硅碳负极",
        "储能柜进了菜市场",
        "换电站关了三成",
    ],
    "autonomous_driving": [
        "智驾校准误差引发召回",
        "十城智驾考核成绩公布",
        "无人配送车开进两百个小区",
        "Robotaxi 夜里两点仍有订单",
        "FSD 在早高峰里学会了让行",
        "无人车送快递到村口",
    ],
    "space": [
        "测试证明星链可直连手机",
        "实验表明星链延迟降到20毫秒",
        "首批游客明年乘坐火箭进入太空",
        "商业火箭队伍再添一员",
        "神舟二十号乘组出舱",
        "神舟飞船运回的种子发芽了",
        "朱雀三号火箭回收试验推迟",
        "太空里的数据中心要怎么散热",
        "第二批低轨卫星上天",
    ],
    "biotech": [
        "恒瑞医药更新药物研发管线",
        "国产创新药海外授权再破纪录",
        "一针基因疗法卖多少钱",
        "脑机接口让他拿起了杯子",
        "大厂AI医疗团队的三年",
    ],
    "ai_investment": [
        "AI初创公司半年融资三轮",
        "做芯片的独角兽递交招股书",
        "AI泡沫还能吹多久",
        "苹果AI换了负责人",
        "AI 应用挣到了第一块钱",
    ],
}
# Headlines that hold a theme's word in another meaning.
NAMESAKES = [
    "火箭128-107大胜勇士，申京砍下三双",
    "勇士不敌火箭，库里三分9中1",
    "火箭队交易截止日前按兵不动",
    "NBA：火箭五连胜",
    "股价坐火箭，股东却在减持",
    "火箭少女十年后再聚首",
    "边境再遭三枚火箭弹袭击",
    "神舟新款游戏本开售",
    "神舟笔记本降价五百元",
    "Real estate agents sue Zillow",
    "Travel agents see a busy summer",
    "Kimi Antonelli 夺得F1分站冠军",
    "Kimi Räikkönen 退役之后",
    "Claude Monet 特展周末开幕",
    "Jean-Claude Juncker 回忆录出版",
    "OPENAIR 音乐节拿到融资",
    "小区门口的智能体检中心",
    "智能体重秤值不值得买",
    "智能体温计抽检三成不合格",
    "市民去智能体育公园打卡",
    "商场里的智能体验馆",
    "寒武纪古生物化石群新发现",
    "寒武纪大爆发为何只有一次",
    "TPU手机壳发黄怎么办",
    "误吞纽扣电池，三岁男孩手术五小时",
    "苹果开启手机电池换新优惠",
    "驾校引进智能驾驶模拟器",
    "家具身价涨了三倍",
    "白云深处有人家",
    "冯骥才新书分享会",
    "变形金刚新电影定档",
    "医保局更新药品目录",
    "A轮融资五千万，这家奶茶店要上市",
    "独角兽企业榜单出炉",
    "两市融资余额连续三日下降",
    "黏豆包卖到了三亚",
    "窗口可灵活调整，排班不再难",
    "GPT分区还是MBR分区",
    "明年预算力度不减",
    "人群核酸筛查回忆录",
    "最强脑洞征文开奖",
    "旧手机换电视，以旧换新怎么算",
    "婚礼来宾随礼指南",
    "退休太空虚，他去摆了摊",
    "太空漫步机上的老人",
    "别再放卫星了，店长说",
    "代币Token暴跌，交易所停摆",
]


def themes_of(title):
    return [verdict.theme for verdict in JUDGE.judge(title, "", "") if verdict.on_theme]


@pytest.mark.parametrize(("theme", "title"), [(theme, title) for theme, titles in WANTED.items() for title in titles])
def test_a_theme_takes_what_it_means(theme, title):
    assert theme in themes_of(title)


@pytest.mark.parametrize("title", NAMESAKES)
def test_no_theme_takes_a_namesake(title):
    assert themes_of(title) == []


def test_every_theme_has_a_seed_that_shows_what_is_meant():
    assert [theme.name for theme in CONFIG.themes if not theme.seeds] == []
