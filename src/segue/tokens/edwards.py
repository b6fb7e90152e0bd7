"""
Is an Edwards-curve public key a point worth trusting (RFC 8032 §5.1.3, §5.2.3; RFC 8725 §3.4)?

The library looks at the point only when it verifies, and takes points of small order, under which one signature can fit
many messages. House rule: integers in, a verdict out; public keys only, so no care for timing.
"""

from __future__ import annotations

import msgspec


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """a·x² + y² = 1 + d·x²·y² over the integers modulo *prime*; the cofactor is 2 to the power *cofactor_log*."""

    prime: int
    a: int
    d: int
    cofactor_log: int
    width: int

    def is_sound(self, encoded: bytes) -> bool:
        """Tell whether *encoded* is a canonical point of this curve and not one of its few of small order."""
        if len(encoded) != self.width:
            return False
        p = self.prime
        y = int.from_bytes(encoded, "little") & ~(1 << (8 * self.width - 1))  # the top bit is the sign of x
        if y >= p:
            return False
        yy = y * y % p
        xx = (1 - yy) * pow(self.a - self.d * yy, -1, p) % p
        if xx and pow(xx, (p - 1) // 2, p) != 1:
            return False  # no such x
        # Of small order, and only then, the point is (0, ±1) once it was doubled one time fewer than the cofactor has.
        for _ in range(self.cofactor_log - 1):
            xx, yy = self._doubled(xx, yy)
        return xx != 0

    def _doubled(self, xx: int, yy: int) -> tuple[int, int]:
        """Squares of the coordinates of 2·P, from those of P."""
        p = self.prime
        t = self.d * xx * yy % p
        doubled_xx = 4 * xx * yy * pow(1 + t, -2, p) % p
        doubled_yy = (yy - self.a * xx) ** 2 * pow(1 - t, -2, p) % p
        return doubled_xx, doubled_yy


_P25519 = 2**255 - 19
ED25519 = Curve(prime=_P25519, a=-1, d=-121665 * pow(121666, -1, _P25519) % _P25519, cofactor_log=3, width=32)
ED448 = Curve(prime=2**448 - 2**224 - 1, a=1, d=-39081, cofactor_log=2, width=57)
