"""Published clusters and decision trees."""

import numpy as np
import pytest
from sklearn.datasets import load_iris

from opsplaybook.stats.segments import agreement, cluster_quality, find_clusters
from opsplaybook.stats.trees import split_quality

# Quinlan 1986; Mitchell 1997, Machine Learning, chapter 3: outlook, temperature, humidity, wind.
WEATHER = [
    row.split()
    for row in """sunny hot high weak no;sunny hot high strong no;overcast hot high weak yes
    rain mild high weak yes;rain cool normal weak yes;rain cool normal strong no
    overcast cool normal strong yes;sunny mild high weak no;sunny cool normal weak yes
    rain mild normal weak yes;sunny mild normal strong yes;overcast mild high strong yes
    overcast hot normal weak yes;rain mild high strong no""".replace("\n", ";").split(";")
]
COLUMNS = ("outlook", "temperature", "humidity", "wind")


@pytest.mark.parametrize(
    ("k", "inertia", "silhouette"),
    [(2, 152.348, 0.681), (3, 78.851, 0.553), (4, 57.228, 0.498)],
)
def test_k_means_of_iris(k, inertia, silhouette):
    # scikit-learn, examples and documentation of the iris data.
    _, found, width = cluster_quality(load_iris().data, k)
    assert found == pytest.approx(inertia, abs=0.01)
    assert width == pytest.approx(silhouette, abs=0.001)


def test_three_clusters_of_iris_are_not_quite_the_three_species():
    iris = load_iris()
    labels, _, _ = cluster_quality(iris.data, 3)
    assert sorted(np.bincount(labels).tolist()) == [38, 50, 62]
    assert agreement(labels, iris.target) == pytest.approx(0.73, abs=0.001)


def test_stability_of_iris_separates_one_species_and_leaves_two_together():
    iris = load_iris()
    found = find_clusters(iris.data, scaled=False)
    assert [trial.k for trial in found.trials] == [2, 3]
    assert found.trials[0].inertia == pytest.approx(152.348, abs=0.01)
    assert found.k == 2
    assert np.unique(found.labels[iris.target == 0]).size == 1


@pytest.mark.parametrize(
    ("column", "gain", "gini"),
    [
        ("outlook", 0.2467, 0.3429),
        ("humidity", 0.1518, 0.3673),
        ("wind", 0.0481, 0.4286),
        ("temperature", 0.0292, 0.4405),
    ],
)
def test_information_gain_of_the_weather_table(column, gain, gini):
    rows = list(zip(*WEATHER, strict=True))
    found = split_quality(rows[COLUMNS.index(column)], rows[-1])
    assert found.entropy == pytest.approx(0.9403, abs=5e-4)
    assert found.gini == pytest.approx(0.4592, abs=5e-4)
    assert found.gain == pytest.approx(gain, abs=5e-4)
    assert found.weighted_gini == pytest.approx(gini, abs=5e-4)
