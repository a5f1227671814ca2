//! From findings to tokens to ban: leaves out what is not wanted, refuses what is no token, counts.

use super::{
    admit::{admit, Admitted, Purpose},
    finding::{Finding, Secret, Validity},
    report::{Report, Skip},
};

/// Which findings are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    /// Those that work no more, too.
    pub(crate) inactive: bool,
    /// Only those that the report says it verified.
    pub(crate) only_verified: bool,
    /// What for.
    pub(crate) purpose: Purpose,
}

/// Hears of the tokens of one finding, which belong together: readings of one text, or its parts.
pub(crate) type Take<'a> = &'a mut dyn FnMut(&[Admitted<'_>], &Finding<'_>);

/// Takes the findings of one report.
pub(crate) struct Intake<'a> {
    /// What has been taken so far.
    pub(crate) report: Report,
    wanted: Wanted,
    take: Take<'a>,
}

impl<'a> Intake<'a> {
    /// Hands every token that is wanted to `take`.
    pub(crate) fn new(wanted: Wanted, take: Take<'a>) -> Intake<'a> {
        Intake { report: Report::default(), wanted, take }
    }

    /// Takes one finding.
    pub(crate) fn add(&mut self, finding: Finding<'_>) {
        if let Some(skip) = self.skip(&finding) {
            return self.report.skip(skip, finding.line);
        }
        let Finding { line, secret, notes, .. } = finding;
        let Intake { report, wanted, take } = self;
        let admitted = admit(secret, notes, wanted.purpose, &mut |tokens| {
            take(tokens, &finding);
            report.admit(tokens, line);
        });
        if let Err(refusal) = admitted {
            report.refuse(refusal, line);
        }
    }

    fn skip(&self, finding: &Finding<'_>) -> Option<Skip> {
        match finding.secret {
            Secret::OtherTool => return Some(Skip::OtherTool),
            Secret::Unnamed => return Some(Skip::Unnamed),
            _ => {}
        }
        match finding.validity {
            _ if self.wanted.purpose == Purpose::Look => None,
            Validity::Dismissed => Some(Skip::Dismissed),
            Validity::Inactive if self.wanted.only_verified => Some(Skip::Unverified),
            Validity::Inactive if !self.wanted.inactive => Some(Skip::Inactive),
            Validity::Unknown if self.wanted.only_verified => Some(Skip::Unverified),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(wanted: Wanted) -> Report {
        let mut take = |_: &[Admitted<'_>], _: &Finding<'_>| {};
        let mut intake = Intake::new(wanted, &mut take);
        let all = [Validity::Active, Validity::Dismissed, Validity::Inactive, Validity::Unknown];
        for (line, validity) in (1..).zip(all) {
            let secret = Secret::Text(b"e30.e30.s3cr3t");
            intake.add(Finding { validity, ..Finding::of(line, secret) });
        }
        intake.report
    }

    #[test]
    fn what_is_not_wanted_is_skipped() {
        let cases = [(false, false, 2, 2), (true, false, 3, 1), (false, true, 1, 3)];
        for (inactive, only_verified, taken, skipped) in cases {
            let report = report(Wanted { inactive, only_verified, ..Wanted::default() });
            assert_eq!((report.admitted, report.jwts), (taken, taken));
            assert_eq!(report.skipped(), skipped);
        }
    }
}
