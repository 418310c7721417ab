//! The fields of each message and event, after the four that every push begins with.

use super::fields::{Fields, Value};

/// An event by name, with its key.
pub(crate) fn keyed(event: &str, key: &str) -> Fields {
    Fields::default().text("Event", event).text("EventKey", key)
}

/// A follow; through a code it carries the scene and the ticket.
pub(crate) fn subscribe(scan: Option<(&str, &str)>, empty_key: bool) -> Fields {
    match scan {
        Some((scene, ticket)) => keyed("subscribe", &format!("qrscene_{scene}")).text("Ticket", ticket),
        None if empty_key => keyed("subscribe", ""),
        None => Fields::default().text("Event", "subscribe"),
    }
}

/// The end of a follow.
pub(crate) fn unsubscribe(empty_key: bool) -> Fields {
    if empty_key { keyed("unsubscribe", "") } else { Fields::default().text("Event", "unsubscribe") }
}

/// A follower scanned a code.
pub(crate) fn scan(scene: &str, ticket: &str) -> Fields {
    keyed("SCAN", scene).text("Ticket", ticket)
}

/// A page or a mini program was opened from the menu.
pub(crate) fn opened(event: &str, key: &str, menu_id: u64) -> Fields {
    keyed(event, key).number("MenuId", menu_id)
}

/// The scanner was opened from the menu and read something.
pub(crate) fn scanned(event: &str, key: &str, result: &str) -> Fields {
    let info = Fields::default().text("ScanType", "qrcode").text("ScanResult", result);
    keyed(event, key).tree("ScanCodeInfo", info)
}

/// Pictures were chosen from the menu; only their digests travel here.
pub(crate) fn pictures(event: &str, key: &str, md5: &[String]) -> Fields {
    let list = md5
        .iter()
        .fold(Fields::default(), |list, sum| list.tree("item", Fields::default().text("PicMd5Sum", sum)));
    let info = Fields::default().number("Count", md5.len()).tree("PicList", list);
    keyed(event, key).tree("SendPicsInfo", info)
}

/// A place on the map, however it was chosen.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    pub(crate) scale: i64,
    pub(crate) label: String,
    pub(crate) poiname: String,
}

/// A place was chosen from the menu.
pub(crate) fn location_select(key: &str, place: &Place) -> Fields {
    let info = Fields::default()
        .text("Location_X", &place.latitude.to_string())
        .text("Location_Y", &place.longitude.to_string())
        .text("Scale", &place.scale.to_string())
        .text("Label", &place.label)
        .text("Poiname", &place.poiname);
    keyed("location_select", key).tree("SendLocationInfo", info)
}

/// A text, perhaps from a tap on a msgmenu item.
pub(crate) fn text(content: &str, msg_id: &str, menu_item: Option<&str>) -> Fields {
    let mut fields = Fields::default().text("Content", content).digits("MsgId", msg_id);
    if let Some(item) = menu_item {
        fields.0.push(("bizmsgmenuid".to_owned(), menu_item_id(item)));
    }
    fields
}

/// The id stands bare when it is a number, as in the platform's samples.
fn menu_item_id(id: &str) -> Value {
    if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) {
        Value::Digits(id.to_owned())
    } else {
        Value::Text(id.to_owned())
    }
}

/// A picture.
pub(crate) fn image(pic_url: &str, media_id: &str, msg_id: &str) -> Fields {
    Fields::default().text("PicUrl", pic_url).text("MediaId", media_id).digits("MsgId", msg_id)
}

/// A voice message.
pub(crate) fn voice(media_id: &str, format: &str, recognition: Option<&str>, msg_id: &str) -> Fields {
    let fields = Fields::default()
        .text("MediaId", media_id)
        .text("Format", format)
        .digits("MsgId", msg_id)
        .text("MediaId16K", media_id);
    match recognition {
        Some(words) => fields.text("Recognition", words),
        None => fields,
    }
}

/// A video, long or short.
pub(crate) fn video(media_id: &str, thumb: &str, msg_id: &str) -> Fields {
    Fields::default().text("MediaId", media_id).text("ThumbMediaId", thumb).digits("MsgId", msg_id)
}

/// A place sent as a message: X is the latitude.
pub(crate) fn location(place: &Place, msg_id: &str) -> Fields {
    Fields::default()
        .number("Location_X", place.latitude)
        .number("Location_Y", place.longitude)
        .number("Scale", place.scale)
        .text("Label", &place.label)
        .digits("MsgId", msg_id)
}

/// Where a follower is, which the phone reports by itself: latitude, longitude, and how exact they are in metres.
pub(crate) fn location_report(latitude: f64, longitude: f64, precision: f64) -> Fields {
    Fields::default()
        .text("Event", "LOCATION")
        .number("Latitude", format!("{latitude:.6}"))
        .number("Longitude", format!("{longitude:.6}"))
        .number("Precision", format!("{precision:.6}"))
}

/// A pop-up about subscription messages was answered, on a page (1) or in an article (2), or they were changed in the settings.
pub(crate) fn subscription_answered(ids: &[String], accept: bool, scene: Option<u32>) -> Fields {
    let status = if accept { "accept" } else { "reject" };
    let list = ids.iter().fold(Fields::default(), |list, id| {
        let one = Fields::default().text("TemplateId", id).text("SubscribeStatusString", status);
        list.tree("List", scene.map_or(one.clone(), |scene| one.number("PopupScene", scene)))
    });
    let (event, name) = match scene {
        Some(_) => ("subscribe_msg_popup_event", "SubscribeMsgPopupEvent"),
        None => ("subscribe_msg_change_event", "SubscribeMsgChangeEvent"),
    };
    Fields::default().text("Event", event).tree(name, list)
}

