//! Templates: checked when the rules are read, and strict, so that a missing field never prints as nothing.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, escape_formatter};

use crate::config::Words;
use crate::message::{is_template, percent_encoded};

/// The work one rendering may do; a message of 2048 bytes takes a small part of it.
const FUEL: u64 = 50_000;

/// Names that are there without being captured or fetched.
pub(crate) const SCOPE: [&str; 6] = ["message", "scene", "captures", "openid", "fetched", "fetches"];

/// All templates of an account's rules.
pub(crate) struct Engine {
    /// Values as they are.
    plain: Environment<'static>,
    /// Values percent-encoded, for addresses.
    address: Environment<'static>,
    count: usize,
}

/// A string of the rules: fixed, or made anew for every message.
#[derive(Clone, Debug)]
pub(crate) enum Text {
    Fixed(String),
    Template(Template),
}

/// A template in the engine.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    name: String,
    encode: Encode,
    /// The names it uses, without those it sets itself.
    pub(crate) uses: Vec<String>,
}

/// What happens to values put into a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encode {
    Nothing,
    /// Percent-encoded, as parts of an address.
    Address,
}

/// Why a template gave no text; the sentence never holds a user's words.
#[derive(Clone, Debug)]
pub(crate) struct NoText(pub(crate) Words);

impl Engine {
    pub(crate) fn new() -> Engine {
        let mut plain = environment();
        // A field that is there and null has no text; only one that is not there is an error.
        plain.set_formatter(
            |out, state, value| {
                if value.is_none() { Ok(()) } else { escape_formatter(out, state, value) }
            },
        );
        let mut address = environment();
        address.set_formatter(|out, _, value| {
            // A formatter of one's own has to refuse undefined values itself.
            if value.is_undefined() {
                return Err(ErrorKind::UndefinedError.into());
            }
            if value.is_none() {
                return Ok(());
            }
            out.write_str(&percent_encoded(&value.to_string())).map_err(Error::from)
        });
        Engine { plain, address, count: 0 }
    }

    /// Reads a string; `names` are the captures it may use besides [`SCOPE`].
    pub(crate) fn read(&mut self, source: &str, encode: Encode, names: &[String]) -> Result<Text, Words> {
        if !is_template(source) {
            return Ok(Text::Fixed(source.to_owned()));
        }
        self.count += 1;
        let name = format!("t{}", self.count);
        let environment = self.environment_mut(encode);
        environment.add_template_owned(name.clone(), source.to_owned()).map_err(|error| bad(&error))?;
        let template = environment.get_template(&name).map_err(|error| bad(&error))?;
        let globals: Vec<String> = environment.globals().map(|(name, _)| name.to_owned()).collect();
        let mut uses: Vec<String> = template.undeclared_variables(false).into_iter().collect();
        uses.retain(|name| !globals.contains(name));
        uses.sort_unstable();
        if let Some(unknown) = uses.iter().find(|one| !SCOPE.contains(&one.as_str()) && !names.contains(one))
        {
            let known = SCOPE.iter().map(|name| (*name).to_owned()).chain(names.iter().cloned());
            let known = known.collect::<Vec<_>>().join(", ");
            return Err(Words::new(
                format!("the template uses `{unknown}`, which nothing provides; there is: {known}"),
                format!("模板用到了 `{unknown}`，但没有这个值；可用的有：{known}"),
            ));
        }
        // Filters and tests are looked up only when they run, so run it once with values that agree to everything.
        let probe: minijinja::Value =
            uses.iter().map(|name| (name.clone(), minijinja::Value::from_object(Probe))).collect();
        if let Err(error) = template.render(probe)
            && matches!(
                error.kind(),
                ErrorKind::UnknownFilter | ErrorKind::UnknownTest | ErrorKind::UnknownFunction
            )
        {
            return Err(bad(&error));
        }
        Ok(Text::Template(Template { name, encode, uses }))
    }

    pub(crate) fn render(&self, text: &Text, scope: &minijinja::Value) -> Result<String, NoText> {
        let template = match text {
            Text::Fixed(text) => return Ok(text.clone()),
            Text::Template(template) => template,
        };
        let environment = match template.encode {
            Encode::Nothing => &self.plain,
            Encode::Address => &self.address,
        };
        let compiled = environment.get_template(&template.name).map_err(|error| missing(&error, template))?;
        compiled.render(scope).map_err(|error| missing(&error, template))
    }

    fn environment_mut(&mut self, encode: Encode) -> &mut Environment<'static> {
        match encode {
            Encode::Nothing => &mut self.plain,
            Encode::Address => &mut self.address,
        }
    }
}

impl Text {
    /// Whether it is the same for every message.
    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self, Text::Fixed(_))
    }

    /// Whether it uses a name.
    pub(crate) fn uses(&self, name: &str) -> bool {
        match self {
            Text::Fixed(_) => false,
            Text::Template(template) => template.uses.iter().any(|one| one == name),
        }
    }

    /// Whether everything put in comes from what the rule fetched, not from what a person wrote.
    pub(crate) fn only_fetched(&self) -> bool {
        match self {
            Text::Fixed(_) => true,
            Text::Template(template) => {
                template.uses.iter().all(|name| name == "fetched" || name == "fetches")
            }
        }
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_fuel(Some(FUEL));
    environment
}

