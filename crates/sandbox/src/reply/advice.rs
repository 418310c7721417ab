//! What to change when a call is refused, code by code, in Chinese and English.

use hongyan_wire::{Class, ErrCode};

type Row = (i64, &'static str, &'static str);

/// What to change; never empty.
pub(crate) fn advice(code: i64) -> (&'static str, &'static str) {
    if let Some((_, zh, en)) = ROWS.iter().find(|(own, ..)| *own == code) {
        return (zh, en);
    }
    match ErrCode(code).class() {
        Class::Token => ("重新获取 access_token 后只重试一次。", "Fetch a new access_token and repeat once."),
        Class::Transient => {
            ("稍等片刻再重试，间隔逐渐加长。", "Wait a moment and repeat, with growing pauses.")
        }
        Class::Quota => {
            ("额度已用完，恢复之前不要再调用。", "An allowance is used up: stop calling until it is renewed.")
        }
        Class::Permission => (
            "需要有人处理：账号权限、后台设置或用户授权；重试无用。",
            "A person must act: the account's rights, its settings or the user's consent. Repeating does not help.",
        ),
        Class::NotFound => (
            "请求里指到的东西不存在或已过期，请核对 id 并重新创建或上传。",
            "What the request names is not there or has expired: check the id, and make or upload it again.",
        ),
        Class::Ok | Class::Invalid | Class::Unknown => (
            "请求本身有误，请对照接口文档改正后再发；原样重试无用。",
            "The request itself is wrong: correct it by the interface's page. Repeating it unchanged does not help.",
        ),
    }
}

