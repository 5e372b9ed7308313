#!/usr/bin/env python3
"""Rows of tests/golden/stat.def: distribution functions by mpmath with 40 digits, none of our code.

Usage: python3 tests/reference/stat_golden.py > tests/golden/stat.def      (needs mpmath)
"""
from mpmath import mp, mpf, betainc, gammainc, erfc, exp, findroot, loggamma, nsum, inf, sqrt, pi

mp.dps = 40


def gamma_upper(a, x):
    return gammainc(a, x, inf, regularized=True)


def beta_cdf(x, a, b):
    return betainc(a, b, 0, x, regularized=True)


def beta_sf(x, a, b):
    return betainc(b, a, 0, 1 - mpf(x), regularized=True)


def t_sf(t, df):
    t, df = mpf(t), mpf(df)
    half = betainc(df / 2, mpf(1) / 2, 0, df / (df + t * t), regularized=True) / 2
    return half if t >= 0 else 1 - half


def f_sf(x, a, b):
    x, a, b = mpf(x), mpf(a), mpf(b)
    return betainc(b / 2, a / 2, 0, b / (b + a * x), regularized=True)


def kolmogorov_sf(x):
    x = mpf(x)
    if x < mpf("0.5"):
        return 1 - sqrt(2 * pi) / x * sum(exp(-((2 * k - 1) ** 2) * pi**2 / (8 * x * x)) for k in range(1, 30))
    return 2 * sum((-1) ** (k - 1) * exp(-2 * k * k * x * x) for k in range(1, 60))


def row(name, x, a, b, value):
    print(f"STAT({name}, {float(x)!r}, {float(a)!r}, {float(b)!r}, {mp.nstr(value, 20, min_fixed=0, max_fixed=0)})")


def quantile(function, wanted, low, high):
    """Bisection: function falls from low to high."""
    low, high = mpf(low), mpf(high)
    for _ in range(110):
        middle = (low + high) / 2
        if function(middle) > wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2


print("/* Made by tests/reference/stat_golden.py with mpmath. STAT(function, x, a, b, value) */")
for x in (0.001, 0.5, 1.0, 1.5, 2.0, 7.25, 15.0, 1000.5, 1e6):
    row("log_gamma", x, 0, 0, loggamma(mpf(x)))
for z in (-8.5, -3.0, -0.1, 0.0, 0.7, 1.96, 4.0, 10.0, 30.0):
    row("normal_sf", z, 0, 0, erfc(mpf(z) / sqrt(mpf(2))) / 2)
for p in (1e-300, 1e-20, 0.001, 0.025, 0.3, 0.5, 0.6, 0.9, 0.975, 0.999):
    row("normal_quantile", p, 0, 0, -quantile(lambda z: erfc(z / sqrt(mpf(2))) / 2, mpf(p), -50, 50))
for df in (0.5, 1, 2, 9, 19, 100, 5000, 1e6):
    for share in (0.01, 0.5, 1.0, 1.2, 3.0):
        x = df * share
        upper = gamma_upper(mpf(df) / 2, mpf(x) / 2)
        if upper > mpf("1e-290"):
            row("chi2_sf", x, df, 0, upper)
        lower = gammainc(mpf(df) / 2, 0, mpf(x) / 2, regularized=True) if df < 1e5 else 1 - upper
        if mpf("1e-290") < lower:
            row("chi2_cdf", x, df, 0, lower)
for df in (1, 4, 9, 19, 200):
    for p in (0.005, 0.05, 0.5, 0.95, 0.99, 0.999999):
        top = mpf(df) * 20 + 200
        row("chi2_quantile", p, df, 0, quantile(lambda x: gamma_upper(mpf(df) / 2, x / 2), 1 - mpf(p), 0, top))
for df in (0.7, 1, 2, 3, 10, 30.5, 1000, 1e6):
    for t in (-2.5, 0.0, 1e-4, 0.4, 1.0, 2.0, 8.0):
        row("t_sf", t, df, 0, t_sf(t, df))
for df in (1, 2, 5, 29):
    for p in (0.025, 0.4, 0.9, 0.975, 0.9995):
        row("t_quantile", p, df, 0, quantile(lambda t: t_sf(t, df), 1 - mpf(p), -5000, 5000))
for a, b in ((0.5, 0.5), (1, 3), (2.5, 40), (12, 7), (60, 940), (500, 9500)):
    for x in (0.001, 0.05, 0.3, 0.5, 0.95):
        low, high = beta_cdf(mpf(x), a, b), beta_sf(x, a, b)
        if low > mpf("1e-290"):
            row("beta_cdf", x, a, b, low)
        if high > mpf("1e-290"):
            row("beta_sf", x, a, b, high)
for a, b in ((0.5, 0.5), (2.5, 40), (12, 7)):
    for p in (0.025, 0.5, 0.975):
        row("beta_quantile", p, a, b, quantile(lambda x: beta_sf(x, a, b), 1 - mpf(p), 0, 1))
for a, b in ((1, 10), (4, 25), (100, 60)):
    for x in (0.2, 1.0, 3.5):
        row("f_sf", x, a, b, f_sf(x, a, b))
    for p in (0.05, 0.95):
        row("f_quantile", p, a, b, quantile(lambda x: f_sf(x, a, b), 1 - mpf(p), 0, 1000))
for x in (0.2, 0.5, 0.83, 0.999999, 1.0, 1.3581, 2.5, 8.0):
    row("kolmogorov_sf", x, 0, 0, kolmogorov_sf(x))
for q in (0.5, 0.05, 0.01, 1e-6):
    row("kolmogorov_quantile_upper", q, 0, 0, quantile(kolmogorov_sf, mpf(q), "0.1", 20))
