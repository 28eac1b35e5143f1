#!/usr/bin/env python3
"""Makes the golden files: numbers that gusto is held against, worked out another way.

    tests/golden/make.py            writes the .csv files beside it
    tests/golden/make.py --check    exits with 1 if what it would write is not what is there: a test

Nothing of gusto is used, and nothing but Python's standard library: the formulas of docs/models.md, docs/metrics.md, docs/optimizers.md and
docs/rates.md, in double precision, by the plainest method there is. The .c files beside it walk them. Numbers have ten decimals.

    ratings.csv      user, item, value, weight: the training ratings
    features.csv     item and its features
    held_out.csv     user, item, value: for the metrics; user 13 is folded in with his
    predictions.csv  what: `predict` and `score` of a pair, or `both`; `fold-in` of the newcomer; `similar` of two items, user is the one asked about
    metrics.csv      of a model of ratings.csv, on held_out.csv
    optimizers.csv   x after each step; step 0 is where it starts. Without a rate, without options: the defaults
    rates.csv        factor of a step, or after the losses and metrics of epochs; all counted from 0
"""
import csv
import io
import os
import sys

import convex
import measures
import models
import neighbours
import steps
from data import FEATURE_NAMES, FEATURES, HELD_OUT, NEWCOMER, Ratings, weight

MODELS = {
    "popularity": models.Popularity, "baseline": models.Baseline, "slopeone": models.SlopeOne, "itemknn": neighbours.ItemKNN,
    "userknn": neighbours.UserKNN, "ease": models.Ease, "slim": models.Slim, "rp3beta": models.RP3beta, "puresvd": models.PureSVD,
    "content": models.Content, "cluster": models.OneCluster, "cocluster": models.OneCluster, "hybrid": models.Hybrid, "als": convex.ALS,
    "ials": convex.IALS, "mf": convex.MF, "fmf": convex.FMF, "logistic": convex.Logistic,
}

