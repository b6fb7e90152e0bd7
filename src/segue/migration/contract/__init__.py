"""
The suite that every verifier of a previous provider's credentials must pass: ours, and yours.

Inherit it in a test module, say how a credential is verified, and make the credentials that must not pass; needs
nothing but pytest.

    class TestMine(VerifierContract):
        def verify(self, credential: Credential) -> Identity:
            return engine.verify_credential(credential)

        def good(self, subject: str) -> Credential:
            return BearerToken(text=sign_in(subject))
        ...

A method that returns None says that there is no such credential with this provider; each has a reason to be there, so
think before you do. House rule: what is refused is refused as one of ours, for good, and what nobody could learn is
neither: anything else that a verifier raises is a failure here.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(f"{__name__}.verifier")  # before it is imported

from segue.migration.contract.verifier import VerifierContract  # noqa: E402

__all__ = ["VerifierContract"]