/// A subscription message was delivered.
pub(crate) fn subscription_sent(template_id: &str, number: u64) -> Fields {
    let one = Fields::default()
        .text("TemplateId", template_id)
        .number("MsgID", number)
        .number("ErrorCode", 0)
        .text("ErrorStatus", "success");
    let list = Fields::default().tree("List", one);
    Fields::default().text("Event", "subscribe_msg_sent_event").tree("SubscribeMsgSentEvent", list)
}

/// A shared page.
pub(crate) fn link(title: &str, description: &str, url: &str, msg_id: &str) -> Fields {
    Fields::default()
        .text("Title", title)
        .text("Description", description)
        .text("Url", url)
        .digits("MsgId", msg_id)
}

#[cfg(test)]
mod tests {
    use super::super::write::write_fields;
    use super::*;

    fn written(fields: &Fields) -> String {
        let mut out = String::new();
        write_fields(fields, &mut out);
        out
    }

    #[test]
    fn events_are_written_as_the_reference_shows_them() {
        assert_eq!(
            written(&subscribe(Some(("shelf-7", "gQEmuTicket==")), true)),
            "<Event><![CDATA[subscribe]]></Event><EventKey><![CDATA[qrscene_shelf-7]]></EventKey><Ticket><![CDATA[gQEmuTicket==]]></Ticket>"
        );
        assert_eq!(
            written(&scan("shelf-7", "gQEmuTicket==")),
            "<Event><![CDATA[SCAN]]></Event><EventKey><![CDATA[shelf-7]]></EventKey><Ticket><![CDATA[gQEmuTicket==]]></Ticket>"
        );
        assert_eq!(
            written(&opened("VIEW", "https://example.test/", 449_000_001)),
            "<Event><![CDATA[VIEW]]></Event><EventKey><![CDATA[https://example.test/]]></EventKey><MenuId>449000001</MenuId>"
        );
        assert_eq!(
            written(&scanned("scancode_waitmsg", "SCAN_A", "https://example.test/x")),
            "<Event><![CDATA[scancode_waitmsg]]></Event><EventKey><![CDATA[SCAN_A]]></EventKey><ScanCodeInfo><ScanType><![CDATA[qrcode]]></ScanType><ScanResult><![CDATA[https://example.test/x]]></ScanResult></ScanCodeInfo>"
        );
    }

    #[test]
    fn pictures_and_places_from_the_menu_are_written_as_the_reference_shows_them() {
        let md5 =
            ["0cc175b9c0f1b6a831c399e269772661".to_owned(), "92eb5ffee6ae2fec3ad71c777531578f".to_owned()];
        assert_eq!(
            written(&pictures("pic_weixin", "PIC_A", &md5)),
            "<Event><![CDATA[pic_weixin]]></Event><EventKey><![CDATA[PIC_A]]></EventKey><SendPicsInfo><Count>2</Count><PicList><item><PicMd5Sum><![CDATA[0cc175b9c0f1b6a831c399e269772661]]></PicMd5Sum></item><item><PicMd5Sum><![CDATA[92eb5ffee6ae2fec3ad71c777531578f]]></PicMd5Sum></item></PicList></SendPicsInfo>"
        );
        let place = Place {
            latitude: 31.23,
            longitude: 121.47,
            scale: 15,
            label: "Road 1".into(),
            poiname: String::new(),
        };
        assert_eq!(
            written(&location_select("LOC_A", &place)),
            "<Event><![CDATA[location_select]]></Event><EventKey><![CDATA[LOC_A]]></EventKey><SendLocationInfo><Location_X><![CDATA[31.23]]></Location_X><Location_Y><![CDATA[121.47]]></Location_Y><Scale><![CDATA[15]]></Scale><Label><![CDATA[Road 1]]></Label><Poiname><![CDATA[]]></Poiname></SendLocationInfo>"
        );
    }

    #[test]
    fn what_the_platform_reports_by_itself_is_written_as_the_reference_shows_it() {
        assert_eq!(
            written(&location_report(31.230_416, 121.473_701, 40.0)),
            "<Event><![CDATA[LOCATION]]></Event><Latitude>31.230416</Latitude><Longitude>121.473701</Longitude><Precision>40.000000</Precision>"
        );
        let ids = ["a".to_owned(), "b".to_owned()];
        assert_eq!(
            written(&subscription_answered(&ids[..1], true, Some(2))),
            "<Event><![CDATA[subscribe_msg_popup_event]]></Event><SubscribeMsgPopupEvent><List><TemplateId><![CDATA[a]]></TemplateId><SubscribeStatusString><![CDATA[accept]]></SubscribeStatusString><PopupScene>2</PopupScene></List></SubscribeMsgPopupEvent>"
        );
        let changed = written(&subscription_answered(&ids, false, None));
        assert!(
            changed.contains("<SubscribeMsgChangeEvent><List>") && !changed.contains("PopupScene"),
            "{changed}"
        );
        assert_eq!(changed.matches("<List>").count(), 2);
        let sent = written(&subscription_sent("a", 7));
        assert!(sent.contains("<MsgID>7</MsgID><ErrorCode>0</ErrorCode>"), "{sent}");
    }

    #[test]
    fn a_tap_on_a_msgmenu_item_carries_its_id() {
        assert_eq!(
            written(&text("Yes, solved", "24801000000000002", Some("101"))),
            "<Content><![CDATA[Yes, solved]]></Content><MsgId>24801000000000002</MsgId><bizmsgmenuid>101</bizmsgmenuid>"
        );
    }
}
