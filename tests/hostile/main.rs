//! Files that mean harm, through the program as a user has it: each may cost one clear sentence, and nothing else.
//!
//! Everything follows from a seed and a number, so that a file can be made again alone. A plain `cargo test` runs a few:
//!
//! ```sh
//! cargo test --test hostile
//! cargo test --test hostile -- mutated --count 1000
//! cargo test --test hostile -- crafted --count 300
//! cargo test --test hostile -- pairs --count 500
//! cargo test --test hostile -- templates --count 100
//! cargo test --test hostile -- kills --count 1000
//! cargo test --test hostile -- kills window --count 250
//! cargo test --test hostile -- mutated --seed 7 --only 123 --keep FOLDER
//! ```

mod bytes;
/// A hub of models on the loopback.
#[expect(dead_code, reason = "other tests do more with it")]
#[path = "../../examples/local_hub/hub.rs"]
mod hub;
mod judge;
mod kills;
mod media;
mod pairs;
mod random;
mod run;
mod templates;

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use videre::llava::USUAL_CONTEXT;
use videre::llava::describe::describe;
use videre::llava::estimate::estimate;
use videre::llava::pair::Pair;

use judge::{MAX_MEDIA_BYTES, MAX_OVER_ESTIMATE_BYTES, Tally, about_a_worker, wrongs};
use random::Random;
use run::{Ended, Run, adopt_orphans, args};

/// What a plain `cargo test` runs of each.
const FEW: [(Kind, usize); 4] = [
    (Kind::Mutated, 8),
    (Kind::Crafted, 6),
    (Kind::Pairs, 8),
    (Kind::Templates, 4),
];
const FEW_KILLS: usize = 4;
const SEED: u64 = 15;
/// One in so many is run again, and stopped in its midst.
const STOPPED_ONE_IN: usize = 5;
/// One in so many videos is asked about.
const ASKED_ONE_IN: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Mutated,
    Crafted,
    Pairs,
    Templates,
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "mutated" => Self::Mutated,
            "crafted" => Self::Crafted,
            "pairs" => Self::Pairs,
            "templates" => Self::Templates,
            _ => return None,
        })
    }
}

/// What was asked for after `--`.
struct Wish {
    kind: Kind,
    seed: u64,
    numbers: std::ops::Range<usize>,
    /// Where the files stay.
    keep: Option<PathBuf>,
}

fn main() -> Result<()> {
    adopt_orphans()?;
    let words: Vec<String> = std::env::args().skip(1).collect();
    let n_wrong = match words
        .iter()
        .find(|word| !word.starts_with('-'))
        .map(String::as_str)
    {
        None => few()?,
        // What this program starts of itself.
        Some("ask-and-tell") => {
            kills::ask_and_tell(Path::new(words.last().context("a folder")?))?;
            0
        }
        Some("kills") => {
            let Wish { seed, numbers, .. } = wish(Kind::Mutated, &words)?;
            kills::run(
                seed,
                numbers.len(),
                words
                    .get(1)
                    .map(String::as_str)
                    .filter(|word| !word.starts_with('-')),
            )?
        }
        Some(name) => match Kind::named(name) {
            Some(kind) => run_all(&wish(kind, &words)?)?,
            // Tests of another program were asked for.
            None => 0,
        },
    };
    match n_wrong {
        0 => Ok(()),
        _ => bail!("{n_wrong} runs were wrong"),
    }
}

fn few() -> Result<usize> {
    let mut n_wrong = 0;
    for (kind, count) in FEW {
        n_wrong += run_all(&Wish {
            kind,
            seed: SEED,
            numbers: 0..count,
            keep: None,
        })?;
    }
    Ok(n_wrong + kills::run(SEED, FEW_KILLS, None)?)
}

fn wish(kind: Kind, words: &[String]) -> Result<Wish> {
    let value = |name: &str| words.iter().skip_while(|word| *word != name).nth(1);
    let number = |name: &str| {
        value(name)
            .map(|word| word.parse::<usize>().context("a number"))
            .transpose()
    };
    let (from, count) = (number("--from")?.unwrap_or(0), number("--count")?.unwrap_or(1000));
    Ok(Wish {
        kind,
        seed: number("--seed")?.map_or(SEED, |seed| seed as u64),
        numbers: number("--only")?.map_or(from..from + count, |only| only..only + 1),
        keep: value("--keep").map(PathBuf::from),
    })
}

pub(crate) fn say(line: &str) -> Result<()> {
    Ok(writeln!(io::stdout(), "{line}")?)
}

/// Runs all of them; answers how many were wrong.
fn run_all(wish: &Wish) -> Result<usize> {
    let began = Instant::now();
    let (mut tally, mut n_wrong) = (Tally::default(), 0);
    let is_one = wish.numbers.len() == 1;
    for number in wish.numbers.clone() {
        let mut trial = Trial::new(wish, number)?;
        for ended in trial.runs()? {
            let (ended, command, max_bytes) = ended;
            tally.add(&ended);
            let found = wrongs(&ended, max_bytes);
            let name = format!(
                "{:?} --seed {} --only {number} ({})",
                wish.kind, wish.seed, trial.what
            );
            if !found.is_empty() {
                n_wrong += 1;
                say(&format!(
                    "WRONG {name} `{command}`: {}\n  {}",
                    found.join("; "),
                    first_lines(&ended.stderr)
                ))?;
            }
            if let Some(said) = about_a_worker(&ended) {
                say(&format!("worker {name} `{command}`: {said}"))?;
            }
            if is_one {
                say(&format!("{name} `{command}`: {ended:?}"))?;
            }
        }
        if (number + 1) % 100 == 0 {
            say(&format!(
                "{:?} {} after {:.0?}: {tally}",
                wish.kind,
                number + 1,
                began.elapsed()
            ))?;
        }
    }
    say(&format!(
        "{:?} of seed {}, {:.0?}: {tally}; {n_wrong} wrong",
        wish.kind,
        wish.seed,
        began.elapsed()
    ))?;
    Ok(n_wrong)
}

