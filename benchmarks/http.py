"""A protected endpoint over HTTP, in the server's CPU: without a framework and through two (goals 3 and 4)."""

from __future__ import annotations

from benchmarks.load import server
from benchmarks.measuring import added, alternate, times
from benchmarks.reporting import Goal, Report, main

COUNT = 3_000


def measure(report: Report, rounds: int) -> None:
    """Four servers beside one another; one client, 64 connections, nine request headers."""
    with (
        server("bare") as bare,
        server("with_fastapi") as fastapi,
        server("with_starlette") as starlette,
        server("with_supertokens") as supertokens,
    ):
        found = alternate(
            [
                bare.contender("uvicorn, trivial JSON", "/trivial", count=COUNT),
                bare.contender("uvicorn + segue, repeated", "/hot", count=COUNT),
                bare.contender("uvicorn + segue, first sight", "/cold", count=COUNT),
                bare.contender("uvicorn + raw RSA-2048 verify", "/raw", count=COUNT),
                supertokens.contender("FastAPI + supertokens verify_session", "/protected", count=COUNT // 3),
                starlette.contender("Starlette, trivial JSON", "/trivial", count=COUNT),
                starlette.contender("Starlette + segue, repeated", "/hot", count=COUNT),
                starlette.contender("Starlette + segue, first sight", "/cold", count=COUNT),
                fastapi.contender("FastAPI, trivial JSON", "/trivial", count=COUNT),
                fastapi.contender("FastAPI, a dependency that does nothing", "/depends", count=COUNT),
                fastapi.contender("FastAPI + segue, repeated", "/hot", count=COUNT),
                fastapi.contender("FastAPI + segue, first sight", "/cold", count=COUNT),
            ],
            rounds=rounds,
        )
    report.add(found)
    peer, trivial = found["FastAPI + supertokens verify_session"], found["uvicorn, trivial JSON"]
    hot, cold = found["uvicorn + segue, repeated"], found["uvicorn + segue, first sight"]
    report.figures["FastAPI + supertokens: times FastAPI + segue, first sight"] = times(
        peer, found["FastAPI + segue, first sight"]
    )
    report.figures["FastAPI + supertokens: times FastAPI + segue, repeated"] = times(
        peer, found["FastAPI + segue, repeated"]
    )
    report.figures["us that a raw RSA verify adds in this server"] = added(
        found["uvicorn + raw RSA-2048 verify"], trivial
    )
    report.figures["us that FastAPI itself takes for a dependency"] = added(
        found["FastAPI, a dependency that does nothing"], found["FastAPI, trivial JSON"]
    )
    report.goals = [
        Goal(number=3, text="supertokens over segue, first sight", value=times(peer, cold), bar=8),
        Goal(number=3, text="supertokens over segue, repeated", value=times(peer, hot), bar=15),
        Goal(
            number=3,
            text="repeated over the trivial answer",
            value=times(hot, trivial),
            bar=1.25,
            at_least=False,
        ),
    ]
    for framework, base in (
        ("Starlette", "Starlette, trivial JSON"),
        ("FastAPI", "FastAPI, trivial JSON"),
        ("FastAPI beyond a dependency", "FastAPI, a dependency that does nothing"),
    ):
        ours = framework.partition(" ")[0]
        for how, bar in (("first sight", 30), ("repeated", 6)):
            value = added(found[f"{ours} + segue, {how}"], found[base])
            text = f"added to {framework}, {how}"
            report.goals.append(Goal(number=4, text=text, value=value, bar=bar, unit="us", at_least=False))


if __name__ == "__main__":
    main("http", measure)