# Model, data (plain, or with weights, features), options. Where gusto iterates, options that make it converge; a rank of 10, with features of
# 12, is all that there is.
RUNS = [
    ("popularity", "weights", ""),
    ("popularity", "plain", "shrink=0"),
    ("baseline", "plain", ""),
    ("baseline", "weights", "l2_user=1.5"),
    ("baseline", "plain", "sweeps=1000 l2_user=1 l2_item=2"),
    ("baseline", "weights", "sweeps=1000 l2_user=0.5 l2_item=0.25"),
    ("slopeone", "plain", ""),
    ("slopeone", "plain", "biases=no shrink=0"),
    ("slopeone", "weights", "power=2 shrink=3 l2_user=2"),
    ("itemknn", "plain", ""),
    ("itemknn", "weights", "shrink=2 power=1 neighbours=2 damp=0.5"),
    ("itemknn", "plain", "similarity=adjusted_cosine shrink=1 power=1.5 kept=3"),
    ("itemknn", "plain", "similarity=cosine target=ratings shrink=0 power=1 neighbours=2 damp=0"),
    ("itemknn", "weights", "similarity=cosine shrink=5 power=1 neighbours=4"),
    ("itemknn", "plain", "similarity=cosine use_values=yes shrink=0 power=1 neighbours=3"),
    ("itemknn", "plain", "similarity=jaccard shrink=0 power=1 neighbours=3"),
    ("itemknn", "plain", "similarity=dice shrink=2 power=2 neighbours=3 reverse=yes"),
    ("itemknn", "plain", "target=ranking shrink=2 power=1"),
    ("itemknn", "plain", "similarity=cosine weighting=bm25 shrink_by=denominator shrink=0.5 power=1 neighbours=3 documents=11"),
    ("itemknn", "plain", "similarity=dot weighting=bm25 use_values=yes k1=3 b=0.5 shrink=0 power=1 neighbours=4"),
    ("itemknn", "plain", "similarity=cosine target=ratings weighting=tfidf shrink=1 power=1 neighbours=3"),
    ("itemknn", "plain", "shrink_by=denominator shrink=0.5 power=1 neighbours=3"),
    ("userknn", "plain", ""),
    ("userknn", "weights", "shrink=1 power=1 neighbours=2 damp=0.25"),
    ("userknn", "plain", "similarity=adjusted_cosine shrink=1 power=1 reverse=yes kept=4"),
    ("userknn", "plain", "similarity=cosine shrink=0 power=1 neighbours=3 use_values=yes"),
    ("userknn", "plain", "similarity=dice shrink=3 power=1 neighbours=4"),
    ("userknn", "plain", "similarity=cosine weighting=bm25 shrink=0 power=1 neighbours=4 k1=0.5 b=1"),
    ("userknn", "plain", "similarity=dot weighting=tfidf use_values=yes shrink=0 power=1 neighbours=5 reverse=yes"),
    ("userknn", "plain", "similarity=cosine target=ratings weighting=bm25 shrink_by=denominator shrink=2 power=1 neighbours=4"),
    ("userknn", "plain", "similarity=dice shrink_by=denominator shrink=3 power=1 neighbours=4"),
    ("userknn", "plain", "similarity=jaccard target=ratings shrink=0 power=1 neighbours=4 reverse=yes"),
    ("ease", "plain", "l2=2"),
    ("ease", "plain", "l2=2 form=users"),
    ("ease", "weights", "l2=1 drop=0.5 scale=0.5 form=items"),
    ("ease", "plain", "l2=5 drop=0.25 scale=0.25 use_values=yes form=users"),
    ("ease", "features", "l2=3 features=0.5"),
    ("ease", "features", "l2=1 drop=0.5 scale=0.5"),
    ("slim", "plain", "l2=2 tolerance=0 sweeps=2000"),
    ("slim", "weights", "l1=3 l2=1 use_values=yes tolerance=0 sweeps=2000"),
    ("rp3beta", "plain", ""),
    ("rp3beta", "weights", "alpha=0.5 beta=0.3"),
    ("rp3beta", "plain", "alpha=1.5 beta=1 use_values=yes neighbours=2"),
    ("puresvd", "plain", "rank=3 tolerance=0"),
    ("puresvd", "weights", "rank=2 scale=0.5 tolerance=0"),
    ("puresvd", "plain", "rank=3 scale=0.5 profile=plain tolerance=0"),
    ("puresvd", "plain", "rank=4 scale=0.25 profile=plain use_values=yes tolerance=0"),
    ("puresvd", "plain", "rank=4 scale=0.25 use_values=yes tolerance=0"),
    ("content", "features", "sweeps=300 l2=2"),
    ("content", "features weights", "sweeps=300 l2=0.5 l2_common=1 l2_user=1 l2_item=0.5"),
    ("content", "features weights", "feedback=implicit sweeps=300"),
    ("cluster", "weights", "clusters=1 starts=1 shrink=15"),
    ("cluster", "plain", "clusters=1 starts=2 side=items shrink=1"),
    ("cocluster", "weights", "user_clusters=1 item_clusters=1 starts=1 shrink=1"),
    ("hybrid", "plain", "members=ease,popularity combine=zscore ease.l2=2"),
    ("hybrid", "plain", "members=ease,popularity combine=rank ease.l2=2"),
    ("als", "plain", "rank=10 sweeps=800 l2=0.15"),
    ("als", "weights", "rank=10 sweeps=800 l2=1 l2_bias=0.5 l2_by_count=no"),
    ("als", "plain", "rank=10 sweeps=800 l2=0.5 biases=no"),
    ("ials", "plain", "rank=10 sweeps=1000 l2=0.05"),
    ("ials", "weights", "rank=10 sweeps=1000 l2=2 power=0 unobserved=1 alpha=0.5 offset=0"),
    ("ials", "plain", "rank=10 sweeps=1000 l2=0.25 power=0.5 confidence=log alpha=2 epsilon=0.5 solver=subspace block=2"),
    ("mf", "plain", "rank=10 solver=minibatch schedule=full optimizer=momentum rate=constant learning_rate=0.03 epochs=1500 l2=0.2"),
    ("mf", "weights", "rank=10 solver=minibatch schedule=full optimizer=momentum rate=constant learning_rate=0.03 epochs=1500 "
                      "l2=0.5 l2_bias=0.25 l2_by_count=no loss=logistic"),
    ("fmf", "features", "rank=12 schedule=full optimizer=momentum rate=constant learning_rate=0.02 epochs=2000 l2=0.2 l2_part=0.1 l2_bias=0.05"),
    ("fmf", "features weights", "rank=12 schedule=full optimizer=momentum rate=constant learning_rate=0.02 epochs=2000 l2=0.3 l2_part=0.6"),
    ("logistic", "weights", "rank=10 sweeps=3000 l2=2 l2_bias=0.5 alpha=3"),
]

