#!/usr/bin/env python3
"""Makes the constants of engine/base/dmath*.c and rng_normal.h: minimax polynomials (Remez exchange in
700 bits), split constants, and the table of pow. Needs mpmath; run by hand, prints C hex literals.

A fit `name degree log2(error)` minimises |weight * (f - polynomial)| on its interval; the weight turns the
error of the polynomial into the relative (or absolute) error of the function that uses it."""
import struct

from mpmath import (atan, atanh, cos, expm1, floor, frexp, ldexp, log, log10, log1p, lu_solve, matrix, mp, mpf,
                    nint, nstr, pi, polyval, sin, sqrt, tanh)

mp.prec = 700
TINY = mpf(10) ** -20


def remez(function, low, high, degree, weight):
    """Coefficients, lowest first, and the greatest weighted error."""
    low, high, count = mpf(low), mpf(high), degree + 2
    nodes = [(low + high) / 2 - (high - low) / 2 * cos(pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    for _ in range(12):
        rows, right = matrix(count, count), matrix(count, 1)
        for i, x in enumerate(nodes):
            for j in range(degree + 1):
                rows[i, j] = x ** j
            rows[i, degree + 1] = (-1) ** i / weight(x)
            right[i] = function(x)
        solution = lu_solve(rows, right)
        coefficients = [solution[j] for j in range(degree + 1)]
        grid = [low + (high - low) * i / 400 for i in range(401)]
        error = [weight(x) * (function(x) - polyval(coefficients[::-1], x)) for x in grid]
        peaks = []  # the greatest error of each run of one sign
        for i in range(401):
            if peaks and error[peaks[-1]] * error[i] > 0:
                if abs(error[i]) > abs(error[peaks[-1]]):
                    peaks[-1] = i
            else:
                peaks.append(i)
        while len(peaks) > count:
            peaks.pop(0 if abs(error[peaks[0]]) < abs(error[peaks[-1]]) else -1)
        if len(peaks) < count:
            break
        moved = []
        for i in peaks:
            x = grid[i]
            if 0 < i < 400:  # vertex of the parabola through three points
                curve = error[i - 1] - 2 * error[i] + error[i + 1]
                if curve != 0:
                    x += (high - low) / 400 * (error[i - 1] - error[i + 1]) / (2 * curve)
            moved.append(x)
        done = max(abs(p - q) for p, q in zip(nodes, moved)) < mpf(10) ** -12
        nodes = moved
        if done:
            break
    return coefficients, max(abs(e) for e in error)


def as_double(x):
    return float(x).hex()


def as_float(x):
    return struct.unpack("f", struct.pack("f", float(x)))[0].hex()


def show(name, function, low, high, degree, weight, literal=as_double):
    coefficients, error = remez(function, low, high, degree, weight)
    print(name, degree, nstr(log(error, 2), 4), [literal(c) for c in coefficients])


def split(x, bits):
    """x as a sum of doubles of so many bits, the last one rounded."""
    parts = []
    for count in bits[:-1]:
        size, exponent = frexp(x)
        part = ldexp(floor(size * 2 ** count), exponent - count)
        parts.append(as_double(part))
        x -= part
    return parts + [as_double(x)]


def near_zero(function, limit):
    return lambda x: function(x) if abs(x) > mpf(10) ** -15 else mpf(limit)


def main():
    ln2, root2 = log(mpf(2)), sqrt(mpf(2))
    half = ln2 / 2 * mpf("1.001")
    show("exp", near_zero(lambda x: (expm1(x) - x) / x ** 2, 0.5), -half, half, 10, lambda x: x * x + TINY)
    z_max = ((root2 - 1) / (root2 + 1)) ** 2 * mpf("1.001")
    show("log", near_zero(lambda z: (2 * atanh(sqrt(z)) / sqrt(z) - 2) / z, mpf(2) / 3), 0, z_max, 6,
         lambda z: z + TINY)
    y_max = (pi / 4) ** 2 * mpf("1.001")
    sine = near_zero(lambda y: (sin(sqrt(y)) / sqrt(y) - 1) / y, mpf(-1) / 6)
    show("sin", sine, 0, y_max, 5, lambda y: y + TINY)
    show("cos", lambda y: (cos(sqrt(y)) - 1 + y / 2) / y ** 2 if y > mpf(10) ** -12 else mpf(1) / 24, 0, y_max, 5,
         lambda y: y * y + TINY)
    show("atan", near_zero(lambda y: (1 - atan(sqrt(y)) / sqrt(y)) / y, mpf(1) / 3), 0,
         (mpf(7) / 16) ** 2 * mpf("1.001"), 10, lambda y: y + TINY)
    show("tanh", near_zero(lambda y: (tanh(sqrt(y)) / sqrt(y) - 1) / y, mpf(-1) / 3), 0,
         mpf("0.25") * mpf("1.001"), 9, lambda y: y + TINY)
    show("normal log", near_zero(lambda x: (-2 * log1p(x) + 2 * x - x * x) / x ** 3, mpf(-2) / 3), 1 / root2 - 1,
         root2 - 1, 5, lambda x: abs(x) ** 3 / (2 * abs(log1p(x))) if abs(x) > mpf(10) ** -15 else mpf(10) ** -25,
         as_float)
    show("normal sin", sine, 0, (pi / 4) ** 2, 2, lambda y: y + TINY, as_float)
    show("normal cos", near_zero(lambda y: (cos(sqrt(y)) - 1) / y, -0.5), 0, (pi / 4) ** 2, 2, lambda y: y + TINY,
         as_float)
    print("ln2", split(ln2, [32, 53]), "pi/2", split(pi / 2, [33, 33, 33, 53]), split(pi / 2, [53, 53]))
    print("log2(e)", split(1 / ln2, [53, 53]), "log10(e)", split(1 / log(mpf(10)), [53, 53]))
    print("log10(2)", split(log10(mpf(2)), [32, 53]), "2/pi", as_double(2 / pi))
    for c in ("0.5", "1", "1.5"):
        print("atan", c, split(atan(mpf(c)), [53, 53]))
    mp.prec = 1400
    rest = 2 / pi
    for _ in range(20):
        rest *= mpf(2) ** 64
        print("2/pi word 0x%016x" % int(floor(rest)))
        rest -= floor(rest)
    for i in range(90, 183):
        inverse = nint(mpf(512) * 128 / i) / 512
        value = -log(inverse)
        high = nint(value * mpf(2) ** 42) / mpf(2) ** 42
        print("{%s, %s, %s}," % (as_double(inverse), as_double(high), as_double(value - high)))


if __name__ == "__main__":
    main()
