//! A call of the page is named in few files: whoever adds one has as many to touch.

use videre::call_names;

use super::{SourceFile, assert_none, source_files};

const NAMES: &[&str] = videre::seam_calls!(call_names);
/// The list, what carries it out in the desktop or the window, the page's generated call, its test double, its user.
const MAX_FILES: usize = 5;

/// Where a call is known by its name. Not: `ui/SEAM.md`, which names some as examples, and tests of what calls do.
const RUST: &[&str] = &["src/desktop", "src-tauri", "examples/http_twin"];
const PAGE: &[&str] = &["ui/src/backend", "ui/tests/twin", "ui/tests/double"];
const USERS: &str = "ui/src";

/// The spellings of a call: in Rust and on the wire, on the page, in the name of its permission.
struct Name {
    snake: String,
    camel: String,
    kebab: String,
}

impl Name {
    fn new(name: &str) -> Self {
        let mut words = name.split('_');
        let first = words.next().unwrap_or_default().to_owned();
        let camel = words.fold(first, |camel, word| {
            camel + &word[..1].to_uppercase() + &word[1..]
        });
        Self {
            snake: name.to_owned(),
            camel,
            kebab: name.replace('_', "-"),
        }
    }

    fn is_quoted_in(&self, line: &str) -> bool {
        let Self { snake, camel, kebab } = self;
        let quoted = [snake.as_str(), camel, &format!("allow-{kebab}")];
        quoted
            .iter()
            .any(|name| line.contains(&format!("\"{name}\"")) || line.contains(&format!("'{name}'")))
    }

    /// A function of arguments, an entry of the list, of a table of functions, or of one of names.
    fn is_in_rust(&self, line: &str, path: &str) -> bool {
        let Self { snake, .. } = self;
        let is_entry = line.trim_start().split_once(' ').is_some_and(|(kind, rest)| {
            kind.chars().all(char::is_alphabetic)
                && kind != "return"
                && rest.starts_with(&format!("{snake}("))
        });
        let is_function = line.contains(&format!("fn {snake}(")) && !line.contains(&format!("fn {snake}()"));
        let is_in_table = [",", ")", "]"]
            .iter()
            .any(|end| line.contains(&format!("::{snake}{end}")));
        // What the desktop has in quotes is for people, and names of folders.
        let is_quoted = !path.starts_with("src/desktop/") && self.is_quoted_in(line);
        is_entry || is_function || is_in_table || is_quoted
    }

    /// A member of a class, an interface or an object, or of a table of names. The double has data of its own under names
    /// that calls have as well.
    fn is_in_page(&self, line: &str, path: &str) -> bool {
        let is_double = path.starts_with("ui/tests/double/");
        let line = line.trim_start().trim_start_matches("async ");
        let after = line.strip_prefix(self.camel.as_str()).unwrap_or_default();
        let is_member = after.starts_with('(')
            || [":", " ="]
                .iter()
                .any(|next| !is_double && after.starts_with(next));
        is_member || (!is_double && self.is_quoted_in(line))
    }

    /// Wherever a line is broken.
    fn is_used_in(&self, text: &str) -> bool {
        let text: String = text.split_whitespace().collect();
        text.contains(&format!("backend.{}(", self.camel))
    }
}

fn code(file: &SourceFile) -> impl Iterator<Item = &str> {
    let is_comment = |line: &&str| {
        ["//", "/*", "*"]
            .iter()
            .any(|start| line.trim_start().starts_with(start))
    };
    file.text.lines().filter(move |line| !is_comment(line))
}

fn files(folders: &[&str], endings: &[&str]) -> Vec<SourceFile> {
    let files = folders.iter().flat_map(|folder| source_files(folder, endings));
    let is_ours = |file: &SourceFile| !file.path.contains("/gen/") && !file.path.ends_with(".test.ts");
    // What the types of the page name are types.
    files
        .filter(is_ours)
        .filter(|file| !file.path.ends_with("/types.gen.ts"))
        .collect()
}

/// The files that name a call. All of its users on the page are one: a call that is new has one.
fn files_with(name: &Name, rust: &[SourceFile], page: &[SourceFile], users: &[SourceFile]) -> Vec<String> {
    let in_rust = |file: &&SourceFile| code(file).any(|line| name.is_in_rust(line, &file.path));
    let in_page = |file: &&SourceFile| code(file).any(|line| name.is_in_page(line, &file.path));
    let in_use =
        |file: &&SourceFile| !file.path.starts_with("ui/src/backend/") && name.is_used_in(&file.text);
    let defined = rust.iter().filter(in_rust).chain(page.iter().filter(in_page));
    let named = defined.chain(users.iter().filter(in_use).take(1));
    named.map(|file| file.path.clone()).collect()
}

#[test]
fn a_call_of_the_page_is_named_in_five_files_or_fewer() {
    let rust = files(RUST, &[".rs", ".json"]);
    let page = files(PAGE, &[".ts"]);
    let users = files(&[USERS], &[".ts", ".svelte"]);
    let mut offences = Vec::new();
    for name in NAMES {
        let named = files_with(&Name::new(name), &rust, &page, &users);
        let is_found = named.iter().any(|path| path == "src/desktop/seam/list.rs");
        assert!(is_found, "`{name}` is looked for in the wrong way: {named:?}");
        if named.len() > MAX_FILES {
            offences.push(format!("`{name}` in {}", named.join(", ")));
        }
    }
    assert_none(
        &format!("A call is named in more than {MAX_FILES} files"),
        &offences,
    );
}