# What metrics are taken of: model, options, settings. Each has all metrics.
EVALUATED = [
    ("popularity", "", ""),
    ("popularity", "", "relevant=4 keep_seen=yes"),
    ("baseline", "l2_user=1.5", ""),
    ("baseline", "l2_user=1.5", "relevant=3"),
    ("ease", "l2=2", ""),
    ("ease", "l2=2", "no_clip=yes keep_seen=yes"),
    ("rp3beta", "", "relevant=4"),
]
METRICS = ["rmse", "mae", "auc"] + [
    "%s@%d" % (name, k) for k in (1, 3, 10)
    for name in ("precision", "recall", "recall_capped", "ndcg", "ndcg_full", "map", "mrr", "hr", "novelty", "diversity", "coverage")
    if not (name == "diversity" and k == 1)]

# Optimizer, learning rate (None: its default), options that are not at their defaults.
OPTIMIZED = [(name, None, {}) for name in steps.DEFAULTS] + [
    ("sgd", 0.5, {}),
    ("momentum", 0.125, {"mu": 0.5}),
    ("nesterov", 0.125, {"mu": 0.5}),
    ("adagrad", 0.25, {"epsilon": 0.125}),
    ("rmsprop", 0.125, {"rho": 0.75, "epsilon": 0.5}),
    ("adam", 0.25, {"beta1": 0.5, "beta2": 0.75, "epsilon": 0.125}),
    ("adamw", 0.25, {"beta1": 0.5, "beta2": 0.75, "epsilon": 0.125, "weight_decay": 0.5}),
    ("amsgrad", 0.25, {"beta1": 0.5, "beta2": 0.25, "epsilon": 0.125}),
]

# Rate, options. Every one at several times, with and without a warm-up.
RATED = [
    ("constant", {}),
    ("step", {"every": 2, "factor": 0.5}),
    ("exponential", {"factor": 0.75}),
    ("inverse-time", {"decay": 0.5}),
    ("cosine", {"floor": 0.0}),
    ("cosine", {"floor": 0.1}),
]
WATCHED = [
    ("plateau", {"patience": 2, "factor": 0.5, "min": 0.2}),
    ("bold-driver", {"grow": 1.25, "shrink": 0.5}),
]
WATCHED_EPOCHS = [(4.0, None), (3.0, None), (3.0, None), (3.5, None), (2.0, 5.0), (2.5, 1.5), (1.0, 1.5), (1.0, 2.0), (1.5, 1.0), (0.5, 1.0),
                  (0.25, 3.0), (2.0, 2.0)]  # training loss, validation metric


def text(x):
    """Ten decimals without zeros at the end, and no -0."""
    short = ("%.10f" % x).rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


def options_of(line):
    """NAME=VALUE ... as keywords: numbers where they are."""
    found = {}
    for word in line.split():
        name, value = word.split("=")
        try:
            found[name.split(".")[-1]] = float(value) if "." in value else int(value)
        except ValueError:
            found[name] = value
    return found


def line_of(options):
    return " ".join("%s=%s" % (name, text(value) if value >= 1e-6 else "%g" % value) for name, value in options.items())


def fitted(model, kind, line):
    d = Ratings("weights" in kind, "features" in kind)
    return d, MODELS[model](d, **options_of(line))