/// Sorted by code.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    (-1, "系统繁忙：隔几秒再试，最多几次。", "The platform is busy: repeat after a few seconds, a few times at most."),
    (40001, "先看是不是另一个程序也在获取 token，把旧的顶掉了：只让一处获取并共享，或改用 stable_token。在获取 token 的接口上则核对 AppSecret。", "Look whether another program fetches tokens too and displaces yours: fetch in one place and share, or use stable_token. On a token endpoint check the AppSecret."),
    (40002, "把 grant_type 写成 client_credential。", "Send grant_type=client_credential."),
    (40003, "核对 OpenID：要用本账号下的 OpenID，别用 UnionID 或别的账号的 OpenID。", "Check the OpenID: it must be this account's, not a UnionID and not another account's OpenID."),
    (40004, "type 只能是 image、voice、video、thumb。", "Use type image, voice, video or thumb."),
    (40005, "换成接口允许的文件格式，文件名后缀要与内容一致。", "Use a file format the interface takes, with a name that fits its content."),
    (40007, "media_id 只活三天且不能跨账号：重新上传，或改用永久素材。", "A media_id lives three days and is good for one account: upload again, or use permanent material."),
    (40008, "msgtype 只能用文档列出的类型，并带上同名的字段。", "Use a msgtype of the page, with the field of the same name."),
    (40009, "压缩图片；uploadimg 要小于 1 MB。", "Make the picture smaller; uploadimg takes less than 1 MB."),
    (40013, "核对 AppID，大小写和前后空格都算。", "Check the AppID, its case and blanks around it too."),
    (40014, "重新获取 access_token；检查它在保存或传递时有没有被截断或再次编码。", "Fetch a new access_token; see whether it was cut or encoded twice on its way."),
    (40016, "一级菜单放 1 到 3 个按钮，请求体最外层就是 {\"button\": […]}。", "Give one to three top buttons, with {\"button\": […]} as the outermost object."),
    (40017, "按钮的 type 用文档列出的值；有 sub_button 的按钮不要写 type。", "Use a button type of the page; a button with sub_button has none."),
    (40018, "一级菜单名不能为空，最多 16 字节（约 5 个汉字）。", "A top button's name has 1 to 16 bytes (about five Chinese characters)."),
    (40019, "click 一类按钮要有 key，最多 128 字节。", "Buttons such as click need a key of at most 128 bytes."),
    (40020, "view 按钮要有 url，最多 1024 字节。", "A view button needs a url of at most 1024 bytes."),
    (40022, "菜单最多两级。", "A menu has two levels at most."),
    (40023, "二级菜单放 1 到 5 个按钮；没有子菜单就去掉 sub_button。", "Give one to five sub-buttons; leave sub_button out when there are none."),
    (40024, "二级菜单按钮的 type 用文档列出的值。", "Use a type of the page for the sub-button."),
    (40025, "二级菜单名不能为空，最多 60 字节。", "A sub-button's name has 1 to 60 bytes."),
    (40026, "二级 click 按钮要有 key，最多 128 字节。", "The sub-button needs a key of at most 128 bytes."),
    (40027, "二级 view 按钮要有 url，最多 1024 字节。", "The sub-button needs a url of at most 1024 bytes."),
    (40029, "code 只能用一次且 5 分钟内有效：重新走一遍授权。", "A code works once and for five minutes: send the user through the consent again."),
    (40030, "refresh_token 已失效（30 天）：让用户重新授权。", "The refresh_token has ended (30 days): ask for consent again."),
    (40031, "核对 openid_list：都要是本账号关注者的 OpenID。", "Check openid_list: every entry is a follower's OpenID of this account."),
    (40032, "openid_list 太长或为空：每次最多 50 个（拉黑 20 个），分批调用。", "openid_list is empty or too long: at most 50 a call (20 for the blacklist), so send it in parts."),
    (40033, "生成 JSON 时不要把中文转义成 \\uXXXX（Python 用 ensure_ascii=False，PHP 用 JSON_UNESCAPED_UNICODE）。", "Write the JSON without \\uXXXX escapes (Python: ensure_ascii=False, PHP: JSON_UNESCAPED_UNICODE)."),
    (40036, "核对 template_id 的长度，复制时别带空格。", "Check the length of template_id; copy it without blanks."),
    (40037, "template_id 不属于本账号或已被删除：在后台重新选用模板。", "The template_id is not this account's or was deleted: pick the template again."),
    (40052, "action_name 用 QR_SCENE、QR_STR_SCENE、QR_LIMIT_SCENE 或 QR_LIMIT_STR_SCENE。", "Use action_name QR_SCENE, QR_STR_SCENE, QR_LIMIT_SCENE or QR_LIMIT_STR_SCENE."),
    (40053, "action_info 写成 {\"scene\": {\"scene_id\": 1}} 或 {\"scene\": {\"scene_str\": \"x\"}}，与 action_name 相配。", "Send action_info as {\"scene\": {\"scene_id\": 1}} or {\"scene\": {\"scene_str\": \"x\"}}, as the action_name asks."),
    (40066, "核对接口路径和拼写。", "Check the path and its spelling."),
    (40092, "备注名要少于 30 个字符。", "A remark has fewer than 30 characters."),
    (40097, "参数取值不对：对照文档检查每个字段。", "A value is wrong: check each field by the page."),
    (40101, "补上文档要求的必填参数。", "Add the parameter the page calls for."),
    (40102, "industry_id1 和 industry_id2 用行业代码 1 到 41。", "Use the numbers of trades, 1 to 41."),
    (40117, "一级按钮的 media_id 要非空且来自永久素材。", "The top button's media_id comes from permanent material and is not empty."),
    (40118, "二级按钮的 media_id 要非空且来自永久素材。", "The sub-button's media_id comes from permanent material and is not empty."),
    (40121, "view_limited 只能用图文素材。", "view_limited takes news material only."),
    (40125, "AppSecret 不对或已重置：到后台核对，改配置后重启。", "The AppSecret is wrong or was reset: look it up, change your settings, restart."),
    (40128, "用永久素材接口上传，菜单不能用临时 media_id。", "Upload as permanent material; menus do not take temporary media ids."),
    (40129, "场景值：临时码 32 位非零整数，永久码 1 到 100000，字符串 1 到 64 个字符。", "Scenes: a non-zero 32-bit number for temporary codes, 1 to 100000 for permanent ones, text of 1 to 64 characters."),
    (40163, "code 已被用过：同一个 code 只换一次，别让页面刷新时再换。", "The code was used: exchange it once, and not again when the page is reloaded."),
    (40164, "把调用方的出口 IP 加进后台的 IP 白名单，或从固定 IP 出去。", "Put the caller's address on the account's IP list, or go out through a fixed address."),
    (40165, "小程序 pagepath 要写已发布的页面路径。", "Give the path of a published mini program page."),
    (40166, "小程序 AppID 要与本账号关联。", "Link the mini program to this account, or correct its AppID."),
    (40169, "scene_str 要有 1 到 64 个字符，请求体要是 JSON。", "scene_str has 1 to 64 characters, and the body is JSON."),
    (40176, "核对 template_id。", "Check the template_id."),
    (40200, "这种账号没有此功能：换成已认证的服务号，或改发普通消息。", "This kind of account has no such function: use a verified service account, or an ordinary message."),
    (40201, "先给账号设置回调地址。", "Give the account a callback address first."),
    (40202, "action 用 dns、ping 或 all。", "Use action dns, ping or all."),
    (40203, "check_operator 用 CHINANET、UNICOM、CAP 或 DEFAULT。", "Use check_operator CHINANET, UNICOM, CAP or DEFAULT."),
    (40243, "AppSecret 已被冻结：到后台解冻。", "The AppSecret is frozen: unfreeze it in the account's settings."),
    (41001, "在地址的查询里加上 access_token。", "Put access_token into the query."),
    (41002, "补上 appid。", "Add appid."),
    (41003, "补上 refresh_token。", "Add refresh_token."),
    (41004, "补上 secret。", "Add secret."),
    (41005, "用 multipart/form-data 发送文件，字段名 media，并带 filename。", "Send the file as multipart/form-data in the field media, with a filename."),
    (41006, "补上 media_id。", "Add media_id."),
    (41008, "补上网页授权的 code。", "Add the OAuth code."),
    (41009, "补上 openid。", "Add openid."),
    (41010, "补上 url。", "Add the url."),
    (42001, "重新获取 access_token；在它到期前 5 分钟就换。", "Fetch a new access_token; renew it five minutes before its end."),
    (42002, "refresh_token 已过期：让用户重新授权。", "The refresh_token has expired: ask for consent again."),
    (43001, "这个接口要用 GET。", "Use GET for this endpoint."),
    (43002, "这个接口要用 POST。", "Use POST for this endpoint."),
    (43004, "对方没有关注：只能发给关注者。", "The person does not follow: send to followers only."),
    (43019, "对方在黑名单里：先移出。", "The person is on the blacklist: take them off first."),
    (43100, "所属行业每月只能改一次：下月再改。", "The trades can be set once a month: wait for the next."),
    (43101, "用户没有订阅，或订阅次数已用完：先让用户在弹窗里同意。", "The person has not agreed, or the agreement is used up: ask again in the pop-up."),
    (44001, "上传的文件是空的。", "The uploaded file is empty: send its bytes."),
    (44002, "POST 的请求体是空的：带上 JSON。", "The POST has no body: send JSON."),
    (44003, "图文内容为空：至少放一篇。", "The news message is empty: give at least one article."),
    (44004, "文本内容为空。", "The text is empty: give it content."),
    (45001, "文件太大：按类型压缩（图片 10 MB、语音 2 MB、视频 10 MB、缩略图 64 KB）。", "The file is too large: pictures 10 MB, voice 2 MB, video 10 MB, thumbnails 64 KB."),
    (45002, "文本最多 2048 字节：拆成几条发送。", "A text has at most 2048 bytes: split it."),
    (45007, "语音最长 60 秒。", "A voice lasts 60 seconds at most."),
    (45008, "客服图文最多一篇。", "A news message has one article at most."),
    (45009, "今天的调用次数用完了：缓存结果、减少调用；应急可用 clear_quota（每月 10 次）。", "Today's calls are used up: cache results and call less; clear_quota helps ten times a month."),
    (45011, "调用太快：放慢速度，一分钟后再试。", "Too many calls in a minute: slow down and repeat after a minute."),
    (45015, "窗口已关闭：等用户下次发消息、点菜单、关注或扫码，或改用模板消息。", "No window is open: wait until the user writes, taps, follows or scans, or use a template message."),
    (45026, "模板数量已达上限：删掉不用的。", "There are too many templates: delete unused ones."),
    (45029, "永久二维码已达 10 万个：改用临时码。", "There are 100,000 permanent codes: use temporary ones."),
    (45047, "窗口里的条数用完了：把几条合成一条，或等用户再有动作。", "The window's messages are used up: join several into one, or wait for the user's next action."),
    (45056, "标签数量已达上限：删掉不用的。", "There are too many tags: delete unused ones."),
    (45057, "标签下粉丝太多，不能直接删除：先移除粉丝。", "The tag has too many followers to be deleted: untag them first."),
    (45058, "0、1、2 是系统保留的标签，不能修改。", "Tags 0, 1 and 2 belong to the platform and cannot be changed."),
    (45059, "每个粉丝最多 20 个标签：先去掉一个。", "A follower has at most 20 tags: take one away first."),
    (45064, "菜单里的小程序要先与账号关联。", "Link the mini program of the menu to the account first."),
    (45072, "command 用 Typing 或 CancelTyping。", "Use command Typing or CancelTyping."),
    (45080, "30 秒内没有往来消息，不能显示输入状态。", "The typing state needs a message within the last 30 seconds."),
    (45081, "已经在显示输入状态：等它结束再发。", "The typing state shows already: wait for its end."),
    (45098, "msgmenu 的选项太多：减少条数。", "The msgmenu has too many items: use fewer."),
    (45099, "msgmenu 的选项太长：缩短文字。", "An item of the msgmenu is too long: shorten it."),
    (45157, "标签名为空、重名或不合法：换一个名字。", "The tag's name is empty, taken or not allowed: use another."),
    (45158, "标签名太长：缩短到 30 个字节或字符以内。", "The tag's name is too long: at most 30."),
    (45159, "标签 id 不存在：用 tags/get 查一下。", "The tag id is not there: list them with tags/get."),
    (45162, "图文类型不对：news.articles 要写成数组。", "The type is wrong: news.articles must be an array."),
    (46003, "还没有自定义菜单：先创建。", "There is no menu: create one first."),
    (47001, "请求体不是合法的 JSON 对象：检查引号、逗号和编码。", "The body is no JSON object: check quotes, commas and encoding."),
    (47003, "模板参数不对：每个字段都要有值，长度和字符符合要求。", "The template's data is wrong: give each field a value of its kind and length."),
    (48001, "账号没有这个接口的权限：看账号类型和认证，或换测试号试。", "The account may not use this interface: look at its kind and verification, or try a test account."),
    (48002, "对方关闭了消息接收：不要再发。", "The person has turned messages off: send no more."),
    (48006, "本月清零次数用完了（10 次）：下月再清。", "The counters were cleared ten times this month: wait for the next."),
    (49003, "这个 OpenID 不在该标签或账号下：核对后再试。", "The OpenID does not belong here: check it."),
    (53600, "article_id 无效：用已发布文章的 id。", "The article_id is not valid: use a published article's."),
    (65301, "没有这个个性化菜单：核对 menuid。", "There is no such conditional menu: check the menuid."),
    (65302, "没有可匹配的用户：核对 user_id。", "There is no such user: check the user_id."),
    (65303, "先创建默认菜单，再加个性化菜单。", "Create the default menu first, then conditional ones."),
    (65304, "matchrule 不能为空：至少给一个条件。", "matchrule is empty: give at least one condition."),
    (65306, "不支持个性化菜单的账号：去掉它。", "The account has no conditional menus: leave them out."),
    (65307, "个性化菜单内容为空：补上 button。", "The conditional menu is empty: add button."),
    (65308, "个性化菜单里有没有回应的按钮：补上。", "A button of the conditional menu does nothing: complete it."),
    (65315, "这个用户不是粉丝：用关注者的 OpenID。", "The person does not follow: use a follower's OpenID."),
    (65316, "个性化菜单最多指向三个外部域名。", "Conditional menus lead to three outside hosts at most."),
    (65317, "按钮的 url 要以 http:// 或 https:// 开头。", "A button's url begins with http:// or https://."),
    (65320, "性别、国家、省、市、语言这些条件已停用：改用 tag_id 或 client_platform_type。", "The conditions of sex, place and language are gone: use tag_id or client_platform_type."),
    (65401, "没有这个客服账号：先用 kfaccount/add 添加，核对 kf_account。", "There is no such agent: add it with kfaccount/add, and check kf_account."),
    (65402, "客服账号还没有绑定微信号：先邀请并等对方接受。", "Nobody sits behind the agent yet: invite somebody and wait for the answer."),
    (65403, "客服昵称要有 1 到 16 个字。", "An agent's nickname has 1 to 16 characters."),
    (65404, "kf_account 的格式是“前缀@微信号”，前缀最多 10 个字母或数字。", "kf_account is prefix@wechat-id, with a prefix of at most 10 letters and digits."),
    (65405, "客服账号已达上限（100 个）：删掉不用的。", "There are 100 agents: delete unused ones."),
    (65406, "这个客服账号已存在：换一个前缀，或用 kfaccount/update。", "The agent exists: take another prefix, or use kfaccount/update."),
    (65407, "这个微信号已经是客服：换一个。", "That person is an agent already: invite another."),
    (65408, "已邀请过这个微信号：等对方接受。", "That person was invited already: wait for the answer."),
    (65409, "微信号不对：核对 invite_wx。", "The WeChat id is wrong: check invite_wx."),
    (76021, "cgi_path 写接口路径，如 /cgi-bin/message/custom/send。", "cgi_path is an endpoint's path, such as /cgi-bin/message/custom/send."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_complete_in_both_languages() {
        assert!(ROWS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (code, zh, en) in ROWS {
            assert!(zh.ends_with('。') && en.ends_with('.'), "{code}");
        }
    }

    #[test]
    fn the_usual_refusals_have_advice_of_their_own() {
        let usual = [-1, 40001, 40003, 40013, 40014, 40033, 40125, 40164, 41001, 42001, 43004, 45009, 45011];
        for code in usual.into_iter().chain([45015, 45047, 47001, 48001, 48002, 40200]) {
            assert!(ROWS.iter().any(|(own, ..)| *own == code), "{code}");
        }
    }

    #[test]
    fn every_known_code_says_what_to_change() {
        for entry in hongyan_wire::errcode::ALL {
            let (zh, en) = advice(entry.code.0);
            assert!(!zh.is_empty() && !en.is_empty(), "{}", entry.code);
        }
        // Two codes of different classes do not get the same words.
        assert_ne!(advice(40185), advice(40213));
    }
}
