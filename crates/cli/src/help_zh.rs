//! The help in Chinese: one sentence for each command and flag, put in place of the English one.

use clap::{Arg, ArgAction, Command};

/// Puts the Chinese sentences in.
pub(crate) fn translate(command: Command) -> Command {
    let path = command.get_name().to_owned();
    let version = Arg::new("version").short('V').long("version").action(ArgAction::Version).help("显示版本");
    translated(command, &path).disable_version_flag(true).arg(version.help_heading("选项"))
}

fn translated(command: Command, path: &str) -> Command {
    let mut command = own_words(command, path);
    let ids: Vec<String> = command.get_arguments().map(|argument| argument.get_id().to_string()).collect();
    for id in ids {
        let help = sentence(&format!("{path} --{id}")).or_else(|| sentence(&format!("--{id}")));
        command = command.mut_arg(&id, |argument| {
            let heading = match argument.get_help_heading() {
                Some("Account") => "账号",
                _ if argument.is_positional() => "参数",
                _ => "选项",
            };
            let argument = argument.help_heading(heading);
            match help {
                Some(help) => argument.help(help),
                None => argument,
            }
        });
    }
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names {
        let path = format!("{path} {name}");
        command = command.mut_subcommand(&name, |sub| translated(sub, &path));
    }
    command
}

/// What the parser itself would say in English: headings, and the flag for help.
fn own_words(command: Command, path: &str) -> Command {
    let about = sentence(path).map(str::to_owned).or_else(|| command.get_about().map(ToString::to_string));
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let after = if path == "hongyan" {
        TOP.to_owned()
    } else {
        after.replace("Examples:", "示例：").replace("Example:", "示例：")
    };
    let help = Arg::new("help")
        .short('h')
        .long("help")
        .action(ArgAction::Help)
        .help("显示帮助")
        .help_heading("选项");
    command
        .about(about.unwrap_or_default())
        .after_help(after)
        .help_template("{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}")
        .subcommand_help_heading("命令")
        .disable_help_flag(true)
        .arg(help)
}

const TOP: &str = "从这里开始：hongyan demo

环境变量：
  HONGYAN_APP_ID、HONGYAN_SECRET、HONGYAN_API_BASE   没有配置文件时使用的账号
  HONGYAN_CONFIG                                     等同于 --config
  HONGYAN_LANG                                       en 或 zh；不设时由系统语言决定
  HONGYAN_LOG                                        日志的多少，例如 debug

退出码：0 完成，1 平台或操作被拒绝，2 用法或配置有误";

fn sentence(key: &str) -> Option<&'static str> {
    SENTENCES.iter().find(|(known, _)| *known == key).map(|(_, text)| *text)
}

