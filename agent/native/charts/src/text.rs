//! Foreign text for a chart.

/// Whether it makes a reader see text in another order than it has.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Without what XML 1.0 does not allow and what turns the direction of text; white space is one space.
fn clean(text: &str) -> String {
    let kept = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    kept.filter(|&c| {
        !c.is_control() && !turns_direction(c) && !matches!(c, '\u{fffe}' | '\u{ffff}')
    })
    .collect()
}

/// Clean, and at most `most` characters; the middle is left out, since names differ at their ends.
pub fn fit(text: &str, most: usize) -> String {
    let clean = clean(text);
    let count = clean.chars().count();
    if count <= most || most < 3 {
        return clean.chars().take(most).collect();
    }
    let front = (most - 1) / 2;
    let back = most - 1 - front;
    clean.chars().take(front).chain(['…']).chain(clean.chars().skip(count - back)).collect()
}

/// A tick's number: as many digits as tell it from its neighbours `step` away.
pub fn number(value: f64, step: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    if value.abs() >= 1e7 || value.abs() < 1e-4 {
        return format!("{value:.2e}");
    }
    let digits = (-step.abs().log10().floor()).clamp(0.0, 9.0) as usize;
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_forbids_and_what_turns_text_is_left_out() {
        assert_eq!(fit("a\u{0}b\u{1b}[31m\u{202e}c\u{ffff}", 40), "ab[31mc");
        assert_eq!(fit("a\nb\tc", 40), "a b c");
    }

    #[test]
    fn a_long_name_keeps_both_of_its_ends() {
        assert_eq!(fit("abcdefghij", 5), "ab…ij");
        assert_eq!(fit("abcde", 5), "abcde");
    }

    #[test]
    fn a_tick_has_the_digits_that_tell_it_from_the_next() {
        assert_eq!(number(1.25, 0.05), "1.25");
        assert_eq!(number(150.0, 10.0), "150");
        assert_eq!(number(2e9, 1e9), "2.00e9");
    }
}
