"""Do the stated intervals hold: the draws themselves, and a check on one run city that needs no generator."""

from __future__ import annotations

import pickle
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

from flows.evaluate_cities import CITIES, Made, to_send
from flows.evaluate_coverage import TRACES, cover, coverage, drawn_cities, drawn_settings, stratified_normal
from flows.evaluate_rows import Sample, read_sample, write_rows
from flows.evaluate_weights import Floats, log_odds, logistic, stated_weights
from sources.voorbeeldstad import Generation
from tests.conftest import RunCity

STATED = stated_weights()


@pytest.fixture(scope="module")
def sample(voorbeeldstad: RunCity, voorbeeldstad_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    target = tmp_path_factory.mktemp("rows") / "city.parquet"
    write_rows(voorbeeldstad.outcome.warehouse, voorbeeldstad_files.parent / "truth.parquet", target)
    return read_sample([("voorbeeldstad", target)])


def prior(sample: Sample, values: Floats) -> Floats:
    return np.asarray(values[sample.column("scored_atypical").astype(int)])


def unheard_sd(sample: Sample) -> Floats:
    """What the stated interval allows beyond weights and prior: sources that the city does not have."""
    high = sample.column("high")
    stated = (np.log(high / (1 - high)) - sample.column("log_odds")) / STATED.z
    weights = ((sample.features(STATED.kinds) * STATED.log_lr_sd) ** 2).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(stated**2 - STATED.prior_sd**2 - weights, 0)))


def test_every_building_is_one_row_with_its_own_truth(sample: Sample, voorbeeldstad: RunCity) -> None:
    ids = sample.column("building_id")
    assert len(set(ids)) == len(sample)
    standing = voorbeeldstad.one("SELECT count(*) FROM truth WHERE NOT is_gone")
    assert 0.9 * standing < len(sample) <= standing
    gone = {b for (b,) in voorbeeldstad.rows("SELECT building_id FROM truth WHERE is_gone")}
    assert not gone & set(ids)
    out = dict(voorbeeldstad.rows("SELECT truth_id, is_out_of_use FROM truth"))
    assert [out[t] for t in sample.column("truth_id")] == sample.column("is_out_of_use").tolist()


def test_the_score_calculated_again_equals_that_of_the_pipeline(sample: Sample) -> None:
    again = log_odds(prior(sample, STATED.prior), sample.features(STATED.kinds), STATED.log_lr, STATED)
    assert np.abs(again - sample.column("log_odds")).max() < 1e-5
    assert (sample.features(STATED.kinds) > 0).any(axis=1).sum() > 100


def test_the_interval_covers_weights_drawn_from_within_their_stated_uncertainty(sample: Sample) -> None:
    """Exact: the same evidence, weighed thirty times with other weights."""
    features = sample.features(STATED.kinds)
    has_evidence = sample.column("evidence_count") > 0
    rng = np.random.default_rng(7)
    inside = []
    for z in stratified_normal(30, 2 + len(STATED.kinds), 11):
        prior_drawn = prior(sample, STATED.prior + STATED.prior_sd * z[:2])
        drawn = log_odds(prior_drawn, features, STATED.log_lr + STATED.log_lr_sd * z[2:], STATED)
        # What nobody was there to say differs from building to building.
        generating = logistic(drawn + unheard_sd(sample) * rng.normal(size=len(sample)))
        inside.append((sample.column("low") <= generating) & (generating <= sample.column("high")))
    held = np.array(inside)
    assert 0.75 <= held.mean() <= 0.85
    assert 0.75 <= held[:, has_evidence].mean() <= 0.85


def test_draws_of_one_weight_stand_for_its_whole_distribution() -> None:
    z = stratified_normal(30, 4, 1)
    middles = [NormalDist().inv_cdf((i + 0.5) / 30) for i in range(30)]
    for column in z.T:
        assert sorted(column) == pytest.approx(middles)
    assert (np.abs(z) < 1.2815515655446004).mean() == pytest.approx(0.8)
    assert np.abs(np.corrcoef(z.T) - np.eye(4)).max() < 0.6
    assert (z == stratified_normal(30, 4, 1)).all()


def test_drawn_rates_are_the_weights_they_were_drawn_for() -> None:
    settings = drawn_settings(STATED)
    assert len(settings) == 30
    rates = {
        kind: [(getattr(one, f"{trace}_out"), getattr(one, f"{trace}_in")) for one in settings]
        for kind, trace in TRACES.items()
    }
    rates |= {kind: [one.said[kind] for one in settings] for kind in Generation().said}
    assert len(rates) > 10
    for kind, pairs in rates.items():
        k = STATED.kinds.index(kind)
        out, used = np.array(pairs).T
        weight = np.log(out / used)
        assert weight.mean() == pytest.approx(STATED.log_lr[k])
        assert (np.abs(weight - STATED.log_lr[k]) < 1.2816 * STATED.log_lr_sd[k]).mean() == pytest.approx(0.8)
        assert (used < 1).all()
    for place, name in enumerate(("out_of_use_ordinary", "out_of_use_atypical")):
        share = np.array([getattr(one, name) for one in settings])
        assert np.log(share / (1 - share)).mean() == pytest.approx(STATED.prior[place])


def test_drawn_cities_differ_in_seed_and_name() -> None:
    cities: list[Made] = drawn_cities(STATED, 5)
    assert len({made.seed for made in cities}) == len({made.name for made in cities}) == 5
    assert len({repr(made.settings) for made in cities}) == 5


def test_coverage_by_hand() -> None:
    generating, low, high = np.array([0.1, 0.5, 0.9, 0.2]), np.full(4, 0.2), np.full(4, 0.6)
    found = cover("four", generating, low, high)
    assert (found.count, found.inside, found.below, found.above) == (4, 0.5, 0.25, 0.25)
    assert np.isnan(cover("none", generating[:0], low[:0], high[:0]).inside)


def test_planted_buildings_are_shown_apart(sample: Sample) -> None:
    found = {one.name: one for one in coverage(sample)}
    assert found["all drawn"].count + found["planted hard cases"].count == len(sample)
    assert found["without evidence"].count + found["with evidence"].count == found["all drawn"].count
    assert (
        sum(found[f"band {b}"].count for b in ("confirmed", "likely", "signal", "unknown")) == found["all drawn"].count
    )


def test_every_city_can_be_given_to_another_process() -> None:
    for made in [*CITIES, *drawn_cities(STATED)]:
        again = pickle.loads(pickle.dumps(to_send(made)))
        assert again.settings == made.settings
        assert (again.name, again.seed, again.buildings) == (made.name, made.seed, made.buildings)
