"""The first steps of the optimizers of docs/optimizers.md, and the factors of the learning rates of docs/rates.md."""
import math

START = [1.0, -0.5, 2.0, 0.0]
GRADIENTS = [  # one row a step; fractions of two, so that they are the same in single precision
    [0.5, -1.25, 3.0, 0.0], [0.25, 1.0, -2.0, 0.5], [-0.75, 0.0, 1.5, -0.125], [2.0, 0.5, -0.25, 1.0], [-0.5, -0.0625, 4.0, -1.0],
]

# What `gusto list optimizers` says of the learning rate and the options.
DEFAULTS = {
    "sgd": (0.04, {}),
    "momentum": (0.004, {"mu": 0.9}),
    "nesterov": (0.004, {"mu": 0.9}),
    "adagrad": (0.05, {"epsilon": 1e-8}),
    "rmsprop": (0.005, {"rho": 0.9, "epsilon": 1e-8}),
    "adam": (0.004, {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}),
    "adamw": (0.004, {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.01}),
    "amsgrad": (0.004, {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}),
}


def step(name, o, rate, t, x, g, s):
    """x after step t with the gradient g; s: the state of this number, changed."""
    if name == "sgd":
        return x - rate * g
    if name in ("momentum", "nesterov"):
        s["v"] = o["mu"] * s.get("v", 0.0) - rate * g
        return x + s["v"] if name == "momentum" else x + o["mu"] * s["v"] - rate * g
    if name == "adagrad":
        s["s"] = s.get("s", 0.0) + g * g
        return x - rate * g / (math.sqrt(s["s"]) + o["epsilon"])
    if name == "rmsprop":
        s["s"] = o["rho"] * s.get("s", 0.0) + (1 - o["rho"]) * g * g
        return x - rate * g / (math.sqrt(s["s"]) + o["epsilon"])
    s["m"] = o["beta1"] * s.get("m", 0.0) + (1 - o["beta1"]) * g
    s["v"] = o["beta2"] * s.get("v", 0.0) + (1 - o["beta2"]) * g * g
    s["w"] = max(s.get("w", 0.0), s["v"])
    if name == "adamw":
        x *= 1 - rate * o["weight_decay"]
    m = s["m"] / (1 - o["beta1"] ** t)
    v = (s["w"] if name == "amsgrad" else s["v"]) / (1 - o["beta2"] ** t)
    return x - rate * m / (math.sqrt(v) + o["epsilon"])


def walk(name, changed, rate):
    """(step, index, gradient, x after it) of every number."""
    options = dict(DEFAULTS[name][1], **changed)
    x, state = list(START), [{} for _ in START]
    for t, gradient in enumerate(GRADIENTS, 1):
        for j, g in enumerate(gradient):
            x[j] = step(name, options, rate or DEFAULTS[name][0], t, x[j], g, state[j])
            yield t, j, g, x[j]


def factor(name, o, p, last):
    """p: time in epochs since the warm-up; last: that of the last step."""
    if name == "constant":
        return 1.0
    if name == "step":
        return o["factor"] ** math.floor(p / o["every"])
    if name == "exponential":
        return o["factor"] ** p
    if name == "inverse-time":
        return 1 / (1 + o["decay"] * p)
    if name == "cosine":
        return o["floor"] + (1 - o["floor"]) * (1 + math.cos(math.pi * p / last)) / 2
    raise ValueError(name)


def factor_at(name, o, warmup, n_epochs, steps, epoch, s):
    """The factor of step s of the epoch, both from 0. In the first `warmup` epochs the time with this step, over the warm-up, times the rate's
    first factor; at most that."""
    p, last = epoch + s / steps, n_epochs - 1 / steps
    if p < warmup:
        return min(1.0, (p + 1 / steps) / warmup) * factor(name, o, 0.0, last)
    return factor(name, o, p - warmup, last - warmup)


def observed(name, o, epochs):
    """Factors after each epoch (training loss, validation metric or None) of rates that watch it."""
    current, best, waited, drops, before = 1.0, math.inf, 0, 0, None
    for loss, metric in epochs:
        value = loss if metric is None else metric
        if name == "plateau":
            if value < best:
                best, waited = value, 0
            else:
                waited += 1
            if waited >= o["patience"]:
                drops, waited = drops + 1, 0
            current = max(o["factor"] ** drops, o["min"])
        else:
            if before is not None:
                current *= o["grow"] if loss <= before else o["shrink"]
            before = loss
        yield current