fn first_lines(text: &str) -> String {
    text.lines()
        .take(3)
        .map(|line| line.chars().take(300).collect::<String>())
        .collect::<Vec<_>>()
        .join(" | ")
}

/// One file, or pair of files, and what is done with it.
struct Trial {
    kind: Kind,
    number: usize,
    random: Random,
    /// Goes with its files, unless they are kept.
    _temporary: Option<tempfile::TempDir>,
    folder: PathBuf,
    file: PathBuf,
    /// What was done to it.
    what: String,
}

impl Trial {
    fn new(wish: &Wish, number: usize) -> Result<Self> {
        let temporary = match wish.keep {
            None => Some(tempfile::tempdir()?),
            Some(_) => None,
        };
        let folder = match (&wish.keep, &temporary) {
            (Some(keep), _) => keep.clone(),
            (None, Some(temporary)) => temporary.path().to_owned(),
            (None, None) => bail!("no folder"),
        };
        fs::create_dir_all(&folder)?;
        let mut random = Random::of(wish.seed, number);
        let (file, what) = match wish.kind {
            Kind::Mutated => media::mutated(&mut random, &folder),
            Kind::Crafted => media::crafted(&mut random, number, &folder),
            Kind::Pairs => pairs::make(&mut random, number, &folder),
            Kind::Templates => {
                let (template, what) = templates::make(&mut random, number);
                (pairs::with_template(&template, &folder), what)
            }
        };
        Ok(Self {
            kind: wish.kind,
            number,
            random,
            _temporary: temporary,
            folder,
            file,
            what,
        })
    }

    /// How each run ended, in words what it was, and the memory that it could take.
    fn runs(&mut self) -> Result<Vec<(Ended, String, u64)>> {
        let max_bytes = self.max_bytes();
        let commands = self.commands();
        let mut ended = Vec::new();
        for command in &commands {
            ended.push((self.run(command, None)?, in_words(command), max_bytes));
        }
        if self.number.is_multiple_of(STOPPED_ONE_IN) {
            let at = self.random.below(commands.len());
            let whole = ended[at].0.took;
            let moment = whole
                .mul_f64(self.random.below(1000) as f64 / 1e3)
                .min(Duration::from_secs(30));
            // As it was the first time.
            fs::remove_dir_all(self.folder.join("cache")).ok();
            let stopped = self.run(&commands[at], Some((moment, Signal::INT)))?;
            ended.push((
                stopped,
                format!("{}, stopped after {moment:.0?}", in_words(&commands[at])),
                max_bytes,
            ));
        }
        Ok(ended)
    }

    fn run(&self, command: &[OsString], signal: Option<(Duration, Signal)>) -> Result<Ended> {
        let run = Run {
            folder: &self.folder,
            args: command.to_vec(),
            signal,
        };
        Ok(run.end()?)
    }

    fn commands(&self) -> Vec<Vec<OsString>> {
        let file = self.file.as_os_str();
        let words = |words: &str| words.split(' ').map(OsString::from).collect::<Vec<_>>();
        let with = |before: &str, after: &str| [words(before), args([file]), words(after)].concat();
        if matches!(self.kind, Kind::Pairs | Kind::Templates) {
            let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clips/h264.mp4");
            let ask = [
                args(["ask"]),
                args([clip]),
                args(["What is there?"]),
                words("--indices 7,20 --strategy every-patch --max-tokens 8 --model"),
            ];
            return vec![[ask.concat(), args([file])].concat()];
        }
        let mut commands = vec![
            [args(["probe"]), args([file])].concat(),
            with("frames --count 4", "--json"),
        ];
        if self.number.is_multiple_of(ASKED_ONE_IN) {
            commands.push(with("ask --preset fast --max-tokens 8", "What?"));
        }
        commands
    }

    fn max_bytes(&self) -> u64 {
        match self.kind {
            Kind::Mutated | Kind::Crafted => MAX_MEDIA_BYTES,
            Kind::Pairs | Kind::Templates => estimated_bytes(&self.file) + MAX_OVER_ESTIMATE_BYTES,
        }
    }
}

/// What the program says that a pair will take; nothing where it is refused before.
fn estimated_bytes(pair: &Path) -> u64 {
    let found = Pair::find(&pair.to_string_lossy()).ok();
    let known = found.and_then(|pair| {
        let context_len = describe(&pair).ok()?.language.context_len;
        estimate(&pair, context_len.min(USUAL_CONTEXT) as u64, 2).ok()
    });
    // One that is beyond all memory is refused.
    known.map_or(0, |known| known.total_bytes().min(8 << 30))
}

fn in_words(command: &[OsString]) -> String {
    let short = |word: &OsString| {
        Path::new(word)
            .file_name()
            .unwrap_or(word)
            .to_string_lossy()
            .into_owned()
    };
    command.iter().map(short).collect::<Vec<_>>().join(" ")
}