def predictions():
    yield ["model", "data", "options", "what", "user", "item", "value"]
    for run, (name, kind, line) in enumerate(RUNS):
        d, model = fitted(name, kind, line)
        pairs = [(u, i) for u in range(d.n) for i in range(d.m) if (5 * u + 3 * i + run) % 11 == 0]
        head = [name, kind, line]
        for u, i in pairs:
            predicted, score = models.decided(model.predict, u, i), models.decided(model.score, u, i)
            if predicted is None:
                continue
            yield head + ["both" if predicted == score else "predict", d.users[u], d.items[i], text(predicted)]
            if score is not None and predicted != score:
                yield head + ["score", d.users[u], d.items[i], text(score)]
        u, i = run % d.n, (3 * run) % d.m
        yield head + ["predict", NEWCOMER, d.items[i], text(model.predict(None, i))]
        yield head + ["predict", d.users[u], 112, text(model.predict(u, None))]
        yield head + ["predict", NEWCOMER, 112, text(model.predict(None, None))]
        if hasattr(model, "fold_in"):
            for i, score in enumerate(model.fold_in(d.newcomer())):
                if score is not None and (i + run) % 3 == 0:
                    yield head + ["fold-in", NEWCOMER, d.items[i], text(score)]
        if model.similar:
            i = run % d.m
            for j in range(d.m):
                if i != j and (j + run) % 2:
                    yield head + ["similar", d.items[i], d.items[j], text(model.similar(i, j))]


def metrics():
    yield ["model", "options", "settings", "metric", "value"]
    for name, line, settings in EVALUATED:
        d, model = fitted(name, "plain", line)
        for metric in METRICS:
            yield [name, line, settings, metric, text(measures.measure(metric, model, d, **options_of(settings)))]


def optimizers():
    yield ["optimizer", "options", "rate", "step", "index", "gradient", "value"]
    for name, rate, changed in OPTIMIZED:
        head = [name, line_of(changed), text(rate) if rate else ""]
        for j, x in enumerate(steps.START):
            yield head + [0, j, "", text(x)]
        for t, j, g, x in steps.walk(name, changed, rate):
            yield head + [t, j, text(g), text(x)]


def rates():
    yield ["rate", "options", "warmup", "epochs", "steps", "epoch", "step", "loss", "metric", "factor"]
    for name, options in RATED:
        for warmup, epochs, n in ((0, 6, 4), (1.5, 7, 4), (2, 5, 3)):
            for epoch in range(epochs):
                for s in range(n):
                    if s == n - 1 or (not warmup and (epoch + s) % 3 == 0):
                        yield [name, line_of(options), warmup, epochs, n, epoch, s, "", "",
                               text(steps.factor_at(name, options, warmup, epochs, n, epoch, s))]
    for name, options in WATCHED:
        found = steps.observed(name, options, WATCHED_EPOCHS)
        for epoch, ((loss, metric), factor) in enumerate(zip(WATCHED_EPOCHS, found)):
            yield [name, line_of(options), 0, len(WATCHED_EPOCHS), 4, epoch, "", loss, "" if metric is None else metric, text(factor)]


def ratings():
    yield ["user", "item", "value", "weight"]
    d = Ratings()
    for u, i in sorted(d.r):
        yield [d.users[u], d.items[i], text(d.r[u, i]), text(weight(u, i))]


def features():
    yield ["item"] + FEATURE_NAMES
    for item, x in FEATURES.items():
        yield [item] + [text(x[name]) if name in x else "" for name in FEATURE_NAMES]


def held_out():
    yield ["user", "item", "value"]
    yield from HELD_OUT


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    stale = []
    for rows in (ratings, features, held_out, predictions, metrics, optimizers, rates):
        path = os.path.join(folder, rows.__name__ + ".csv")
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows())
        if sys.argv[1:] == ["--check"]:
            with open(path, encoding="utf-8", newline="") as file:
                if file.read() != out.getvalue():
                    stale.append(path)
        else:
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(out.getvalue())
    for path in stale:
        print("%s is not what make.py makes: look why, then make it anew" % path)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