fn bad(error: &Error) -> Words {
    let line = error.line().filter(|line| *line > 1);
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    match line {
        Some(line) => Words::new(
            format!("the template is wrong in its line {line}: {detail}"),
            format!("模板第 {line} 行有误：{detail}"),
        ),
        None => Words::new(format!("the template is wrong: {detail}"), format!("模板有误：{detail}")),
    }
}

fn missing(error: &Error, template: &Template) -> NoText {
    let uses = template.uses.join(", ");
    NoText(match error.kind() {
        ErrorKind::UndefinedError => Words::new(
            format!("a value that the template wants is missing (it uses {uses})"),
            format!("模板需要的值不存在（它使用了 {uses}）"),
        ),
        ErrorKind::OutOfFuel => Words::new("the template does too much work", "模板的运算量过大"),
        kind => Words::new(format!("the template failed: {kind}"), format!("模板出错：{kind}")),
    })
}

/// A value that has every field and prints as something.
#[derive(Debug)]
struct Probe;

impl Object for Probe {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, _key: &minijinja::Value) -> Option<minijinja::Value> {
        Some(minijinja::Value::from_object(Probe))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(vec![minijinja::Value::from_object(Probe)])
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("1")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn render(source: &str, encode: Encode, scope: serde_json::Value) -> Result<String, String> {
        let names: Vec<String> = ["number", "city"].map(str::to_owned).to_vec();
        let mut engine = Engine::new();
        let text = engine.read(source, encode, &names).map_err(|words| words.en)?;
        engine
            .render(&text, &minijinja::Value::from(minijinja::value::Serde(scope)))
            .map_err(|missing| missing.0.en)
    }

    #[test]
    fn values_are_put_in_as_they_are() {
        let scope = json!({"number": "<7>", "fetched": {"place": "上海", "t": 21.5, "n": [1, 2]}});
        assert_eq!(
            render("{{ number }}: {{ fetched.place }} {{ fetched.t }}", Encode::Nothing, scope.clone()),
            Ok("<7>: 上海 21.5".into())
        );
        assert_eq!(
            render("{% for n in fetched.n %}{{ n }};{% endfor %}", Encode::Nothing, scope),
            Ok("1;2;".into())
        );
    }

    #[test]
    fn what_is_missing_is_an_error_and_not_nothing() {
        for source in [
            "{{ number }}",
            "{{ fetched.place }}",
            "{{ fetched.a.b }}",
            "{{ fetched.nothing.b }}",
            "{{ captures[9] }}",
        ] {
            let scope = json!({"fetched": {"nothing": null}, "captures": ["all"]});
            let missing = render(source, Encode::Nothing, scope).expect_err(source);
            assert!(missing.contains("missing"), "{missing}");
        }
    }

    #[test]
    fn null_is_an_empty_text() {
        let scope = || json!({"fetched": {"nothing": null}});
        for encode in [Encode::Nothing, Encode::Address] {
            assert_eq!(render("https://a/{{ fetched.nothing }}", encode, scope()), Ok("https://a/".into()));
            assert!(render("https://a/{{ fetched.nothin }}", encode, scope()).is_err());
        }
    }

    #[test]
    fn a_default_or_a_question_makes_a_value_optional() {
        let scope = || json!({"fetched": {}});
        assert_eq!(render("{{ fetched.a | default('-') }}", Encode::Nothing, scope()), Ok("-".into()));
        assert_eq!(
            render("{% if scene %}{{ scene }}{% else %}none{% endif %}", Encode::Nothing, scope()),
            Ok("none".into())
        );
    }

    #[test]
    fn values_in_addresses_are_percent_encoded_and_the_rest_is_not() {
        let scope = json!({"number": "a/b?c=d&e#f%2e 京"});
        let address = render("https://h/{{ number }}?x={{ number | upper }}", Encode::Address, scope);
        assert_eq!(
            address,
            Ok("https://h/a%2Fb%3Fc%3Dd%26e%23f%252e%20%E4%BA%AC?x=A%2FB%3FC%3DD%26E%23F%252E%20%E4%BA%AC"
                .into())
        );
    }

    #[test]
    fn mistakes_are_found_before_the_first_message() {
        for (source, part) in [
            ("{{ numbr }}", "`numbr`"),
            ("{{ number", "template is wrong"),
            ("{{ number | shout }}", "shout"),
            ("{% if number is odder %}x{% endif %}", "odder"),
            ("{{ frobnicate(number) }}", "frobnicate"),
        ] {
            let error = render(source, Encode::Nothing, json!({"number": "1"})).expect_err(source);
            assert!(error.contains(part), "{source}: {error}");
        }
    }

    #[test]
    fn endless_work_is_stopped() {
        let source = "{% for a in range(9000) %}{% for b in range(9000) %}x{% endfor %}{% endfor %}";
        assert!(render(source, Encode::Nothing, json!({})).expect_err("stopped").contains("too much work"));
    }
}
