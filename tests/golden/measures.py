"""The metrics of docs/metrics.md, for the held-out ratings of data.py."""
import math

from data import HELD_OUT


def measure(name, model, d, no_clip="no", keep_seen="no", relevant=-math.inf):
    if name in ("rmse", "mae"):
        return error(name, model, d, no_clip == "yes")
    metric, _, k = name.partition("@")
    return ranking(metric, int(k or 0), model, d, keep_seen == "yes", float(relevant))


def number(ids, outer):
    return ids.index(outer) if outer in ids else None


def error(name, model, d, no_clip):
    low, high = min(d.r.values()), max(d.r.values())
    errors = []
    for user, item, r in HELD_OUT:
        x = model.predict(number(d.users, user), number(d.items, item))
        errors.append((x if no_clip else min(max(x, low), high)) - r)
    if name == "mae":
        return sum(abs(e) for e in errors) / len(errors)
    return math.sqrt(sum(e * e for e in errors) / len(errors))


def ranking(metric, k, model, d, keep_seen, relevant):
    values, covered = [], set()
    for u, user in enumerate(d.users):
        G = [number(d.items, item) for v, item, r in HELD_OUT if v == user and r >= relevant]
        if not G:
            continue
        score = {i: model.score(u, i) for i in range(d.m)}
        L = [i for i in range(d.m) if keep_seen or (u, i) not in d.r]
        gaps = sorted(score[i] for i in L)
        assert all(b - a < 1e-12 or b - a > 1e-5 for a, b in zip(gaps, gaps[1:])), "an order that rounding decides"
        L.sort(key=lambda i: (-round(score[i], 9), i))
        can_be_hit = [i for i in G if i in L]
        covered.update(L[:k])
        values.append(auc(G, can_be_hit, L, score) if metric == "auc" else of_list(metric, k, L, G, can_be_hit, d))
    if metric == "coverage":
        return len(covered) / d.m
    values = [v for v in values if v is not None]
    return sum(values) / len(values)


def auc(G, can_be_hit, L, score):
    others = [i for i in L if i not in G]
    if not others:
        return None
    won = sum(1.0 if score[g] > score[o] + 1e-9 else 0.5 if abs(score[g] - score[o]) <= 1e-9 else 0.0 for g in can_be_hit for o in others)
    return won / (len(G) * len(others))


def of_list(metric, k, L, G, can_be_hit, d):
    top = L[:k]
    hit = [1.0 if i in can_be_hit else 0.0 for i in top]
    ranks = range(1, len(top) + 1)
    if metric == "precision":
        return sum(hit) / k
    if metric == "recall":
        return sum(hit) / len(G)
    if metric == "recall_capped":
        return sum(hit) / min(k, len(G))
    if metric in ("ndcg", "ndcg_full"):
        ideal = min(k, len(G)) if metric == "ndcg" else len(G)
        return sum(h / math.log2(j + 1) for j, h in zip(ranks, hit)) / sum(1 / math.log2(j + 1) for j in range(1, ideal + 1))
    if metric == "map":
        return sum(h * sum(hit[:j]) / j for j, h in zip(ranks, hit)) / min(k, len(G))
    if metric == "mrr":
        return max([h / j for j, h in zip(ranks, hit)], default=0.0)
    if metric == "hr":
        return 1.0 if sum(hit) > 0 else 0.0
    if metric == "coverage":
        return None
    who = [set(d.of_item(i)) for i in top]
    if metric == "novelty":
        return sum(-math.log2(max(1, len(w)) / d.n) for w in who) / len(top) if top else None
    pairs = [(a, b) for j, a in enumerate(who) for b in who[:j]]
    if metric == "diversity":
        return sum(1 - len(a & b) / math.sqrt(len(a) * len(b)) for a, b in pairs) / len(pairs) if pairs else None
    raise ValueError(metric)
