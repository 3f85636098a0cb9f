"""What the tests of scores share: the shipped policy and samples from plain answers."""

import tomllib
from importlib import resources

from crmcore.rules.score.policy import ScorePolicy
from crmcore.rules.score.samples import Sample

PACK = tomllib.loads((resources.files("crmcore") / "packs" / "scores.toml").read_text("utf-8"))["scores"]
POLICY = ScorePolicy(**PACK)
TEN = (1, 10)


def sample(answers, scale=TEN):
    """One answer each."""
    hundredths = [round(each * 100) for each in answers]
    return Sample.single(scale, len(answers), sum(hundredths), sum(each**2 for each in hundredths))


def people(answers, scale=TEN):
    """Several answers each: a list of lists."""
    sums = [(100 * sum(each), len(each)) for each in answers]
    return Sample.several(
        scale,
        len(sums),
        sum(s for s, _ in sums),
        sum(s * s for s, _ in sums),
        answers=sum(k for _, k in sums),
        crossed=sum(s * k for s, k in sums),
        counts=sum(k * k for _, k in sums),
    )
