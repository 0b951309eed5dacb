//! The page's HTML.

use std::fmt::Write as _;

use super::{Outcome, Report, Section, Table};
use crate::plots::numbers::{fixed, si};
use crate::plots::{Origin, escape};

/// One sheet for screen, dark screen and paper. Pictures keep their white ground in the dark:
/// their colours were chosen for it.
const STYLE: &str = include_str!("page.css");

/// Renders the page; `svgs` are the pictures of all sections in their order.
pub(super) fn render(report: &Report, svgs: &[String]) -> String {
    let mut out = String::with_capacity(64 * 1024 + svgs.iter().map(String::len).sum::<usize>());
    let title = escape(&report.title);
    // Writing to a String cannot fail, here and below.
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; img-src data:\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    );
    if report.origin == Origin::Simulated {
        out.push_str("<p class=\"banner\" role=\"note\">Everything here is simulated: no instrument was touched.</p>\n");
    }
    let _ = write!(out, "<header>\n<h1>{title}</h1>\n</header>\n<main>\n");
    verdict(&mut out, report);
    let mut pictures = svgs.iter();
    for part in &report.sections {
        section(&mut out, part, &mut pictures);
    }
    timeline(&mut out, report);
    links(&mut out, report);
    provenance(&mut out, report);
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn verdict(out: &mut String, report: &Report) {
    if report.verdict.is_empty() {
        return;
    }
    let (class, sign, word) = match report.outcome {
        Outcome::Healthy => ("healthy", "●", "healthy"),
        Outcome::Finding => ("finding", "▲", "finding"),
        Outcome::Undecided => ("undecided", "?", "undecided"),
    };
    let _ = write!(
        out,
        "<section class=\"verdict {class}\" aria-label=\"Verdict\">\n\
         <p class=\"outcome\"><span aria-hidden=\"true\">{sign}</span> {word}</p>\n"
    );
    for (i, line) in report.verdict.iter().enumerate() {
        let class = if i == 0 { " class=\"first\"" } else { "" };
        let _ = writeln!(out, "<p{class}>{}</p>", escape(line));
    }
    out.push_str("</section>\n");
}

fn section<'s>(out: &mut String, part: &Section, svgs: &mut impl Iterator<Item = &'s String>) {
    let _ = write!(out, "<section>\n<h2>{}</h2>\n", escape(&part.heading));
    for paragraph in &part.paragraphs {
        let _ = writeln!(out, "<p>{}</p>", escape(paragraph));
    }
    for picture in &part.pictures {
        let name = escape(&picture.name);
        let _ = write!(
            out,
            "<figure>\n{}<figcaption>{} <span class=\"files\"><a href=\"{name}.svg\">SVG</a> \
             <a href=\"{name}.png\">PNG</a></span></figcaption>\n</figure>\n",
            svgs.next().map_or("", String::as_str),
            escape(&picture.caption)
        );
    }
    for rows in &part.tables {
        table(out, rows);
    }
    out.push_str("</section>\n");
}

fn table(out: &mut String, table: &Table) {
    if table.rows.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "<div class=\"wide\"><table>\n<caption>{}</caption>\n<thead><tr>",
        escape(&table.caption)
    );
    for column in &table.columns {
        let _ = write!(out, "<th scope=\"col\">{}</th>", escape(column));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for i in 0..table.columns.len() {
            let cell = row.get(i).map_or("", String::as_str);
            if i == 0 {
                let _ = write!(out, "<th scope=\"row\">{}</th>", escape(cell));
            } else {
                let _ = write!(out, "<td>{}</td>", escape(cell));
            }
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table></div>\n");
}

fn timeline(out: &mut String, report: &Report) {
    if report.timeline.is_empty() {
        return;
    }
    let seconds = |s: f64| if s.is_finite() && s > 0.0 { s } else { 0.0 };
    let total: f64 = report.timeline.iter().map(|s| seconds(s.seconds)).sum();
    let _ = write!(
        out,
        "<section>\n<h2>Timeline</h2>\n<div class=\"wide\"><table class=\"timeline\">\n\
         <caption>Stages in their order, {} in all</caption>\n\
         <thead><tr><th scope=\"col\">Stage</th><th scope=\"col\">Time</th><th scope=\"col\">When</th>\
         <th scope=\"col\">What came of it</th></tr></thead>\n<tbody>\n",
        escape(&si(total, "s", 3))
    );
    let mut before = 0.0;
    for stage in &report.timeline {
        let share = |s: f64| if total > 0.0 { 100.0 * s / total } else { 0.0 };
        let took = seconds(stage.seconds);
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td class=\"bar\"><span \
             style=\"margin-left:{}%;width:{}%\"></span></td><td>{}</td></tr>",
            escape(&stage.name),
            escape(&si(took, "s", 3)),
            fixed(share(before), 2),
            fixed(share(took), 2),
            escape(&stage.note)
        );
        before += took;
    }
    out.push_str("</tbody>\n</table></div>\n</section>\n");
}

fn links(out: &mut String, report: &Report) {
    if report.attachments.is_empty() {
        return;
    }
    out.push_str("<section>\n<h2>For programs</h2>\n<ul>\n");
    for attachment in &report.attachments {
        let name = escape(&attachment.file_name);
        let _ = writeln!(
            out,
            "<li><a href=\"{name}\">{name}</a> {}</li>",
            escape(&attachment.description)
        );
    }
    out.push_str("</ul>\n</section>\n");
}

fn provenance(out: &mut String, report: &Report) {
    if report.provenance.is_empty() {
        return;
    }
    out.push_str("<section>\n<h2>How this came to be</h2>\n<dl>\n");
    for (name, value) in &report.provenance {
        let _ = writeln!(out, "<dt>{}</dt><dd>{}</dd>", escape(name), escape(value));
    }
    out.push_str("</dl>\n</section>\n");
}
