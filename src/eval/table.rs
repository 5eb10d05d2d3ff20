//! The table that a person reads.

use std::fmt::{self, Write as _};

use super::score::{Report, Tally};

const HEADINGS: [&str; 5] = ["right", "asked", "accuracy", "95 % interval", "blind guess"];

/// Writes a report as a table in plain text, failures below it.
///
/// # Errors
/// Only those of `out`.
pub fn write(report: &Report, out: &mut impl fmt::Write) -> fmt::Result {
    let mut rows: Vec<(&str, [String; 5])> = Vec::new();
    for (task, tally) in &report.tasks {
        rows.push((task, cells(tally)));
    }
    if report.tasks.len() > 1 {
        rows.push(("all questions", cells(&report.overall)));
        if let Some(mean) = report.mean_of_tasks() {
            let empty = String::new;
            rows.push((
                "mean of tasks",
                [empty(), empty(), percent(mean), empty(), empty()],
            ));
        }
    }
    let name_width = rows
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0)
        .max(4);
    write!(out, "{:name_width$}", "task")?;
    for heading in HEADINGS {
        write!(out, "  {heading:>13}")?;
    }
    writeln!(out)?;
    for (name, cells) in rows {
        let mut line = format!("{name:name_width$}");
        for cell in cells {
            write!(line, "  {cell:>13}")?;
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    write_notes(report, out)
}

fn write_notes(report: &Report, out: &mut impl fmt::Write) -> fmt::Result {
    let all = &report.overall;
    if all.n_not_judged > 0 {
        writeln!(
            out,
            "\nnot judged: {} (for a judge of your own)",
            questions(all.n_not_judged)
        )?;
    }
    if all.n_unreadable > 0 {
        writeln!(
            out,
            "\nno letter could be read in {}; counted as wrong",
            answers(all.n_unreadable)
        )?;
    }
    if all.n_open > 0 {
        writeln!(out, "\nnot asked yet: {}", questions(all.n_open))?;
    }
    if all.n_failed > 0 {
        writeln!(out, "\nfailed and not counted: {}", questions(all.n_failed))?;
        for video in &report.failed {
            writeln!(
                out,
                "  {}: {} ({})",
                video.video,
                video.reason,
                questions(video.n_questions)
            )?;
        }
    }
    Ok(())
}

fn cells(tally: &Tally) -> [String; 5] {
    let Some((low, high)) = tally.interval() else {
        let why = if tally.n_not_judged > 0 { "not judged" } else { "-" };
        return [
            String::new(),
            "0".to_owned(),
            why.to_owned(),
            String::new(),
            String::new(),
        ];
    };
    [
        tally.n_right.to_string(),
        tally.n_judged.to_string(),
        tally.accuracy().map_or_else(String::new, percent),
        format!("{:.1} to {:.1}", 100.0 * low, 100.0 * high),
        tally.chance().map_or_else(String::new, percent),
    ]
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn questions(n: usize) -> String {
    format!("{n} question{}", if n == 1 { "" } else { "s" })
}

fn answers(n: usize) -> String {
    format!("{n} answer{}", if n == 1 { "" } else { "s" })
}
