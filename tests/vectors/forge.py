"""
Makes `refused_signatures.json`: signatures that a careless verifier takes, in the manner of the Wycheproof project.

The keys are those that RFC 7515 and RFC 8037 print, so their private halves are known and wrong signatures can be made
as an attacker would wish them. Run `python -m tests.vectors.forge` after a change; the result does not vary, except for
random salts and nonces.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from segue.tokens import base64url

HERE = Path(__file__).parent
PAYLOAD = b"paid"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
SHA256_INFO_WITHOUT_NULL = bytes.fromhex("302f300b0609608648016503040201" + "0420")
SHA256_INFO_LONG_LENGTH = bytes.fromhex("308131300d060960864801650304020105000420")
SHA1_INFO = bytes.fromhex("3021300906052b0e03021a05000414")
SHA512_INFO = bytes.fromhex("3051300d060960864801650304020305000440")

Case = tuple[str, bytes]


def main() -> None:
    """Write the file beside this one."""
    keys = {
        "rsa": _key("rfc7515", 1),
        "ec": _key("rfc7515", 2),
        "okp": _key("rfc8037", 0),
        "oct": _key("rfc7515", 0),
    }
    groups = [
        _group("RS256", keys["rsa"], _rs256),
        _group("PS256", keys["rsa"], _ps256),
        _group("ES256", keys["ec"], _es256),
        _group("EdDSA", keys["okp"], _eddsa),
        _group("HS256", keys["oct"], _hs256),
    ]
    text = json.dumps({"source": "tests/vectors/forge.py", "groups": groups}, indent=2)
    (HERE / "refused_signatures.json").write_text(text + "\n")


def _group(algorithm: str, jwk: dict[str, str], make: Any) -> dict[str, Any]:
    signing_input = _b64(json.dumps({"alg": algorithm}).encode()) + "." + _b64(PAYLOAD)
    cases = [
        (name, f"{signing_input}.{_b64(signature)}") for name, signature in make(jwk, signing_input.encode())
    ]
    public = {name: jwk[name] for name in ("kty", "crv", "x", "y", "n", "e", "k") if name in jwk}
    return {
        "algorithm": algorithm,
        "jwk": public | {"alg": algorithm},
        "valid": cases[0][1],
        "refused": dict(cases[1:]),
    }


def _rs256(jwk: dict[str, str], data: bytes) -> Iterator[Case]:
    n, e, d = _int(jwk["n"]), _int(jwk["e"]), _int(jwk["d"])
    size = (n.bit_length() + 7) // 8
    digest = hashlib.sha256(data).digest()

    def raw(block: bytes) -> bytes:
        return pow(int.from_bytes(block.rjust(size, b"\0"), "big"), d, n).to_bytes(size, "big")

    def padded(
        tail: bytes, *, start: bytes = b"\0\1", fill: bytes = b"\xff", separator: bytes = b"\0"
    ) -> bytes:
        return start + fill * (size - len(start) - len(separator) - len(tail)) + separator + tail

    good = raw(padded(SHA256_INFO + digest))
    yield "valid", good
    yield "algorithm identifier without NULL", raw(padded(SHA256_INFO_WITHOUT_NULL + digest))
    yield "length in long form", raw(padded(SHA256_INFO_LONG_LENGTH + digest))
    yield "digest without its identifier", raw(padded(digest))
    yield "SHA-1 digest", raw(padded(SHA1_INFO + hashlib.sha1(data).digest()))  # noqa: S324 - that is the point
    yield "SHA-512 digest", raw(padded(SHA512_INFO + hashlib.sha512(data).digest()))
    yield "digest of other data", raw(padded(SHA256_INFO + hashlib.sha256(b"other").digest()))
    short = b"\0\1" + b"\xff" * 8 + b"\0" + SHA256_INFO + digest
    yield "short padding and garbage behind the digest", raw(short.ljust(size, b"\x5a"))
    yield "a byte behind the digest", raw(padded(SHA256_INFO + digest + b"\0"))
    yield "padding not all ones", raw(padded(SHA256_INFO + digest, fill=b"\xfe"))
    yield "block type 0", raw(padded(SHA256_INFO + digest, start=b"\0\0", fill=b"\0"))
    yield "block type 2", raw(padded(SHA256_INFO + digest, start=b"\0\2"))
    yield "no separator", raw(padded(SHA256_INFO + digest, separator=b"\xff"))
    for name, number in {"0": 0, "1": 1, "n - 1": n - 1, "n": n}.items():
        yield f"signature is {name}", number.to_bytes(size, "big")
    yield "n added to the signature", (int.from_bytes(good, "big") + n).to_bytes(size + 1, "big")
    yield "leading zero", b"\0" + good
    yield "trailing zero", good + b"\0"
    yield "last byte missing", good[:-1]
    yield "all bits flipped", bytes(byte ^ 0xFF for byte in good)
    yield "PSS", _rsa_private(n, e, d).sign(data, _pss(hashes.SHA256(), 32), hashes.SHA256())


def _ps256(jwk: dict[str, str], data: bytes) -> Iterator[Case]:
    key = _rsa_private(_int(jwk["n"]), _int(jwk["e"]), _int(jwk["d"]))
    good = key.sign(data, _pss(hashes.SHA256(), 32), hashes.SHA256())
    yield "valid", good
    for salt in (0, 20, 31, 33, 222):
        yield f"salt of {salt} bytes", key.sign(data, _pss(hashes.SHA256(), salt), hashes.SHA256())
    yield "mask made with SHA-1", key.sign(data, _pss(hashes.SHA1(), 32), hashes.SHA256())  # noqa: S303 - likewise
    yield "mask made with SHA-512", key.sign(data, _pss(hashes.SHA512(), 32), hashes.SHA256())
    yield "SHA-384 digest", key.sign(data, _pss(hashes.SHA384(), 32), hashes.SHA384())
    yield "PKCS #1 v1.5", key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    yield "leading zero", b"\0" + good
    yield "last byte missing", good[:-1]


def _es256(jwk: dict[str, str], data: bytes) -> Iterator[Case]:
    key = ec.derive_private_key(_int(jwk["d"]), ec.SECP256R1())
    der = key.sign(data, ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(der)
    yield "valid", _pair(r, s)
    edges = {"0": 0, "1": 1, "n-1": P256_ORDER - 1, "n": P256_ORDER, "p": P256_PRIME, "max": 2**256 - 1}
    for left, first in edges.items():
        for right, second in edges.items():
            yield f"r is {left}, s is {right}", _pair(first, second)
    for name, edge in edges.items():
        yield f"r is {name}", _pair(edge, s)
        yield f"s is {name}", _pair(r, edge)
    yield "r and s changed about", _pair(s, r)
    yield "DER", der
    yield "both a byte wider", _pair(r, s, width=33)
    yield "n added to r, a byte wider", _pair(r + P256_ORDER, s, width=33)
    yield "2 to the power 256 added to both", _pair(r + 2**256, s + 2**256, width=33)
    yield "trailing zero", _pair(r, s) + b"\0"
    yield "leading zero", b"\0" + _pair(r, s)
    yield "zero between r and s", _pair(r, s)[:32] + b"\0" + _pair(r, s)[32:]
    yield "last byte missing", _pair(r, s)[:-1]
    yield "only r", _pair(r, s)[:32]
    yield "zeros at the width of P-384", _pair(r, s, width=48)
    other = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA512())))
    yield "SHA-512 digest", _pair(*other)


def _eddsa(jwk: dict[str, str], data: bytes) -> Iterator[Case]:
    good = Ed25519PrivateKey.from_private_bytes(base64url.decode(jwk["d"].encode())).sign(data)
    s = int.from_bytes(good[32:], "little")
    yield "valid", good
    yield "group order added to S", good[:32] + (s + ED25519_ORDER).to_bytes(32, "little")
    yield "S is the group order", good[:32] + ED25519_ORDER.to_bytes(32, "little")
    yield "S is 0", good[:32] + bytes(32)
    yield "R is the neutral element", b"\1".ljust(32, b"\0") + good[32:]
    yield "all zero", bytes(64)
    yield "all ones", b"\xff" * 64
    yield "S before R", good[32:] + good[:32]
    yield "leading zero", b"\0" + good
    yield "trailing zero", good + b"\0"
    yield "last byte missing", good[:-1]
    yield "width of Ed448", good.ljust(114, b"\0")


def _hs256(jwk: dict[str, str], data: bytes) -> Iterator[Case]:
    secret = base64url.decode(jwk["k"].encode())
    good = hmac.digest(secret, data, "sha256")
    yield "valid", good
    yield "shortened to 128 bits", good[:16]
    yield "first byte only", good[:1]
    yield "trailing zero", good + b"\0"
    yield "SHA-512 shortened", hmac.digest(secret, data, "sha512")[:32]
    yield "plain hash", hashlib.sha256(data).digest()
    yield "hash of secret and data", hashlib.sha256(secret + data).digest()
    yield "empty secret", hmac.digest(b"", data, "sha256")
    yield "zero", bytes(32)


def _key(file: str, position: int) -> dict[str, str]:
    jwk: dict[str, str] = json.loads((HERE / f"{file}.json").read_text())["cases"][position]["jwk"]
    return jwk


def _rsa_private(n: int, e: int, d: int) -> rsa.RSAPrivateKey:
    p, q = rsa.rsa_recover_prime_factors(n, e, d)
    crt = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
    return rsa.RSAPrivateNumbers(p, q, d, *crt, rsa.RSAPublicNumbers(e, n)).private_key()


def _pss(mask: hashes.HashAlgorithm, salt: int) -> padding.PSS:
    return padding.PSS(padding.MGF1(mask), salt)


def _pair(r: int, s: int, *, width: int = 32) -> bytes:
    return r.to_bytes(width, "big") + s.to_bytes(width, "big")


def _int(text: str) -> int:
    return int.from_bytes(base64url.decode(text.encode()), "big")


def _b64(data: bytes) -> str:
    return base64url.encode(data).decode()


if __name__ == "__main__":
    main()
