//! The menu under the chat.

mod new;
mod current;
mod difference;

use hongyan_wire::OpenId;

pub use current::{ConditionalMenu, ConditionalMenuId, CurrentMenu, Matched, SelfMenu, ShownMenu};
pub use difference::{Change, diff};
pub use new::{Action, Button, MatchRule, MenuBody, NewConditionalMenu, NewMenu};

use crate::answer::Done;
use crate::endpoint::endpoints;

endpoints! {
    /// The menu under the chat: 1 to 3 buttons, each with up to 5 below it, and menus for some people only.
    menu: Menus {
        /// Replaces the default menu. [Page](https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu.html)
        ///
        /// Takes a [`NewMenu`], whose limits are checked first, or a `serde_json::Value` as it is. Phones show it
        /// when they next open the chat and theirs is over five minutes old. 1,000 calls a day.
        POST "/cgi-bin/menu/create" create(body menu: &(impl MenuBody + ?Sized)) -> Done, check(menu.check());
        /// Gives the default menu and the conditional ones, as made through this API. [Page](https://developers.weixin.qq.com/doc/service/api/custommenu/api_getmenu.html)
        ///
        /// Refused with 46003 when there is none.
        GET "/cgi-bin/menu/get" get() -> CurrentMenu, safe;
        /// Deletes the default menu and every conditional one. [Page](https://developers.weixin.qq.com/doc/service/api/custommenu/api_deletemenu.html)
        GET "/cgi-bin/menu/delete" delete() -> Done, safe;
        /// Gives the menu in force, also when it was made on the platform's web site. [Page](https://developers.weixin.qq.com/doc/service/api/custommenu/api_getcurrentselfmenuinfo.html)
        GET "/cgi-bin/get_current_selfmenu_info" shown() -> ShownMenu, safe;
        /// Adds a menu for the people its rule matches. [Page](https://developers.weixin.qq.com/doc/service/api/custommenu/api_addconditionalmenu.html)
        ///
        /// Needs a default menu (65303) and a verified account. The newest match wins. 2,000 calls a day.
        POST "/cgi-bin/menu/addconditional" add_conditional(body menu: &(impl MenuBody + ?Sized)) -> ConditionalMenuId, check(menu.check());
        /// Deletes one conditional menu. [Page](https://developers.weixin.qq.com/doc/service/api/custommenu/api_deleteconditionalmenu.html)
        POST "/cgi-bin/menu/delconditional" delete_conditional(field menuid: &str) -> Done;
        /// Tells which menu a person sees. [Page](https://developers.weixin.qq.com/doc/service/api/custommenu/api_trymatchmenu.html)
        POST "/cgi-bin/menu/trymatch" try_match(field user_id: &OpenId) -> Matched, safe;
    }
}