/// Command or flag, and its sentence; a flag without a command in front means the same everywhere.
const SENTENCES: &[(&str, &str)] = &[
    ("hongyan", "微信公众号：网关、平台沙箱，以及运维命令"),
    ("hongyan demo", "一条命令启动沙箱和网关，自带账号、菜单、歌曲、快递和天气：不需要文件、账号或网络"),
    ("hongyan serve", "网关：由一个 TOML 文件驱动的现成后端"),
    ("hongyan sandbox", "本机上的微信平台，浏览器里就有手机"),
    ("hongyan menu", "公众号的自定义菜单"),
    ("hongyan menu get", "以 JSON 输出菜单，可直接交给 menu apply"),
    ("hongyan menu plan", "显示 menu apply 会带来的变化"),
    ("hongyan menu apply", "让文件中的菜单生效"),
    ("hongyan menu delete", "删除菜单，个性化菜单也会一并删除"),
    ("hongyan send", "发送客服消息或模板消息，给一个人或文件中的所有人"),
    ("hongyan users", "关注者，或最近有互动的人，以及他们的 OpenID"),
    ("hongyan qrcode", "生成带场景值的二维码"),
    ("hongyan token", "输出一个有效的 access_token"),
    ("hongyan call", "调用平台的任意接口"),
    ("hongyan decode", "从标准输入读取一个推送或加密包，输出带类型的 JSON"),
    ("hongyan rules", "配置中的规则会做什么"),
    ("hongyan rules test", "哪条规则会回复、回复什么；会真实取数，但不会发送"),
    ("hongyan doctor", "检查账号的设置哪里不对，并说明到哪里改"),
    ("hongyan scenario", "用文件里的对话测试后端"),
    ("hongyan scenario run", "播放场景文件：谁做了什么，公众号应该怎样回答；时钟可以拨快"),
    ("hongyan completions", "输出 shell 的补全脚本"),
    (
        "--config",
        "配置文件；不给时使用 HONGYAN_APP_ID、HONGYAN_SECRET 和 HONGYAN_API_BASE，再其次是 ./hongyan.toml",
    ),
    ("--account", "配置文件中有多个账号时，选择其中一个"),
    ("--json", "以 JSON 输出"),
    ("--token", "推送签名用的 Token；不给时取配置文件的，没有 --config 时取 HONGYAN_TOKEN"),
    ("--aes_key", "EncodingAESKey，43 个字符；不给时取配置文件的，没有 --config 时取 HONGYAN_AES_KEY"),
    ("--file", "平台格式的菜单 JSON 文件，- 表示标准输入；用 --config 时可省略，取账号的 `menu`"),
    ("hongyan demo --listen", "网关的监听地址；端口 0 表示任选空闲端口"),
    ("hongyan demo --sandbox_listen", "沙箱的监听地址；端口 0 表示任选空闲端口"),
    ("hongyan demo --mode", "推送从沙箱到网关的方式：明文、兼容、安全"),
    ("hongyan serve --config", "配置文件"),
    ("hongyan sandbox --listen", "监听地址；端口 0 表示任选空闲端口"),
    ("hongyan sandbox --app_id", "账号的 AppID"),
    ("hongyan sandbox --secret", "账号的 AppSecret"),
    ("hongyan sandbox --mode", "推送是否加密；默认明文"),
    ("hongyan sandbox --format", "推送的格式；默认 xml"),
    ("hongyan sandbox --callback", "你的服务器地址，推送发到这里"),
    ("hongyan sandbox --kind", "账号类型：服务号、订阅号或测试号；与 --unverified 一起决定有哪些权限"),
    ("hongyan sandbox --unverified", "账号没有通过微信认证"),
    ("hongyan sandbox --tls", "另在此地址以 TLS 应答，供只用 https 的程序访问"),
    ("hongyan sandbox --proxy", "在此地址充当代理，供写死了平台域名的程序使用"),
    ("--ca_dir", "沙箱自有证书的存放文件夹；私钥只有你能读"),
    ("hongyan sandbox ca", "输出 --tls 和 --proxy 所用的、需要信任的证书"),
    ("hongyan sandbox load", "许多用户同时操作，看后端承受得如何"),
    ("hongyan sandbox load --users", "有多少用户"),
    ("hongyan sandbox load --rate", "平均每秒多少次操作，如 200/s"),
    ("hongyan sandbox load --mix", "用户做什么及其权重：text、click、view、scan、location、follow、unfollow"),
    ("hongyan sandbox load --length", "用户在多长时间内不断到来"),
    ("hongyan sandbox load --think", "每个用户操作之后停顿多久：一个时间，或从多少到多少"),
    ("hongyan sandbox load --sandbox", "正在运行的沙箱；由它的用户操作，压力落在它的后端上"),
    ("hongyan sandbox load --callback", "后端的地址；直接用账号的密钥推送"),
    ("hongyan sandbox load --app_id", "账号的 AppID"),
    ("hongyan sandbox load --mode", "推送是否加密；默认明文"),
    ("hongyan sandbox load --text", "用户依次发送的文字；{n} 换成流水号"),
    ("hongyan sandbox load --key", "依次点击的菜单按钮的 key；沙箱里已有的菜单优先"),
    ("hongyan sandbox load --twice", "同时推送两次的消息所占的比例，如 1%"),
    ("hongyan sandbox load --in_flight", "最多同时进行多少条推送；超出的计数后略过"),
    ("hongyan sandbox load --push_timeout", "一次推送等待回答的时间，也是各次推送的间隔"),
    ("hongyan sandbox load --seed", "到达时刻的种子：种子相同，到达就相同"),
    ("hongyan sandbox load --allow_remote", "允许目标在别的机器上"),
    ("hongyan sandbox load --json", "以 JSON 输出结果"),
    ("hongyan sandbox ca --output", "把证书写入文件，不输出"),
    (
        "hongyan sandbox --accounts",
        "从文件（TOML 或 JSON，见 examples/accounts.toml）读取账号，代替自带的演示账号",
    ),
    ("hongyan sandbox --max_exchanges", "最多保留多少条往来记录，由此限制内存；最旧的先丢弃"),
    ("--callback_ca", "额外信任此 PEM 文件里的证书，用于自建证书机构的 https 回调"),
    (
        "hongyan scenario run --accounts",
        "从文件（TOML 或 JSON，见 examples/accounts.toml）读取账号，代替自带的演示账号",
    ),
    ("hongyan sandbox --profile", "采用哪一份客服消息窗口规则：current 或 legacy-2021"),
    ("hongyan sandbox --settings", "从 JSON 文件读取设置，内容是 GET /_sandbox/settings 所列的一部分"),
    ("hongyan sandbox --seed", "生成 OpenID、ticket 和请求编号所用的种子"),
    ("hongyan menu get --json", "原样输出平台的应答"),
    ("hongyan menu delete --json", "以 JSON 输出"),
    ("hongyan send --openid", "发给谁：对方的 OpenID，可用 `hongyan users` 查看"),
    (
        "hongyan send --to_file",
        "发给文件中的所有人：含 openid 列的 .csv，或 .jsonl；其他列可在消息中用 {{ 列名 }} 引用",
    ),
    ("hongyan send --gateway", "由这个正在运行的网关发送，例如 http://127.0.0.1:8080；不给则由本进程发送"),
    ("hongyan send --key", "网关的 API 密钥，需要 messages 权限"),
    ("hongyan send --result", "把每个收件人的结果写入这个 CSV 文件"),
    ("hongyan send --wait", "与 --gateway 合用：没有回复窗口的用户，消息保留到其下一次互动"),
    ("hongyan send --strict", "文件中只要有一行有误就一条也不发"),
    ("hongyan send --again", "即使同一命令已发送过，也重新发送"),
    ("hongyan send --text", "文本，最多 2048 字节；@文件 和 - 会被读取"),
    ("hongyan send --image", "图片：JPEG、PNG、BMP 或 GIF 文件，最大 10 MB，或 id:MEDIA_ID"),
    ("hongyan send --voice", "语音：AMR 或 MP3 文件，最大 2 MB，或 id:MEDIA_ID"),
    ("hongyan send --video", "视频：MP4 文件，最大 10 MB，或 id:MEDIA_ID；需要 --thumb"),
    ("hongyan send --music", "音乐：title=,description=,url=,hqurl=,thumb=文件，或平台格式的 JSON"),
    ("hongyan send --news", "图文：title=,description=,url=,pic=，或平台格式的 JSON"),
    ("hongyan send --msgmenu", "菜单消息：'开头|编号:选项|编号:选项|结尾'，或平台格式的 JSON"),
    ("hongyan send --template", "模板消息：id=,url= 和模板自己的键，或平台格式的 JSON；@文件 和 - 会被读取"),
    ("hongyan send --json", "平台格式的任意客服消息 JSON（不含 touser）；- 表示标准输入"),
    ("hongyan send --thumb", "视频的封面：JPEG 文件，最大 64 KB，或 id:MEDIA_ID"),
    ("hongyan send --title", "视频的标题"),
    ("hongyan send --description", "视频的描述"),
    ("hongyan send --agent", "以这位客服的名义发送，例如 kf2001@account"),
    ("hongyan users --recent", "最近有互动的人，最新的在前，取自网关的数据；不能列出关注者的账号也可用"),
    ("hongyan users --limit", "最多多少个"),
    ("hongyan qrcode --scene", "扫码时告诉公众号的值：数字，或最多 64 个字符的文本"),
    ("hongyan qrcode --text", "把场景值当作文本，即使它看起来是数字"),
    ("hongyan qrcode --expires", "临时二维码的有效期，最长 30 天，例如 60s、30m、12h、30d"),
    ("hongyan qrcode --permanent", "永久二维码；每个账号最多 10 万个"),
    ("hongyan qrcode --output", "把图片存为 JPEG 文件"),
    ("hongyan qrcode --open", "在浏览器中打开图片"),
    ("hongyan qrcode --json", "输出 JSON，不画二维码"),
    ("hongyan token --json", "输出 {\"access_token\":\"…\",\"expires_in\":秒数}"),
    (
        "hongyan call --target",
        "接口名（如 menu.create）、路径（如 /cgi-bin/menu/get）或路径的最后一段，或 list 列出全部名称",
    ),
    ("hongyan call --input", "输入：一个 JSON 对象、@文件，或 - 表示标准输入"),
    ("hongyan call --method", "表中没有的路径用 GET 还是 POST；不给时，无输入用 GET，有输入用 POST"),
    ("hongyan call --file", "作为 `media` 上传的文件"),
    ("hongyan call --output", "把应答存入文件，不输出"),
    ("hongyan call --json", "把应答的 JSON 输出在一行"),
    (
        "hongyan decode --app_id",
        "账号的 AppID，每个加密包里都有它；不给时取配置文件的，没有 --config 时取 HONGYAN_APP_ID",
    ),
    ("hongyan decode --query", "推送带来的查询串；与 Token 一起给出时会检查签名"),
    ("hongyan rules test --text", "用户发来的文本；用 --event 时是事件的 key"),
    ("hongyan rules test --event", "测试事件而不是文本，例如 CLICK、SCAN 或 subscribe"),
    ("hongyan doctor --callback", "平台要访问的地址；用 --config 时可省略，取网关自己的地址"),
    ("hongyan doctor --mode", "没有配置文件时，--callback 的推送方式"),
    ("hongyan scenario run --files", "场景文件，YAML 或 JSON"),
    ("hongyan scenario run --callback", "你的服务器地址，推送发到这里"),
    ("hongyan scenario run --sandbox", "使用已经在运行的沙箱，例如 `hongyan demo` 的"),
    ("hongyan scenario run --listen", "本次运行的沙箱监听的地址；端口 0 表示任选空闲端口"),
    ("hongyan scenario run --app_id", "账号的 AppID"),
    ("hongyan scenario run --secret", "账号的 AppSecret"),
    ("hongyan scenario run --mode", "推送是否加密；此处和文件里都没写时为明文"),
    ("hongyan scenario run --junit", "把结果写成 JUnit XML"),
    ("hongyan scenario run --json", "以 JSON 输出结果"),
    ("hongyan completions --shell", "哪种 shell"),
];

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_command_and_flag_has_a_chinese_sentence() {
        fn check(command: &Command, path: &str) {
            assert!(sentence(path).is_some(), "{path}");
            for argument in command.get_arguments() {
                let id = argument.get_id();
                let own = format!("{path} --{id}");
                assert!(sentence(&own).or_else(|| sentence(&format!("--{id}"))).is_some(), "{own}");
            }
            for sub in command.get_subcommands() {
                check(sub, &format!("{path} {}", sub.get_name()));
            }
        }
        check(&Cli::command(), "hongyan");
    }

    #[test]
    fn the_translation_is_what_is_shown() {
        let shown = translate(Cli::command()).render_long_help().to_string();
        assert!(shown.contains("网关"), "{shown}");
    }
}
